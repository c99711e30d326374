import { formatExport } from '@assay/core/journal/export';
import { verifySignature } from '@assay/lib-sr25519';
import { queue } from '@assay/competition-duel/dist/entrants/queue.js';
import { RuleBook } from '@assay/core/rules/rule-book';
import { statedRecords, type StatedRecord } from '@assay/core/runtime/recorded-rounds';
import { ReplayedJournal } from '@assay/core/runtime/replayed-journal';
import { ForeignRecords, type ForeignJournal } from '@assay/core/runtime/foreign-journal';
import { importHistories } from '@assay/core/runtime/import-state';
import { historyOf } from '@assay/core/runtime/intake/history-record';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { hotkeyOf } from '@assay/core/runtime/round/entry';
import { describe, expect, it } from 'vitest';
import {
  claim,
  intakes,
  loopOf,
  newQueuedSubnet,
  played,
  revisionOf,
  turn,
  waiting,
  type AnyEntrants,
} from './queued-subnet.js';
import type { Subnet } from './subnet.js';

/** The queue has been open for long when the validator begins. */
const LATE = { queue: { opens: 100, tolerance: 50 } };
const OPTIONS = { offline: false, dryRun: false, setWeights: true };

const sources = ({ deps: { state } }: Subnet): string[] =>
  state.journal.records(9, 'history').map((record) => historyOf(record, state.journal).source.kind);

describe('a validator that begins late', () => {
  it('says once what it does not know, judges nothing and sets no weights', async () => {
    const subnet = await newQueuedSubnet(LATE);
    claim(subnet, 3, 'model', 2);
    for (let round = 0; round < 3; round += 1) await turn(subnet);
    expect(played(subnet)).toEqual([]);
    expect(subnet.deps.state.journal.head('claim')).toBeUndefined();
    const [warning, ...more] = subnet.told('warning').map(({ error }) => error);
    expect(more).toEqual([]);
    expect(warning).toMatchObject({ code: 'HISTORY_UNKNOWN', fault: 'config' });
    expect(warning?.message).toMatch(/one.*which hotkeys and models have had their evaluation since block 100/);
    const weights = new WeightSetting({ hotkey: subnet.hotkey, ...OPTIONS }, subnet.deps);
    expect(weights.incomplete()?.code).toBe('HISTORY_UNKNOWN');
    expect(await weights.trySet(subnet.signal)).toBe(false);
  });

  it('is not late within the tolerance, and stays there for ever', async () => {
    const subnet = await newQueuedSubnet({ queue: { opens: 4990, tolerance: 50 } });
    await turn(subnet);
    expect(sources(subnet)).toEqual(['start']);
    subnet.network.advance(1000);
    claim(subnet, 3, 'model', 2);
    await turn(subnet);
    expect([played(subnet), subnet.told('warning')]).toEqual([[[3]], []]);
  });

  it('goes by what its operator has written, which is on record', async () => {
    const subnet = await newQueuedSubnet(LATE);
    const entrants = { hotkeys: [subnet.neuron(3).hotkey], digests: [] };
    subnet.deps.operator = { deny: [], history: { one: { entrants } } };
    claim(subnet, 3, 'used-up', 2);
    claim(subnet, 4, 'new', 1);
    await turn(subnet);
    expect([played(subnet), sources(subnet)]).toEqual([[[4]], ['config']]);
    // What has begun is not begun again.
    subnet.deps.operator = { deny: [], history: { one: { entrants: { hotkeys: [], digests: [] } } } };
    await turn(subnet);
    expect(sources(subnet)).toEqual(['config']);
  });

  it.each<[form: string, written: (commit: string) => string]>([
    ['as a reference has it', (commit) => commit],
    ['as a claim of the hub has it', (commit) => `hf:${commit}`],
    ['in upper case', (commit) => commit.toUpperCase()],
  ])('knows a digest that was submitted, written %s', async (_form, written) => {
    const subnet = await newQueuedSubnet(LATE);
    claim(subnet, 3, 'copied', 2);
    const entrants = { hotkeys: [], digests: [written(revisionOf('copied', 2))] };
    subnet.deps.operator = { deny: [], history: { one: { entrants } } };
    await turn(subnet);
    expect([played(subnet), intakes(subnet)]).toEqual([[], [[3, 'DIGEST_SUBMITTED_BEFORE']]]);
  });

  it('takes the digest of an image with and without its name', () => {
    const { given } = queue.bind(queue.parameters.parse({})).intake ?? {};
    const image = 'ab'.repeat(32);
    for (const digest of [image, `sha256:${image}`, `SHA256:${image.toUpperCase()}`])
      expect(given?.schema.parse({ hotkeys: [], digests: [digest] })).toEqual([`digest sha256:${image}`]);
  });

  it.each([
    [{ hotkeys: ['5F...'], digests: [] }, /hotkeys.0.*no address/],
    [{ hotkeys: [], digests: ['ab'] }, /digests.0.*neither a commit/],
    [{ hotkeys: [], digests: [`sha256:${'a'.repeat(40)}`] }, /digests.0/],
    [{ hotkeys: [], digests: [`hf:${'a'.repeat(64)}`] }, /digests.0/],
  ])('refuses %j, which stands for nobody', async (entrants, message) => {
    const subnet = await newQueuedSubnet(LATE);
    subnet.deps.operator = { deny: [], history: { one: { entrants } } };
    await expect(loopOf(subnet).pass(subnet.signal)).rejects.toMatchObject({
      code: 'HISTORY_INVALID',
      message: expect.stringMatching(message) as string,
    });
  });

  it('names the member of the config that no rule reads', async () => {
    const subnet = await newQueuedSubnet(LATE);
    subnet.deps.operator = { deny: [], history: { one: { entrants: { hotkeys: 'all' } } } };
    await expect(loopOf(subnet).pass(subnet.signal)).rejects.toMatchObject({
      code: 'HISTORY_INVALID',
      message: expect.stringMatching(/history\.one\.entrants/) as string,
    });
  });
});

const book = new RuleBook([{ name: 'test', provides: { entrantsRules: [queue as AnyEntrants] } }]);

/** The records of a validator, each as its export. */
const exported = ({ deps: { state } }: Subnet): string[] =>
  [...state.journal.chain()].map((record) => formatExport(record, hotkeyOf(record.entry), state.journal));

async function read(lines: readonly string[], rules = book): Promise<ForeignJournal> {
  const records = new ForeignRecords({ netuid: 9 }, { rules, verify: verifySignature });
  for (const line of lines) await records.add(line);
  return records.result();
}

/** A validator that was there from the start, with a king, a loser and one that waits. */
async function early(): Promise<Subnet> {
  const subnet = await newQueuedSubnet({ queue: { opens: 4990, tolerance: 50 } });
  claim(subnet, 3, 'king', 2);
  claim(subnet, 4, 'loser', 3);
  await turn(subnet);
  claim(subnet, 5, 'waits', 1);
  await subnet.deps.view.refresh(subnet.signal);
  await loopOf(subnet).pass(subnet.signal);
  return subnet;
}

const asHistories = ({ competitions, records, head, unchecked }: ForeignJournal) =>
  competitions.map(({ id, name, ...states }) => ({
    ...{ competition: { id, name }, ...states },
    source: { kind: 'journal' as const, records, head, unchecked },
  }));

describe('the exported journal of another validator', () => {
  it('is checked and taken over: the late one goes on where the other is', async () => {
    const [one, late] = [await early(), await newQueuedSubnet({ queue: { opens: 4990, tolerance: 50 } })];
    for (const [uid, name, loss] of [
      [3, 'king', 2],
      [4, 'loser', 3],
      [5, 'waits', 1],
    ] as const)
      claim(late, uid, name, loss);
    late.network.advance(5000);
    const found = await read(exported(one));
    expect(found).toMatchObject({ hotkeys: [one.hotkey], rounds: 2, competitions: [{ id: 1, name: 'one' }] });
    expect(found.unchecked).toEqual(['The losses are those that the other validator has computed.']);
    await importHistories(late.deps, 10_000, asHistories(found));
    expect(late.deps.state.standing(1)).toEqual(one.deps.state.standing(1));
    expect(late.deps.state.entrants(1)).toEqual(one.deps.state.entrants(1));
    expect(waiting(late)).toEqual([5]);
    claim(late, 3, 'again', 0.5);
    await turn(late);
    expect(played(late)).toEqual([[5]]);
    await importHistories(late.deps, 10_000, asHistories(found)).then(
      () => expect.unreachable(),
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'STATE_NOT_EMPTY' });
      },
    );
  });

  it('is finished by a second import from the same file after a kill', async () => {
    const late = await newQueuedSubnet(LATE);
    const histories = asHistories(await read(exported(await early())));
    await importHistories(late.deps, 10_000, histories);
    await importHistories(late.deps, 10_000, histories);
    expect(sources(late)).toEqual(['journal']);
  });

  it.each([
    ['a claim that is missing', (lines: string[]) => lines.toSpliced(1, 1), 'FOREIGN_JOURNAL_INCOMPLETE'],
    ['records in another order', (lines: string[]) => lines.toReversed(), 'FOREIGN_JOURNAL'],
    ['the same record twice', (lines: string[]) => [...lines, lines.at(-1) ?? ''], 'FOREIGN_JOURNAL'],
    [
      'a changed byte',
      (lines: string[]) => lines.map((line) => line.replace('"block":50', '"block":51')),
      'JOURNAL_EXPORT_TAMPERED',
    ],
    ['no JSON', () => ['{'], 'JOURNAL_EXPORT_MALFORMED'],
  ])('is refused with %s', async (_what, change, code) => {
    await expect(read(change(exported(await early())))).rejects.toMatchObject({ code });
  });

  it('is refused with a standing that its rule can not read', async () => {
    const other = await newQueuedSubnet(LATE);
    const histories = asHistories(await read(exported(await early())));
    const damaged = histories.map((one) => ({
      ...one,
      standing: one.standing && { ...one.standing, state: { no: 1 } },
    }));
    await importHistories(other.deps, 10_000, damaged);
    await expect(read(exported(other))).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
  });

  it('is refused where a round goes on from a standing that the round before it did not leave', async () => {
    const { journal } = (await early()).deps.state;
    const records = [...statedRecords(journal)];
    const differences = (all: readonly StatedRecord[]): string[] => {
      const replayed = new ReplayedJournal(book);
      replayed.checksStates = true;
      return all.flatMap((record) => replayed.add(record));
    };
    expect(differences(records)).toEqual([]);
    const usurped = records.map((record) => {
      if (record.type !== 'round' || !record.round.entry.standingBefore) return record;
      const standingBefore = { ...record.round.entry.standingBefore, state: { reigns: [] } };
      return { ...record, round: { ...record.round, entry: { ...record.round.entry, standingBefore } } };
    });
    expect(differences(usurped)).toEqual(['the round before it leaves another standing']);
  });

  it('of another subnet is refused', async () => {
    const records = new ForeignRecords({ netuid: 8 }, { rules: book, verify: verifySignature });
    const [first = ''] = exported(await early());
    await expect(records.add(first)).rejects.toMatchObject({ code: 'FOREIGN_JOURNAL' });
  });

  it('says which records are missing where the claims do not need them, and what rules are not installed', async () => {
    const lines = exported(await early());
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    // The newest record is a claim that no round has settled; a round before it may be left out.
    const found = await read(lines.toSpliced(types.indexOf('round'), 1));
    expect(found.unchecked.join('\n')).toMatch(/Records are missing at \d+ to \d+ of the chain/);
    await expect(read(lines, new RuleBook([]))).rejects.toMatchObject({ code: 'RULE_UNKNOWN' });
  });
});
