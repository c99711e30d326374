import { ClaimRetry } from '@assay/core/runtime/claim-retry';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { importState, type ImportedState } from '@assay/core/runtime/import-state';
import { lookAgainOnce } from '@assay/core/runtime/look-again-once';
import { MetagraphSync } from '@assay/core/runtime/metagraph-sync';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { beforeEach, describe, expect, it } from 'vitest';
import { averageOf, newSubnet, type Subnet, weightsOf } from './subnet.js';

const MINUTE = 60_000;
const WON = { block: 4900, score: 2, winnerBlock: 100, winnerScore: 2 };
const LOST = { block: 4900, score: 9, winnerBlock: 100, winnerScore: 2 };

let subnet: Subnet;
let loop: EvaluationLoop;
let retry: ClaimRetry;

const textOf = (uid: number): { commitment: string; block: number } => {
  const { hotkey } = subnet.neuron(uid);
  const found = subnet.network.snapshot().commitments.find((one) => one.hotkey === hotkey);
  if (!found) throw new Error(`uid ${uid} has no claim`);
  return { commitment: found.data, block: found.block };
};

/** A state in which 3 holds most and is kept, 4 waits, and 5 has lost. */
function otherState(): ImportedState {
  const [three, four, five] = [3, 4, 5].map((uid) => subnet.neuron(uid).hotkey);
  if (three === undefined || four === undefined || five === undefined) throw new Error('no miners');
  const hotkeys = ['', '', '', three, four];
  return {
    standings: new Map([[1, averageOf([0, 0, 0, 0.75, 0.25], hotkeys)]]),
    claims: [
      { hotkey: three, ...textOf(3), kept: [1], pending: [] },
      { hotkey: four, ...textOf(4), kept: [], pending: [1] },
      { hotkey: five, ...textOf(5), kept: [], pending: [] },
    ],
    history: [
      { competition: 1, hotkey: three, results: [WON] },
      { competition: 1, hotkey: five, results: [LOST, LOST, LOST, LOST] },
    ],
  };
}

const check = async (uid: number, force = false): Promise<void> => {
  await subnet.deps.view.refresh(subnet.signal);
  await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, force, subnet.signal);
};
const checked = (): number[] => subnet.told('model-checked').map(({ uid }) => uid);

beforeEach(async () => {
  subnet = await newSubnet();
  loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
  retry = new ClaimRetry(subnet.deps, subnet.check);
  subnet.commit(3, 'three', 2);
  subnet.commit(4, 'four', 3);
  subnet.commit(5, 'five', 9);
  await subnet.deps.view.refresh(subnet.signal);
  await importState(subnet.deps.state, otherState());
  await lookAgainOnce(subnet.deps);
});

describe('an imported state', () => {
  it('gives weights before any round', async () => {
    const options = { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true };
    expect(await new WeightSetting(options, subnet.deps).trySet(subnet.signal)).toBe(true);
    const own = [...subnet.network.snapshot().weights].find(([uid]) => uid === 0)?.[1];
    expect(own).toEqual([
      [3, 65_535],
      [4, 21_845],
    ]);
  });

  it('lets no round begin before its kept and waiting models were looked at, and goes on from it then', async () => {
    subnet.commit(6, 'six', 1);
    await check(6);
    await subnet.clock.run(loop, 30 * MINUTE);
    expect(subnet.told('round-started')).toEqual([]);
    await subnet.clock.run(retry, 2 * MINUTE);
    expect(checked().toSorted()).toEqual([3, 4, 6]);
    const [three] = otherState().claims;
    expect(subnet.deps.state.contenders(1)).toEqual({
      pending: [subnet.neuron(6).hotkey, subnet.neuron(4).hotkey],
      kept: [three?.hotkey],
    });
    await loop.pass(subnet.signal);
    // 6 is the best: half of what was imported, and half of the round.
    const weights = weightsOf(subnet.deps.state.standing(1));
    expect(weights[3]).toBeCloseTo(0.375, 6);
    expect(weights[6]).toBeCloseTo(0.5, 3);
    expect(subnet.deps.state.history(1, three?.hotkey ?? '')).toMatchObject([WON, { score: 2 }]);
  });

  it('voids a round whose kept model can not be had, instead of leaving it out', async () => {
    const real = subnet.deps.store.list.bind(subnet.deps.store);
    subnet.deps.store.list = (reference, signal) =>
      reference.name === 'three' ? Promise.reject(new Error('the disk is gone')) : real(reference, signal);
    await subnet.clock.run(retry, 2 * MINUTE);
    await subnet.clock.run(loop, 5 * MINUTE);
    expect(subnet.told('round-finished').map(({ void: reason }) => reason?.code)).toEqual(['CLAIMS_UNKNOWN']);
    expect(weightsOf(subnet.deps.state.standing(1))[3]).toBe(0.75);
  });

  it('does not fetch what has lost, until it is forced or its miner commits again', async () => {
    const { hotkey } = subnet.neuron(5);
    await check(5);
    expect(checked()).toEqual([]);
    expect(subnet.deps.state.history(1, hotkey)).toEqual([LOST, LOST, LOST]);
    await check(5, true);
    expect(checked()).toEqual([5]);
    expect(subnet.deps.state.history(1, hotkey)).toEqual([LOST, LOST, LOST]);
    subnet.commit(5, 'five-again', 1);
    await check(5);
    expect(checked()).toEqual([5, 5]);
    expect(subnet.deps.state.history(1, hotkey)).toEqual([]);
  });

  it('is forgotten with the hotkey that it is about', async () => {
    const claims = otherState().claims.map((claim) => ({ ...claim, hotkey: `${claim.hotkey}x` }));
    await importState(subnet.deps.state, { ...otherState(), claims });
    expect(subnet.deps.state.importedClaims()).toHaveLength(3);
    await new MetagraphSync({ hotkey: subnet.hotkey, offline: false }, subnet.deps).sync(subnet.signal);
    expect(subnet.deps.state.importedClaims()).toEqual([]);
  });

  it('is replaced by another import before there are records, and refused afterwards', async () => {
    await importState(subnet.deps.state, { standings: new Map(), claims: [], history: [] });
    expect(subnet.deps.state.standing(1)).toBeUndefined();
    expect(subnet.deps.state.histories()).toEqual([]);
    expect(subnet.deps.state.importedClaims()).toEqual([]);
    await check(3);
    await expect(importState(subnet.deps.state, otherState())).rejects.toMatchObject({ code: 'STATE_NOT_EMPTY' });
    expect(subnet.deps.state.standing(1)).toBeUndefined();
  });
});
