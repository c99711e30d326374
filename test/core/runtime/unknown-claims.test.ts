import type { ModelStore } from '@assay/core/contracts/model-store';
import { AssayError } from '@assay/core/errors/assay-error';
import { storeErrors } from '@assay/core/model/errors';
import { ClaimRetry } from '@assay/core/runtime/claim-retry';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { lookAgainOnce } from '@assay/core/runtime/look-again-once';
import { ModelSync } from '@assay/core/runtime/model-sync';
import { warnOfShortRoom } from '@assay/core/runtime/room-check';
import type { RoundEntry } from '@assay/core/runtime/round/entry-shape';
import { replayed, wholeRound } from '../../recorded-round.js';
import { UNKNOWN_BLOCKS, UNKNOWN_TRIES } from '@assay/core/runtime/unknown-claims';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { beforeEach, describe, expect, it } from 'vitest';
import { canaryIn } from './canary.js';
import { CADENCES, COMPETITION, newSubnet, type Subnet, weightsOf } from './subnet.js';

const MINUTE = 60_000;

let subnet: Subnet;
let loop: EvaluationLoop;
/** Errors of the source, by the name of a repo. */
let trouble: Map<string, AssayError>;
let lists: string[];
let free: number | undefined;

const full = storeErrors.STORE_FULL({ directory: '/full', needed: 2, free: 1 });
const reset = new AssayError({
  code: 'CONNECTION_RESET',
  message: 'reset',
  hint: 'Wait.',
  fault: 'network',
  retry: 'backoff',
  payload: {},
});

/** The real store behind a source that fails where it is told to. */
const troubled = (real: ModelStore): ModelStore => ({
  description: real.description,
  list: (reference, signal) => {
    lists.push(reference.name);
    const error = trouble.get(reference.name);
    return error ? Promise.reject(error) : real.list(reference, signal);
  },
  read: real.read.bind(real),
  fetch: real.fetch.bind(real),
  stored: real.stored.bind(real),
  discard: real.discard.bind(real),
  usage: async () => ({ ...(await real.usage()), ...(free === undefined ? {} : { freeBytes: free }) }),
  lease: real.lease.bind(real),
  keep: real.keep.bind(real),
  prune: real.prune.bind(real),
  close: real.close.bind(real),
});

async function look(...uids: number[]): Promise<void> {
  await subnet.deps.view.refresh(subnet.signal);
  for (const uid of uids)
    await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
}

const voids = (): (string | undefined)[] => subnet.told('round-finished').map(({ void: reason }) => reason?.code);
const alarms = (): string[] => subnet.told('warning').map(({ error }) => error.code);
const entry = (number: number): RoundEntry => {
  const { journal } = subnet.deps.state;
  expect(replayed(journal, number, subnet.deps.rules).differences).toEqual([]);
  return wholeRound(journal, number);
};
const setting = (): WeightSetting =>
  new WeightSetting({ hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true }, subnet.deps);

async function begin(change: Parameters<typeof newSubnet>[0] = {}): Promise<void> {
  trouble = new Map();
  lists = [];
  free = undefined;
  subnet = await newSubnet({ store: troubled, ...change });
  loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
  subnet.commit(3, 'three', 2);
  subnet.commit(4, 'four', 3);
}

beforeEach(async () => {
  await begin();
});

describe('a claim that this machine could not look at', () => {
  it('voids the round before anything is evaluated, on record and with one alarm, until it was looked at', async () => {
    trouble.set('three', full);
    await look(3, 4);
    await subnet.clock.run(loop, 30 * MINUTE);
    expect(voids()).toEqual(['CLAIMS_UNKNOWN']);
    expect(subnet.evaluator.evaluated).toEqual([]);
    expect(alarms()).toEqual(['CLAIMS_UNKNOWN']);
    const { uid, hotkey } = subnet.neuron(3);
    expect(entry(1)).toMatchObject({ unknown: [{ uid, hotkey, code: 'STORE_FULL' }], contenders: [] });
    expect(subnet.deps.state.standing(1)).toBeUndefined();
    expect(await setting().trySet(subnet.signal)).toBe(false);
    trouble.clear();
    await look(3);
    await subnet.clock.run(loop, MINUTE);
    expect(voids().at(-1)).toBeUndefined();
    expect(weightsOf(subnet.deps.state.standing(1))[3]).toBeGreaterThan(0.99);
    expect(entry(2).unknown).toBeUndefined();
  });

  it('keeps the standing that there is, and the next sync block raises no second alarm', async () => {
    await look(4);
    await loop.pass(subnet.signal);
    const standing = subnet.deps.state.standing(1);
    trouble.set('three', full);
    await look(3);
    for (let rounds = 0; rounds < 3; rounds += 1) {
      subnet.network.advance(100);
      await loop.pass(subnet.signal);
    }
    expect(voids()).toEqual([undefined, ...Array<string>(3).fill('CLAIMS_UNKNOWN')]);
    expect(subnet.deps.state.standing(1)).toEqual(standing);
    expect(alarms()).toEqual(['CLAIMS_UNKNOWN']);
    expect(await setting().trySet(subnet.signal)).toBe(true);
  });

  it('is no reason for anything once it is replaced, refused or gone', async () => {
    trouble.set('three', full);
    await look(3, 4);
    subnet.commit(3, 'other', 4, 'wrong');
    await look(3);
    await loop.pass(subnet.signal);
    expect(voids()).toEqual([undefined]);
    expect(subnet.deps.state.unknownClaims()).toEqual([]);
  });

  it('is looked at again soon, also while the backlog is full', async () => {
    trouble.set('three', full);
    await look(3, 4);
    trouble.clear();
    await subnet.clock.run(new ClaimRetry(subnet.deps, subnet.check), CADENCES.modelSyncBacklogPoll + 1);
    expect(subnet.deps.state.model(subnet.neuron(3).hotkey)?.facts).not.toBeNull();
    expect(subnet.deps.state.unknownClaims()).toEqual([]);
  });
});

describe('a claim that nobody could ever look at', () => {
  async function tryAgain(times: number, blocks: number): Promise<void> {
    for (let tries = 0; tries < times; tries += 1) {
      subnet.network.advance(Math.ceil(blocks / times));
      await look(3);
    }
  }

  it('holds up the others for so many tries and blocks, where the source answers for others', async () => {
    await look(4);
    trouble.set('three', reset);
    await look(3);
    await loop.pass(subnet.signal);
    await tryAgain(UNKNOWN_TRIES, UNKNOWN_BLOCKS / 2);
    await loop.pass(subnet.signal);
    await tryAgain(1, UNKNOWN_BLOCKS / 2);
    await loop.pass(subnet.signal);
    expect(voids()).toEqual(['CLAIMS_UNKNOWN', 'CLAIMS_UNKNOWN', undefined]);
  });

  it('gains no time by another commitment', async () => {
    await look(4);
    trouble.set('three', reset);
    trouble.set('next', reset);
    await tryAgain(UNKNOWN_TRIES - 1, 2 * UNKNOWN_BLOCKS);
    subnet.commit(3, 'next', 1);
    await tryAgain(1, 1);
    await loop.pass(subnet.signal);
    expect(voids()).toEqual([undefined]);
  });

  it.each([
    ['the disk is full', full, []],
    ['the source answers for nobody', reset, ['four']],
  ])('holds them up for as long as %s', async (_why, error, alsoBroken) => {
    await look(4);
    for (const name of ['three', ...alsoBroken]) trouble.set(name, error);
    await tryAgain(3 * UNKNOWN_TRIES, 3 * UNKNOWN_BLOCKS);
    await loop.pass(subnet.signal);
    expect(voids()).toEqual(['CLAIMS_UNKNOWN']);
  });
});

describe('a contender that this machine could not score', () => {
  const killed = new AssayError({
    code: 'EVALUATOR_CRASHED',
    message: 'killed',
    hint: 'Look.',
    fault: 'validator',
    retry: 'next-round',
    payload: { exit: 'signal SIGKILL' },
  });

  beforeEach(async () => {
    const canary = canaryIn(subnet.folder);
    subnet.evaluator.canary = () => Promise.resolve(canary);
  });

  it('voids the first round, and no weights are set until it was scored', async () => {
    await look(3, 4);
    subnet.evaluator.during = (name) => (name === 'three' ? Promise.reject(killed) : Promise.resolve());
    await loop.pass(subnet.signal);
    expect(voids()).toEqual(['CLAIMS_UNKNOWN']);
    expect(entry(1)).toMatchObject({ unknown: [{ uid: 3, code: 'EVALUATOR_CRASHED' }] });
    expect(await setting().trySet(subnet.signal)).toBe(false);
    subnet.evaluator.during = () => Promise.resolve();
    await loop.pass(subnet.signal);
    expect(voids()).toEqual(['CLAIMS_UNKNOWN', undefined]);
    expect(subnet.deps.state.unknownClaims()).toEqual([]);
    expect(await setting().trySet(subnet.signal)).toBe(true);
  });

  it('voids a later round only where the machine is evidently at fault', async () => {
    await look(4);
    await loop.pass(subnet.signal);
    subnet.commit(3, 'three', 2);
    await look(3);
    const broken = new AssayError({ ...killed.toReport(), payload: { exit: 'signal SIGSEGV' } });
    let error = broken;
    // Nobody is there to vouch for the machine: the other one fails as soon as it is asked again.
    let asked = 0;
    subnet.evaluator.during = (name) => {
      if (name === 'four') asked += 1;
      return name === 'three' || (name === 'four' && asked > 1) ? Promise.reject(error) : Promise.resolve();
    };
    subnet.network.advance(100);
    await loop.pass(subnet.signal);
    expect(voids().at(-1)).toBeUndefined();
    [error, asked] = [killed, 0];
    subnet.network.advance(100);
    await loop.pass(subnet.signal);
    expect(voids().at(-1)).toBe('CLAIMS_UNKNOWN');
  });
});

describe('two competitions', () => {
  it('set no weights while one of them is without a standing for lack of knowledge', async () => {
    await begin({ competitions: [COMPETITION, { ...COMPETITION, id: 2, name: 'two' }] });
    const { commitments } = subnet.network.snapshot();
    subnet.network.setCommitment(
      4,
      (commitments.find(({ data }) => data.includes(':four:'))?.data ?? '').replace(/:1$/, ':2'),
    );
    trouble.set('four', full);
    await look(3, 4);
    await loop.pass(subnet.signal);
    expect(
      subnet.told('round-finished').map(({ competition, void: reason }) => [competition.id, reason?.code]),
    ).toEqual([
      [1, undefined],
      [2, 'CLAIMS_UNKNOWN'],
    ]);
    expect(await setting().trySet(subnet.signal)).toBe(false);
    expect(subnet.told('weights-failed')[0]?.error).toMatchObject({ code: 'STANDING_INCOMPLETE', fault: 'validator' });
    trouble.clear();
    await look(4);
    await loop.pass(subnet.signal);
    expect(await setting().trySet(subnet.signal)).toBe(true);
  });
});

describe('a fresh validator', () => {
  it('judges nobody before it has looked at everybody', async () => {
    await subnet.deps.view.refresh(subnet.signal);
    const sync = new ModelSync({ updatedModelsLimit: 10, startUid: () => 4 }, subnet.deps, subnet.check);
    const isReady = (): boolean => sync.hasLookedAtAll;
    loop = new EvaluationLoop({ hotkey: subnet.hotkey, isReady }, subnet.deps, subnet.check);
    await look(4);
    await subnet.clock.run(loop, 10 * MINUTE);
    expect(voids()).toEqual([]);
    await sync.pass(subnet.signal);
    await subnet.clock.run(loop, 10 * MINUTE);
    expect(subnet.told('round-started')[0]?.contenders).toHaveLength(2);
    expect(voids()[0]).toBeUndefined();
  });

  it('does not count a look during which the chain did not answer', async () => {
    await subnet.deps.view.refresh(subnet.signal);
    const sync = new ModelSync({ updatedModelsLimit: 10, startUid: () => 3 }, subnet.deps, subnet.check);
    const head = subnet.deps.chain.head.bind(subnet.deps.chain);
    let asked = 0;
    subnet.deps.chain.head = (signal) => {
      asked += 1;
      return asked === 4 ? Promise.reject(reset) : head(signal);
    };
    await sync.pass(subnet.signal);
    expect(sync.hasLookedAtAll).toBe(false);
    await sync.pass(subnet.signal);
    expect(sync.hasLookedAtAll).toBe(true);
  });

  it('does not wait for claims whose turn the backlog keeps from coming', async () => {
    await subnet.deps.view.refresh(subnet.signal);
    const sync = new ModelSync({ updatedModelsLimit: 1, startUid: () => 3 }, subnet.deps, subnet.check);
    await subnet.clock.run(sync, 5 * MINUTE);
    expect(sync.hasLookedAtAll).toBe(true);
    expect(subnet.deps.state.model(subnet.neuron(4).hotkey)).toBeUndefined();
  });
});

describe('a journal of a version that did not verify stored files', () => {
  it('has every claim looked at and judged once more, and only once', async () => {
    await look(3, 4);
    await loop.pass(subnet.signal);
    const [three, four] = [3, 4].map((uid) => subnet.neuron(uid).hotkey);
    const { state } = subnet.deps;
    subnet.commit(4, 'five', 1, 'wrong');
    await look(4);
    expect(state.model(four ?? '')?.error).not.toBeNull();
    await lookAgainOnce(subnet.deps);
    expect([state.model(four ?? ''), state.history(1, three ?? '')]).toEqual([undefined, []]);
    await look(4);
    await lookAgainOnce(subnet.deps);
    expect(state.model(four ?? '')?.error).not.toBeNull();
  });
});

describe('the room for models', () => {
  it('is compared with what the repos list, before anything is fetched', async () => {
    await subnet.deps.view.refresh(subnet.signal);
    free = 40;
    await warnOfShortRoom(subnet.deps, subnet.signal);
    expect(alarms()).toEqual(['STORE_SHORT']);
    expect(subnet.told('warning')[0]?.error.payload).toEqual({ models: 2, needed: 46, free: 40 });
    free = 46;
    await warnOfShortRoom(subnet.deps, subnet.signal);
    expect(alarms()).toHaveLength(1);
  });

  it('does not count what is stored, nor what cannot be listed', async () => {
    await look(3);
    trouble.set('four', reset);
    free = 0;
    await warnOfShortRoom(subnet.deps, subnet.signal);
    expect(alarms()).toEqual([]);
  });
});
