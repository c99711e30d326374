import type { ChainSnapshot, SubmissionFate } from '@assay/core/contracts/chain-client';
import { asBlockNumber } from '@assay/core/contracts/brands';
import { joinEntry } from '@assay/core/journal/stored-entry';
import { submissionEntry, type SubmissionOutcome } from '@assay/core/runtime/submission-entry';
import { put } from '@assay/core/runtime/derived-rows';
import { describe, expect, it } from 'vitest';
import {
  blockAt,
  failure,
  MINUTE,
  newScript,
  reopened,
  scriptedSubnet,
  settingOf,
  unreachable,
} from './scripted-weights.js';
import { shortenWeightsDeadline, type Subnet } from './subnet.js';

const outcomes = ({ deps: { state } }: Subnet): SubmissionOutcome[] =>
  state.journal
    .records(99, 'submission')
    .reverse()
    .map(({ entry }) => submissionEntry.parse(joinEntry(entry, state.journal).entry).outcome);

const is = (fate: SubmissionFate) => (): Promise<SubmissionFate> => Promise.resolve(fate);
const reveal = { block: asBlockNumber(99_000), by: 'chain' } as const;
const refusal = failure('chain', 'IncorrectWeightVersionKey');
/** A block below the head of the network. */
const subnetBlock = 1;

type Case = [
  fate: SubmissionFate,
  sentAgain: boolean,
  outcome: object,
  told: { status: string; block: number | null },
  commits: number,
];

const cases: Case[] = [
  [{ status: 'lost' }, true, { status: 'not-landed' }, { status: 'lost', block: null }, 0],
  [
    { status: 'refused', at: blockAt(5001), error: refusal },
    true,
    { status: 'refused', error: { code: 'IncorrectWeightVersionKey' } },
    { status: 'refused', block: 5001 },
    0,
  ],
  [{ status: 'set', at: blockAt(5001) }, false, { status: 'landed', block: 5001 }, { status: 'set', block: 5001 }, 0],
  [
    { status: 'committed', at: blockAt(5001), reveal },
    false,
    { status: 'committed', block: 5001, blockHash: blockAt(5001).hash, revealBlock: 99_000 },
    { status: 'committed', block: 5001 },
    1,
  ],
];

describe('a submission whose answer was lost', () => {
  it.each(cases)('is settled by its fate, after a crash too: %j', async (fate, sentAgain, outcome, told, commits) => {
    for (const isKilled of [false, true]) {
      const script = newScript();
      const subnet = await scriptedSubnet(script);
      expect(await settingOf(subnet).trySet(subnet.signal)).toBe(false);
      expect(subnet.deps.state.weightsIntent()).toMatchObject({ ticket: 0, uids: [3, 4] });
      if (isKilled) await reopened(subnet);
      script.fate = is(fate);
      script.send = () => Promise.resolve({ at: blockAt(5002), mode: 'set' });
      subnet.clock.ms += 1000;
      await subnet.clock.run(settingOf(subnet), MINUTE);
      expect(script.submitted).toHaveLength(sentAgain ? 2 : 1);
      expect(subnet.deps.state.weightsIntent()).toBeUndefined();
      expect(outcomes(subnet)).toMatchObject(sentAgain ? [outcome, { status: 'set', block: 5002 }] : [outcome]);
      expect(subnet.told('weights-settled')).toMatchObject([told]);
      expect(subnet.deps.state.weightCommits()).toHaveLength(commits);
      expect(subnet.deps.state.weightsSet()?.block).toBe(sentAgain ? 5002 : 5001);
    }
  });

  it('keeps everything else from being sent while a block may still hold it, and is reported once', async () => {
    const script = newScript({ fate: is({ status: 'open', lastBlock: asBlockNumber(5064) }) });
    const subnet = await scriptedSubnet(script);
    await subnet.clock.run(settingOf(subnet), 30 * MINUTE);
    expect(script.submitted).toHaveLength(1);
    expect(subnet.told('weights-open')).toEqual([{ event: 'weights-open', lastBlock: 5064 }]);
    // Each poll of a minute asks once.
    expect(script.asked).toHaveLength(30);
    script.fate = is({ status: 'lost' });
    script.send = () => Promise.resolve({ at: blockAt(5070), mode: 'set' });
    await subnet.clock.run(settingOf(subnet), 3 * MINUTE);
    expect(script.submitted).toHaveLength(2);
  });

  it('keeps everything else from being sent while the chain cannot be asked', async () => {
    const script = newScript();
    const subnet = await scriptedSubnet(script);
    await subnet.clock.run(settingOf(subnet), 30 * MINUTE);
    expect(script.submitted).toHaveLength(1);
    expect(subnet.deps.state.weightsIntent()).toBeDefined();
    expect(subnet.told('warning').map(({ error }) => error.code)).toEqual(Array(30).fill('CHAIN_UNREACHABLE'));
  });

  it('keeps the newest ticket', async () => {
    const script = newScript();
    const subnet = await scriptedSubnet(script);
    const { chain, state } = subnet.deps;
    chain.setWeights = async (_submission, _signal, keep) => {
      await keep('first');
      await keep('second');
      throw unreachable;
    };
    await settingOf(subnet).trySet(subnet.signal);
    expect(state.weightsIntent()?.ticket).toBe('second');
  });

  it.each([
    ['set', () => Promise.resolve({ at: blockAt(5001), mode: 'set' } as const)],
    ['refused', () => Promise.reject(refusal)],
  ])('is over once it is %s, whatever order the members of its ticket have', async (status, answer) => {
    const subnet = await scriptedSubnet(newScript());
    const { chain, state } = subnet.deps;
    chain.setWeights = async (_submission, _signal, keep) => {
      await keep({ nonce: 7, hash: '0x01', facts: { owner: 'b', block: 1 } });
      return answer();
    };
    await settingOf(subnet).trySet(subnet.signal);
    expect(state.weightsIntent()).toBeUndefined();
    expect(outcomes(subnet)).toMatchObject([{ status }]);
  });

  it('of a client that goes on after its deadline is not kept, so that nothing is sent', async () => {
    const subnet = await scriptedSubnet(newScript());
    shortenWeightsDeadline(subnet);
    let kept: Promise<void> | undefined;
    subnet.deps.chain.setWeights = (_submission, _signal, keep) =>
      new Promise((_resolve, reject) => {
        setTimeout(() => {
          kept = keep('late');
          kept.catch(reject);
        }, 1100);
      });
    await settingOf(subnet).trySet(subnet.signal);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await expect(kept).rejects.toMatchObject({ code: 'ABORTED' });
    expect(subnet.deps.state.weightsIntent()).toBeUndefined();
  });
});

describe('what another hotkey has sent from the same data folder', () => {
  it('is not asked for, and keeps no weights back', async () => {
    const script = newScript();
    const subnet = await scriptedSubnet(script);
    await settingOf(subnet).trySet(subnet.signal);
    const { hotkey } = subnet.neuron(1);
    await settingOf(subnet, { hotkey }).follow(subnet.signal);
    expect(script.asked).toEqual([]);
    expect(subnet.deps.state.weightsIntent()).toBeUndefined();
  });

  it('is followed to its reveal once that hotkey is back', async () => {
    const at = blockAt(subnetBlock);
    const due = { block: at.number, by: 'chain' } as const;
    const script = newScript({ send: () => Promise.resolve({ at, mode: 'committed', reveal: due }) });
    const subnet = await scriptedSubnet(script);
    await settingOf(subnet).trySet(subnet.signal);
    script.fate = is({ status: 'revealed', at, revealedAt: at });
    await settingOf(subnet, { hotkey: subnet.neuron(1).hotkey }).follow(subnet.signal);
    expect(script.asked).toEqual([]);
    await settingOf(subnet).follow(subnet.signal);
    expect(script.asked).toEqual(['fate']);
    expect(subnet.told('weights-revealed')).toHaveLength(1);
  });
});

describe('an intent without a ticket, of a version that knew none', () => {
  const row = [
    [3, 65_535],
    [4, 21_845],
    [6, 0],
  ] as const;
  it.each([
    ['the row is as it was sent, and newer', 5001, row, false],
    ['the row is as it was sent, and not newer', 5000, row, true],
    ['the row is another', 5001, row.slice(1), true],
  ])('is settled by the row of the chain: %s', async (_what, lastUpdate, held, sentAgain) => {
    const script = newScript({ send: () => Promise.resolve({ at: blockAt(5002), mode: 'set' }) });
    const subnet = await scriptedSubnet(script);
    const intent = { block: 5000, lastUpdate: 5000, uids: [3, 4], weights: [65_535, 21_845], round: 0 };
    await subnet.deps.state.write(put.weightsIntent(intent));
    script.seen = (snapshot): ChainSnapshot => ({
      ...snapshot,
      neurons: snapshot.neurons.map((one) => (one.uid === 0 ? { ...one, lastUpdate: asBlockNumber(lastUpdate) } : one)),
      weights: new Map([...snapshot.weights, [subnet.neuron(0).uid, held]]),
    });
    await subnet.clock.run(settingOf(subnet), MINUTE);
    expect(script.submitted).toHaveLength(sentAgain ? 1 : 0);
    expect(script.asked).toEqual([]);
  });
});

describe('a uid that has another owner when the weights are signed', () => {
  const changed = failure('chain', 'HOTKEYS_CHANGED');

  it('has the weights planned again at once, from a fresh snapshot', async () => {
    const script = newScript();
    const subnet = await scriptedSubnet(script);
    const real = subnet.deps.chain.setWeights.bind(subnet.deps.chain);
    let refusals = 2;
    subnet.deps.chain.setWeights = async (submission, signal, keep) => {
      if (refusals-- === 0) return real(submission, signal, keep);
      script.submitted.push(submission);
      if (refusals === 1) await subnet.network.registerNeuron({ derivation: '//newcomer' }, 3);
      throw changed;
    };
    script.send = () => Promise.resolve({ at: blockAt(5003), mode: 'set' });
    expect(await settingOf(subnet).trySet(subnet.signal)).toBe(true);
    expect(script.submitted.map(({ uids }) => uids)).toEqual([[3, 4], [4], [4]]);
    expect(script.submitted.map(({ hotkeys }) => hotkeys.length)).toEqual([2, 1, 1]);
    expect(outcomes(subnet)).toMatchObject([{ status: 'set' }]);
    expect(subnet.told('weights-failed')).toEqual([]);
  });

  it('is a failure after three plans, and nothing is on record', async () => {
    const script = newScript();
    const subnet = await scriptedSubnet(script);
    subnet.deps.chain.setWeights = (submission) => {
      script.submitted.push(submission);
      return Promise.reject(changed);
    };
    expect(await settingOf(subnet).trySet(subnet.signal)).toBe(false);
    expect(script.submitted).toHaveLength(3);
    expect(subnet.told('weights-failed').map(({ error }) => error.code)).toEqual(['HOTKEYS_CHANGED']);
    expect(outcomes(subnet)).toEqual([]);
    expect(subnet.deps.state.weightsIntent()).toBeUndefined();
  });

  it('does not send in place of a ticket that is kept and may still land', async () => {
    const script = newScript({ fate: is({ status: 'open', lastBlock: asBlockNumber(5064) }) });
    const subnet = await scriptedSubnet(script);
    script.send = () => Promise.reject(changed);
    expect(await settingOf(subnet).trySet(subnet.signal)).toBe(false);
    expect(script.submitted).toHaveLength(1);
    expect(subnet.deps.state.weightsIntent()?.ticket).toBe(0);
  });
});
