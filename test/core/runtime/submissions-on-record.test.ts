import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ChainClient } from '@assay/core/contracts/chain-client';
import { AssayError } from '@assay/core/errors/assay-error';
import { RuleBook } from '@assay/core/rules/rule-book';
import { submissionOf } from '@assay/core/rules/submission';
import { joinEntry } from '@assay/core/journal/stored-entry';
import { replaySubmission, submissionEntry, type SubmissionEntry } from '@assay/core/runtime/submission-entry';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import { put } from '@assay/core/runtime/derived-rows';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { openJournal } from '@assay/plugin-libsql-journal';
import Database from 'libsql';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageOf, newSubnet, shortenWeightsDeadline, type Subnet } from './subnet.js';

const BOOK = new RuleBook();

type SetWeights = ChainClient['setWeights'];

/** A subnet in which uid 3 holds three quarters and uid 4 the rest; `instead` stands for the way to the chain. */
async function setUp(instead: (real: SetWeights) => SetWeights = (real) => real): Promise<Subnet> {
  const subnet = await newSubnet({
    chain: (real) => {
      const setWeights = instead(real.setWeights.bind(real));
      return new Proxy(real, {
        get: (target, name) => {
          const member: unknown = name === 'setWeights' ? setWeights : Reflect.get(target, name, target);
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      });
    },
  });
  const hotkeys = subnet.deps.view.current.neurons.map(({ hotkey }) => hotkey);
  await subnet.deps.state.write(put.standing(1, averageOf([0, 0, 0, 0.75, 0.25, 0, 0], hotkeys)));
  return subnet;
}

const setting = ({ hotkey, deps }: Subnet): WeightSetting =>
  new WeightSetting({ hotkey, offline: false, dryRun: false, setWeights: true }, deps);

const submissions = ({ deps: { state } }: Subnet): SubmissionEntry[] =>
  state.journal
    .records(99, 'submission')
    .reverse()
    .map(({ entry }) => submissionEntry.parse(joinEntry(entry, state.journal).entry));

const failure = (fault: 'chain' | 'network'): AssayError =>
  new AssayError({ code: 'Failed', message: 'x', hint: 'y', fault, retry: 'backoff', payload: {} });

describe('a submission', () => {
  it('is on record with what it came from and what became of it, and is computed again from there', async () => {
    const subnet = await setUp();
    expect(await setting(subnet).trySet(subnet.signal)).toBe(true);
    const [one, ...others] = submissions(subnet);
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      netuid: 9,
      hotkey: subnet.hotkey,
      round: 0,
      schedule: [{ id: 1, share: 1 }],
      standings: { 1: { by: { rule: 'softmax-average' }, state: { weights: [0, 0, 0, 0.75, 0.25, 0, 0] } } },
      merge: [{ rule: 'by-share' }],
      shares: [0, 0, 0, 0.75, 0.25, 0, 0],
      uids: [3, 4],
      weights: [65_535, 21_845],
      outcome: { status: 'set', block: subnet.neuron(0).lastUpdate },
    });
    expect(one?.seats).toEqual(subnet.deps.view.current.neurons.map(({ uid, hotkey }) => ({ uid, hotkey })));
    const { journal } = subnet.deps.state;
    const entry = journal.head('submission')?.entry ?? null;
    expect(replaySubmission(entry, journal, BOOK)).toMatchObject({ agrees: true, differences: [], missing: [] });
  });

  it.each([
    ['weights', { weights: [65_535, 21_846] }, false],
    ['the owners', { seats: [{ uid: 3, hotkey: 'somebody else' }] }, false],
    ['the schedule', { schedule: [{ id: 2, share: 1 }] }, false],
    ['nothing', {}, true],
  ])('with %s changed replays as it should', async (_what, change, agrees) => {
    const subnet = await setUp();
    await setting(subnet).trySet(subnet.signal);
    const { journal } = subnet.deps.state;
    const { entry } = joinEntry(journal.head('submission')?.entry ?? null, journal);
    expect(replaySubmission({ ...(entry as object), ...change }, journal, BOOK).agrees).toBe(agrees);
  });

  it('that lacks a part cannot be computed again', async () => {
    const subnet = await setUp();
    await setting(subnet).trySet(subnet.signal);
    const database = new Database(join(subnet.folder, 'data', 'journal.db'));
    database.exec('DELETE FROM parts');
    database.close();
    const { journal } = subnet.deps.state;
    expect(() => replaySubmission(journal.head('submission')?.entry ?? null, journal, BOOK)).toThrow(
      expect.objectContaining({ code: 'JOURNAL_PART_MISSING' }),
    );
  });

  it('by a rule that is not installed names the rule', async () => {
    const subnet = await setUp();
    await setting(subnet).trySet(subnet.signal);
    const { journal } = subnet.deps.state;
    const { entry } = joinEntry(journal.head('submission')?.entry ?? null, journal);
    const merge = [{ rule: 'of-a-stranger', version: 1, parameters: {} }];
    expect(() => replaySubmission({ ...(entry as object), merge }, journal, BOOK)).toThrow(
      expect.objectContaining({ code: 'RULE_UNKNOWN' }),
    );
  });

  it('that the chain refuses is on record each time, and leaves no intent', async () => {
    const subnet = await setUp(() => () => Promise.reject(failure('chain')));
    for (const expected of [1, 2]) {
      expect(await setting(subnet).trySet(subnet.signal)).toBe(false);
      subnet.clock.ms += 120_000;
      expect(submissions(subnet)).toHaveLength(expected);
    }
    expect(submissions(subnet)[0]?.outcome).toMatchObject({ status: 'refused', error: { code: 'Failed' } });
    expect(subnet.deps.state.weightsIntent()).toBeUndefined();
  });

  it.each([
    ['landed', true],
    ['not-landed', false],
  ])('whose outcome a crash has hidden is recorded as %s, once', async (status, lands) => {
    const subnet = await setUp((real) => async (submission, signal, keep) => {
      if (lands) await real(submission, signal, keep);
      else await keep({ id: randomUUID(), lastBlock: 0 });
      throw failure('network');
    });
    expect(await setting(subnet).trySet(subnet.signal)).toBe(false);
    expect(submissions(subnet)).toEqual([]);
    await subnet.deps.state.journal.close();
    subnet.deps.state = new ValidatorState(openJournal({ folder: join(subnet.folder, 'data'), mode: 'write' }));
    await setting(subnet).settleIntent(subnet.signal);
    await setting(subnet).settleIntent(subnet.signal);
    expect(submissions(subnet).map(({ outcome }) => outcome.status)).toEqual([status]);
    const { journal } = subnet.deps.state;
    expect(replaySubmission(journal.head('submission')?.entry ?? null, journal, BOOK).agrees).toBe(true);
  });

  it('whose answer comes after it was settled is on record once', async () => {
    let answer: () => void = () => undefined;
    const subnet = await setUp((real) => async (submission, signal, keep) => {
      const receipt = await real(submission, signal, keep);
      await new Promise<void>((resolve) => (answer = resolve));
      return receipt;
    });
    shortenWeightsDeadline(subnet);
    const late = setting(subnet);
    expect(await late.trySet(subnet.signal)).toBe(false);
    await setting(subnet).settleIntent(subnet.signal);
    answer();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(submissions(subnet).map(({ outcome }) => outcome.status)).toEqual(['landed']);
  });

  it('of an intent of version 0.1 is settled without a record', async () => {
    const subnet = await setUp();
    await subnet.deps.state.write(
      put.weightsIntent({ block: 1, lastUpdate: 0, uids: [3], weights: [65_535], round: 1 }),
    );
    await setting(subnet).settleIntent(subnet.signal);
    expect(submissions(subnet)).toEqual([]);
    expect(subnet.deps.state.weightsIntent()).toBeUndefined();
  });
});

describe('submissionOf', () => {
  /** Four of them hand out no more than everything. */
  const weight = fc.oneof(fc.constant(0), fc.float({ min: Math.fround(1e-6), max: Math.fround(0.25), noNaN: true }));
  const standing = fc.array(weight, { minLength: 4, maxLength: 4 });
  const merge = [BOOK.bind('mergeRules', { rule: 'by-share' }).record];
  const seatsOf = (hotkeys: readonly string[]) => hotkeys.map((hotkey, uid) => ({ uid, hotkey }));
  const common = { schedule: [{ id: 1, share: 1 }], merge, ownerHotkey: null, minAllowedWeights: 0 };

  it('gives nothing to a uid that another hotkey has now, and everything to the others', () => {
    fc.assert(
      fc.property(standing, fc.nat(3), (weights, left) => {
        const hotkeys = ['a', 'b', 'c', 'd'];
        const seats = seatsOf(hotkeys.map((hotkey, uid) => (uid === left ? 'new' : hotkey)));
        const { shares, uids } = submissionOf(
          { ...common, seats, standings: { 1: averageOf(weights, hotkeys) } },
          BOOK,
        );
        expect(shares[left]).toBe(0);
        expect(uids).not.toContain(left);
        const rest = weights.some((value, uid) => uid !== left && value > 0);
        expect(shares.some((share) => share > 0)).toBe(rest);
      }),
    );
  });

  it('is empty when nobody has earned anything', () => {
    expect(submissionOf({ ...common, seats: seatsOf(['a']), standings: {} }, BOOK)).toMatchObject({
      shares: [0],
      uids: [],
      weights: [],
    });
  });
});
