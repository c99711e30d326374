import { setTimeout as delay } from 'node:timers/promises';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { MetagraphSync } from '@assay/core/runtime/metagraph-sync';
import { readStanding } from '@assay/core/rules/read-standing';
import { put } from '@assay/core/runtime/derived-rows';
import { assertChain } from '@assay/core/journal/verify-chain';
import { AssayError } from '@assay/core/errors/assay-error';
import { beforeEach, describe, expect, it } from 'vitest';
import { replayed, wholeRound } from '../../recorded-round.js';
import { COMPETITION, newSubnet, NOTE, type Subnet, weightsOf } from './subnet.js';

let subnet: Subnet;
let loop: EvaluationLoop;

async function look(...uids: number[]): Promise<void> {
  await subnet.deps.view.refresh(subnet.signal);
  for (const uid of uids)
    await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
}

const hotkeysOf = (...uids: number[]): string[] => uids.map((uid) => subnet.neuron(uid).hotkey);
const lists = (): { pending: string[]; kept: string[] } => subnet.deps.state.contenders(1);

beforeEach(async () => {
  subnet = await newSubnet();
  loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
  subnet.commit(3, 'three', 2);
  subnet.commit(4, 'four', 3);
  subnet.commit(5, 'five', 4);
  await look(3, 4, 5);
});

describe('a round', () => {
  it('judges whoever waits, keeps the best and records what it rests on', async () => {
    await loop.pass(subnet.signal);
    expect(subnet.told('round-finished').map(({ rows: table }) => table.map(({ uid, score }) => [uid, score]))).toEqual(
      [
        [
          [3, 2],
          [4, 3],
          [5, 4],
        ],
      ],
    );
    expect(lists()).toEqual({ pending: [], kept: hotkeysOf(3, 4) });
    const record = subnet.deps.state.journal.record(1);
    expect(replayed(subnet.deps.state.journal, 1)).toMatchObject({ agrees: true, differences: [], missing: [] });
    expect(record?.signature).toMatch(/^0x[0-9a-f]{128}$/);
    expect(assertChain(subnet.deps.state.journal).counts).toEqual({ round: 1, claim: 3, submission: 0, history: 0 });
  });

  it('tells and records what the inspector notes of a model', async () => {
    await loop.pass(subnet.signal);
    expect(subnet.told('evaluation-finished').map(({ uid, notes }) => [uid, notes])).toEqual([
      [3, undefined],
      [4, undefined],
      [5, [NOTE]],
    ]);
    const { journal } = subnet.deps.state;
    expect(wholeRound(journal, 1).contenders.map(({ notes }) => notes)).toEqual([undefined, undefined, [NOTE]]);
    expect(replayed(journal, 1)).toMatchObject({ agrees: true, differences: [] });
  });

  it('is not judged again until something has changed', async () => {
    await subnet.clock.run(loop, 3_600_000);
    // The second round has fewer contenders; the third would equal it.
    expect(subnet.told('round-finished').map(({ rows: table }) => table.length)).toEqual([3, 2]);
    subnet.network.advance(100);
    await subnet.clock.run(loop, 3_600_000);
    expect(subnet.told('round-finished')).toHaveLength(3);
  });

  it('tells how long each model took, and what it was scored with', async () => {
    await loop.pass(subnet.signal);
    expect(subnet.told('evaluation-finished').map(({ timings }) => timings)).toEqual([
      { loadMs: 0, computeMs: 0 },
      { loadMs: 0, computeMs: 0 },
      { loadMs: 0, computeMs: 0 },
    ]);
    expect(subnet.told('round-finished')[0]?.numerics).toMatchObject({ runtime: 'none' });
  });

  it('evaluates equal models once', async () => {
    subnet.commit(6, 'copy', 2);
    await look(6);
    await loop.pass(subnet.signal);
    expect(subnet.evaluator.evaluated.sort()).toEqual(['five', 'four', 'three']);
    expect(subnet.told('round-finished')[0]?.rows.find(({ uid }) => uid === 6)).toMatchObject({
      score: 2,
      sameAs: 3,
      winRate: null,
    });
  });

  it('goes on after a crash where it stopped: what was evaluated is not evaluated again', async () => {
    const stop = new AbortController();
    subnet.evaluator.during = (name) => {
      if (name === 'five') stop.abort();
      return name === 'five' ? Promise.reject(new DOMException('gone', 'AbortError')) : Promise.resolve();
    };
    await expect(loop.pass(stop.signal)).rejects.toBeDefined();
    expect(subnet.deps.state.journal.head()).toBeUndefined();
    subnet.evaluator.during = () => Promise.resolve();
    await loop.pass(subnet.signal);
    expect(subnet.evaluator.evaluated).toEqual(['three', 'four', 'five', 'five']);
    expect(subnet.told('round-finished')).toHaveLength(1);
  });
});

describe('a miner who commits anew while the round runs', () => {
  /** What happens in the middle of the evaluation of this model. */
  const meanwhile = (name: string, work: () => Promise<void>): void => {
    subnet.evaluator.during = async (current) => {
      if (current === name) await work();
    };
  };

  it('is judged in the next one, whatever the old model earned', async () => {
    meanwhile('five', async () => {
      subnet.commit(5, 'five-new', 1);
      await look(5);
    });
    await loop.pass(subnet.signal);
    expect(lists()).toEqual({ pending: hotkeysOf(5), kept: hotkeysOf(3, 4) });
    expect(subnet.deps.state.history(1, hotkeysOf(5)[0] ?? '')).toEqual([]);
    await loop.pass(subnet.signal);
    expect(subnet.told('round-finished')[1]?.rows.find(({ uid }) => uid === 5)).toMatchObject({ score: 1, winRate: 1 });
  });

  it('also when the old model would have been kept', async () => {
    await loop.pass(subnet.signal);
    expect(lists().kept).toEqual(hotkeysOf(3, 4));
    subnet.network.advance(100);
    meanwhile('four', async () => {
      subnet.commit(3, 'three-new', 1.5);
      await look(3);
    });
    await loop.pass(subnet.signal);
    expect(lists()).toEqual({ pending: hotkeysOf(3), kept: hotkeysOf(4) });
    await loop.pass(subnet.signal);
    expect(
      subnet
        .told('round-finished')
        .at(-1)
        ?.rows.find(({ uid }) => uid === 3),
    ).toMatchObject({ score: 1.5 });
  });

  it('something that is refused is off the lists', async () => {
    meanwhile('five', async () => {
      subnet.commit(3, 'three-new', 1, 'wrong');
      await look(3);
    });
    await loop.pass(subnet.signal);
    expect(lists()).toEqual({ pending: [], kept: hotkeysOf(4) });
  });

  it('and one who is found while the round is signed is not forgotten', async () => {
    subnet.commit(6, 'six', 5);
    const identity = await subnet.deps.chain.identity();
    let looking = Promise.resolve();
    subnet.deps.chain.identity = () =>
      Promise.resolve({
        ...identity,
        sign: async (message) => {
          looking = look(6);
          // Long enough for the check to come to the lists; it can't be awaited here, for its write comes after this one.
          await delay(200);
          return (await identity.sign?.(message)) ?? new Uint8Array();
        },
      });
    await loop.pass(subnet.signal);
    await looking;
    expect(lists()).toEqual({ pending: hotkeysOf(6), kept: hotkeysOf(3, 4) });
  });
});

describe('blame', () => {
  const crash = new AssayError({
    code: 'EVALUATOR_CRASHED',
    message: 'gone',
    hint: 'look',
    fault: 'validator',
    retry: 'next-round',
    payload: {},
  });
  const crashOn = (name: string): void => {
    subnet.evaluator.during = (current) => (current === name ? Promise.reject(crash) : Promise.resolve());
  };

  it('a newcomer that could not be scored waits, and the others are judged', async () => {
    crashOn('five');
    await loop.pass(subnet.signal);
    const [round] = subnet.told('round-finished');
    expect(round?.void).toBeNull();
    expect(round?.rows.find(({ uid }) => uid === 5)).toMatchObject({ score: null, error: { fault: 'validator' } });
    expect(lists().pending).toEqual(hotkeysOf(5));
    expect(subnet.deps.state.history(1, hotkeysOf(5)[0] ?? '')).toEqual([]);
  });

  it('an incumbent that could not be scored voids the round; nothing moves', async () => {
    await loop.pass(subnet.signal);
    const [standing, before] = [subnet.deps.state.standing(1), lists()];
    subnet.network.advance(100);
    crashOn('three');
    await loop.pass(subnet.signal);
    expect(subnet.told('round-finished')[1]?.void).toMatchObject({ code: 'INCUMBENT_NOT_SCORED' });
    expect([subnet.deps.state.standing(1), lists()]).toEqual([standing, before]);
    expect(wholeRound(subnet.deps.state.journal, 2).contenders).toHaveLength(2);
  });

  it('a round void for it is tried again on the same samples, and counts when all is well', async () => {
    await loop.pass(subnet.signal);
    subnet.network.advance(100);
    crashOn('three');
    await loop.pass(subnet.signal);
    // The void round is not what the next one is compared with.
    expect(subnet.deps.state.lastRound(1)?.number).toBe(1);
    subnet.evaluator.during = () => Promise.resolve();
    await new EvaluationLoop({ hotkey: subnet.hotkey, rounds: 1 }, subnet.deps, subnet.check).run(subnet.signal);
    const [, second, third] = [1, 2, 3].map((number) => wholeRound(subnet.deps.state.journal, number));
    expect(third?.syncBlock).toBe(second?.syncBlock);
    expect(subnet.told('round-finished')[2]?.void).toBeNull();
    expect(subnet.deps.state.lastRound(1)?.number).toBe(3);
  });

  it("is remembered when it is the miner's, and costs the weight", async () => {
    await loop.pass(subnet.signal);
    subnet.network.advance(100);
    const fault = new AssayError({ ...crash.toReport(), code: 'NON_FINITE_LOSS', fault: 'miner', retry: 'never' });
    subnet.evaluator.during = (name) => (name === 'three' ? Promise.reject(fault) : Promise.resolve());
    await loop.pass(subnet.signal);
    const row = subnet.told('round-finished')[1]?.rows.find(({ uid }) => uid === 3);
    expect(row).toMatchObject({ score: null, values: { stepWeight: 0 }, error: { fault: 'miner' } });
    expect(row?.share).toBeCloseTo(0.5, 5);
    expect(lists()).toEqual({ pending: [], kept: hotkeysOf(4) });
  });
});

describe('a uid that changes hands', () => {
  it('leaves its weight behind, in the round and in what is kept', async () => {
    await loop.pass(subnet.signal);
    expect(weightsOf(subnet.deps.state.standing(1))[3]).toBeGreaterThan(0.99);
    await subnet.network.registerNeuron({ derivation: '//newcomer' }, 3);
    await new MetagraphSync({ hotkey: subnet.hotkey, offline: false }, subnet.deps).sync(subnet.signal);
    expect(lists().kept).toEqual(hotkeysOf(4));
    subnet.commit(3, 'newcomer', 3.5);
    await look(3);
    await loop.pass(subnet.signal);
    const entry = wholeRound(subnet.deps.state.journal, 2);
    const seats = entry.seats;
    const before = entry.standingBefore && readStanding(subnet.deps.rules, entry.standingBefore, seats);
    expect(before?.shares[3]).toBe(0);
    expect(weightsOf(subnet.deps.state.standing(1))[3]).toBeLessThan(1e-6);
  });
});

describe('two competitions', () => {
  it('a miner who moves from one to the other is judged where it is now', async () => {
    subnet = await newSubnet({ competitions: [COMPETITION, { ...COMPETITION, id: 2, name: 'two' }] });
    subnet.commit(3, 'three', 2);
    await look(3);
    await subnet.deps.state.write(put.contenders(1, { pending: [], kept: hotkeysOf(3) }));
    const { commitments } = subnet.network.snapshot();
    subnet.network.setCommitment(3, (commitments[0]?.data ?? '').replace(/:1$/, ':2'));
    await look(3);
    expect([subnet.deps.state.contenders(1), subnet.deps.state.contenders(2)]).toEqual([
      { pending: [], kept: [] },
      { pending: hotkeysOf(3), kept: [] },
    ]);
  });
});

it('records no path of a tokenizer that lies in a folder', async () => {
  const path = '/home/operator/tokenizer';
  const competition = { ...COMPETITION, tokenizer: { kind: 'folder' as const, path } };
  const other = await newSubnet({ competitions: [competition] });
  const runtime = other.deps.competitions.at(1, 5000);
  if (runtime) Object.assign(runtime.tokenizer, { name: path, digest: 'abc' });
  other.commit(3, 'three', 2);
  await other.deps.view.refresh(other.signal);
  await other.check.check(other.neuron(3), other.network.head().number, false, other.signal);
  await new EvaluationLoop({ hotkey: other.hotkey }, other.deps, other.check).pass(other.signal);
  const { journal } = other.deps.state;
  const entry = wholeRound(journal, 1);
  expect(JSON.stringify([...journal.chain(), entry])).not.toContain(path);
  expect(entry.tokenizer).toEqual({ name: 'folder', digest: 'abc' });
  expect(entry.competition.tokenizer).toEqual({ kind: 'folder', path: 'sha256:abc' });
  expect(replayed(journal, 1).agrees).toBe(true);
});
