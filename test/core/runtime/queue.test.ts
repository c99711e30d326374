import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { storeErrors } from '@assay/core/model/errors';
import type { ModelReference } from '@assay/core/contracts/model';
import type { ModelStore } from '@assay/core/contracts/model-store';
import { ClaimRetry } from '@assay/core/runtime/claim-retry';
import { MetagraphSync } from '@assay/core/runtime/metagraph-sync';
import { ModelSync } from '@assay/core/runtime/model-sync';
import { takeAllIn, takeClaimsIn } from '@assay/core/runtime/intake/take-in';
import { describe, expect, it } from 'vitest';
import { asBlockNumber, asHotkey, asUid } from '@assay/core/contracts/brands';
import {
  entryOf,
  revisionOf,
  claim,
  claims,
  intakes,
  loopOf,
  newQueuedSubnet,
  played,
  queued,
  restart,
  reveal,
  turn,
  waiting,
} from './queued-subnet.js';

const unreachable = (repo: string) => storeErrors.SOURCE_UNREACHABLE({ what: repo, reason: 'of the test' });

/** A store that can't be reached for some repos. */
const storeWithout =
  (names: Set<string>) =>
  (real: ModelStore): ModelStore =>
    new Proxy(real, {
      get: (target, key) => {
        if (key === 'list')
          return (reference: ModelReference, signal: AbortSignal) =>
            names.has(reference.name) ? Promise.reject(unreachable(reference.name)) : target.list(reference, signal);
        const member: unknown = Reflect.get(target, key);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });

describe('a queue', () => {
  it('lets challengers play in order of their claims, each once', async () => {
    const subnet = await newQueuedSubnet();
    claim(subnet, 5, 'first', 3);
    claim(subnet, 3, 'second', 2);
    claim(subnet, 4, 'third', 1);
    await turn(subnet);
    expect(played(subnet)).toEqual([[5]]);
    claim(subnet, 5, 'again', 0.5);
    await turn(subnet);
    await turn(subnet);
    await turn(subnet);
    expect(played(subnet)).toEqual([[5], [3], [4]]);
    expect(waiting(subnet)).toEqual([]);
    expect(intakes(subnet)).toEqual([
      [5, 'queued'],
      [3, 'queued'],
      [4, 'queued'],
    ]);
  });

  it('looks at the claim that was taken in, whatever its hotkey claims later', async () => {
    const subnet = await newQueuedSubnet();
    claim(subnet, 3, 'waits', 2);
    await subnet.deps.view.refresh(subnet.signal);
    await loopOf(subnet).pass(subnet.signal);
    claim(subnet, 3, 'later', 1);
    await turn(subnet);
    expect(subnet.told('round-finished').map(({ rows }) => rows[0]?.repo)).toEqual(['miner/waits']);
  });

  it('fetches the first models ahead of their turn, and no other', async () => {
    const subnet = await newQueuedSubnet({ queue: { ahead: 2 } });
    for (const uid of [3, 4, 5, 6]) claim(subnet, uid, `model-${uid}`, uid);
    await subnet.deps.view.refresh(subnet.signal);
    await loopOf(subnet).pass(subnet.signal);
    const sync = new ModelSync({ updatedModelsLimit: 1, startUid: () => 0 }, subnet.deps, subnet.check);
    await sync.pass(subnet.signal);
    expect(subnet.deps.state.models().map(({ hotkey }) => hotkey)).toEqual(
      [3, 4].map((uid) => subnet.neuron(uid).hotkey).sort(),
    );
    expect(sync.hasLookedAtAll).toBe(true);
    await loopOf(subnet).pass(subnet.signal);
    await new ClaimRetry(subnet.deps, subnet.check).pass(subnet.signal);
    expect(subnet.told('model-checked').map(({ uid }) => uid)).toEqual([3, 4, 5]);
  });

  it('waits for the first one whose model can not be fetched, with one alarm, and says when that is over', async () => {
    const down = new Set(['lost']);
    const subnet = await newQueuedSubnet({ store: storeWithout(down) });
    claim(subnet, 3, 'lost', 2);
    claim(subnet, 4, 'next', 1);
    for (let round = 0; round < 3; round += 1) await turn(subnet);
    subnet.network.advance(10_000);
    for (let round = 0; round < 12; round += 1) await turn(subnet);
    expect(played(subnet)).toEqual([]);
    const warnings = (): string[] => subnet.told('warning').map(({ error }) => error.code);
    expect(warnings()).toEqual(['QUEUE_BLOCKED']);
    expect(subnet.told('warning')[0]?.error.payload).toMatchObject({ uid: 3, code: 'SOURCE_UNREACHABLE' });
    down.clear();
    await turn(subnet);
    await turn(subnet);
    expect(played(subnet)).toEqual([[3], [4]]);
    expect([warnings(), subnet.told('queue-unblocked').length]).toEqual([['QUEUE_BLOCKED'], 1]);
  });

  it('lets one leave whose model is refused by its miner’s fault, and goes on', async () => {
    const subnet = await newQueuedSubnet();
    claim(subnet, 3, 'wrong', 2, 'wrong');
    claim(subnet, 4, 'right', 1);
    await turn(subnet);
    await turn(subnet);
    expect(played(subnet)).toEqual([[4]]);
    expect(intakes(subnet)).toEqual([
      [3, 'queued'],
      [4, 'queued'],
      [3, 'left'],
    ]);
    // It had its one evaluation.
    claim(subnet, 3, 'better', 0.5);
    await turn(subnet);
    expect(played(subnet)).toEqual([[4]]);
  });

  it('waits for a missing repo as long as its grace lasts, without an alarm', async () => {
    const subnet = await newQueuedSubnet();
    subnet.deps.profile = { ...subnet.deps.profile, missingGrace: 50 };
    claim(subnet, 3, 'nowhere', 2);
    rmSync(join(subnet.folder, 'repos', 'miner', 'nowhere'), { recursive: true });
    claim(subnet, 4, 'next', 1);
    await turn(subnet);
    await turn(subnet);
    expect([played(subnet), subnet.told('warning')]).toEqual([[], []]);
    expect(subnet.deps.state.missingClaims()).toHaveLength(1);
    subnet.network.advance(60);
    await turn(subnet);
    await turn(subnet);
    expect(played(subnet)).toEqual([[4]]);
    expect(intakes(subnet).at(-1)).toEqual([3, 'left']);
  });

  it('lets one leave whose hotkey has left the subnet, also while its model is scored', async () => {
    const subnet = await newQueuedSubnet();
    claim(subnet, 3, 'gone', 2);
    claim(subnet, 4, 'scored', 1);
    await subnet.deps.view.refresh(subnet.signal);
    await loopOf(subnet).pass(subnet.signal);
    subnet.network.deregister(3);
    subnet.evaluator.during = async () => {
      subnet.network.deregister(4);
      const onSynced = async (snapshot: typeof subnet.deps.view.current): Promise<void> =>
        takeAllIn(subnet.deps, snapshot);
      await new MetagraphSync({ hotkey: subnet.hotkey, offline: true, onSynced }, subnet.deps).sync(subnet.signal);
    };
    await turn(subnet);
    expect(waiting(subnet)).toEqual([]);
    expect(intakes(subnet).slice(2)).toEqual([
      [3, 'left'],
      [4, 'left'],
    ]);
    expect(played(subnet)).toEqual([[4]]);
  });

  it('holds everybody up while a model can not be scored here, and keeps its turn', async () => {
    const subnet = await newQueuedSubnet();
    claim(subnet, 3, 'unlucky', 2);
    claim(subnet, 4, 'next', 1);
    const fault = Object.assign(new Error('out of memory'), {
      [Symbol.for('assay.error')]: true,
      ...{ code: 'EVALUATOR_CRASHED', hint: 'wait', fault: 'validator', retry: 'next-round', payload: {} },
    });
    subnet.evaluator.during = (name) => (name === 'unlucky' ? Promise.reject(fault) : Promise.resolve());
    await turn(subnet);
    subnet.network.advance(10_000);
    for (let round = 0; round < 12; round += 1) await turn(subnet);
    expect([played(subnet).flat(), waiting(subnet)]).toEqual([[], [3, 4]]);
    expect(new Set(subnet.told('round-finished').map((round) => round.void?.code))).toEqual(
      new Set(['CLAIMS_UNKNOWN']),
    );
    expect(subnet.told('warning').map(({ error }) => error.code)).toEqual(['CLAIMS_UNKNOWN']);
    subnet.evaluator.during = () => Promise.resolve();
    await turn(subnet);
    await turn(subnet);
    expect(played(subnet).filter((uids) => uids.length > 0)).toEqual([[3], [4]]);
  });

  it('takes claims in while a round runs, and loses none of them', async () => {
    const subnet = await newQueuedSubnet();
    claim(subnet, 3, 'first', 2);
    subnet.evaluator.during = async (name) => {
      if (name !== 'first') return;
      claim(subnet, 4, 'meanwhile', 1);
      await takeAllIn(subnet.deps, await subnet.deps.view.refresh(subnet.signal));
    };
    await turn(subnet);
    expect(waiting(subnet)).toEqual([4]);
    await turn(subnet);
    expect(played(subnet)).toEqual([[3], [4]]);
  });
});

describe('claims', () => {
  it('count from the oldest that the chain shows, and a digest that was submitted before uses the hotkey up', async () => {
    const subnet = await newQueuedSubnet({ isSealed: true });
    reveal(subnet, 3, 'one', 2);
    const copy = subnet.network.snapshot().revealed[0]?.data.split(':') ?? [];
    subnet.network.setTimelocked(
      4,
      ['miner', 'copy', copy[2]?.toUpperCase(), ...copy.slice(3)].join(':'),
      subnet.network.head().number + 1,
    );
    subnet.network.advance(2);
    subnet.network.setTimelocked(4, ['miner', 'copy', ...copy.slice(2)].join(':'), subnet.network.head().number + 1);
    subnet.network.advance(2);
    reveal(subnet, 3, 'two', 1);
    reveal(subnet, 4, 'own', 1);
    await turn(subnet);
    expect(subnet.told('round-finished').map(({ rows }) => rows[0]?.repo)).toEqual(['miner/one']);
    expect(intakes(subnet)).toEqual([
      [3, 'queued'],
      [4, 'DIGEST_SUBMITTED_BEFORE'],
    ]);
    const refusal = claims(subnet.deps.state).find(({ outcome }) => outcome.status === 'refused')?.outcome;
    expect(refusal).toMatchObject({ error: { fault: 'miner', retry: 'never' } });
    expect(waiting(subnet)).toEqual([]);
  });

  it('to a repo that waits already are ignored, and cost their hotkey nothing', async () => {
    const subnet = await newQueuedSubnet();
    claim(subnet, 3, 'shared', 2);
    claim(subnet, 4, 'shared', 3);
    await subnet.deps.view.refresh(subnet.signal);
    await loopOf(subnet).pass(subnet.signal);
    expect(intakes(subnet)).toEqual([
      [3, 'queued'],
      [4, 'ignored'],
    ]);
    claim(subnet, 4, 'own', 1);
    await turn(subnet);
    expect(intakes(subnet).at(-1)).toEqual([4, 'queued']);
  });

  it('of one block have their turn in order of uid, and those before the queue opens do not count', async () => {
    const subnet = await newQueuedSubnet({ isSealed: true, queue: { opens: 5020 } });
    reveal(subnet, 3, 'too-early', 2);
    for (const uid of [6, 4, 5]) {
      subnet.commit(uid, `model-${uid}`, uid);
      const hotkey = subnet.neuron(uid).hotkey;
      const text = subnet.network.snapshot().commitments.find((one) => one.hotkey === hotkey)?.data ?? '';
      subnet.network.setTimelocked(uid, text, 5040);
    }
    subnet.network.advance(100);
    await subnet.deps.view.refresh(subnet.signal);
    await loopOf(subnet).pass(subnet.signal);
    await new ClaimRetry(subnet.deps, subnet.check).pass(subnet.signal);
    expect(queued(subnet).map(({ uid, block }) => [uid, block])).toEqual([
      [4, 5040],
      [5, 5040],
      [6, 5040],
    ]);
    expect(intakes(subnet)).toHaveLength(3);
    reveal(subnet, 3, 'in-time', 1);
    await turn(subnet);
    expect([played(subnet), waiting(subnet)]).toEqual([
      [[4], [5]],
      [6, 3],
    ]);
  });

  it('that say nothing are refused alone, and a hotkey may claim again', async () => {
    const subnet = await newQueuedSubnet();
    subnet.network.setCommitment(3, 'no such format');
    await subnet.deps.view.refresh(subnet.signal);
    const sync = new ModelSync({ updatedModelsLimit: 10, startUid: () => 0 }, subnet.deps, subnet.check);
    await sync.pass(subnet.signal);
    await turn(subnet);
    expect(subnet.told('model-checked')).toMatchObject([{ uid: 3, status: 'rejected' }]);
    claim(subnet, 3, 'sense', 2);
    await turn(subnet);
    expect(played(subnet)).toEqual([[3]]);
  });

  it('flood neither the journal nor the queue', async () => {
    const subnet = await newQueuedSubnet({ isSealed: true });
    for (let nth = 0; nth < 12; nth += 1)
      for (const uid of [3, 4, 5, 6]) reveal(subnet, uid, `model-${uid}-${nth}`, uid);
    await turn(subnet);
    await turn(subnet);
    expect(intakes(subnet)).toHaveLength(4);
    await restart(subnet);
    await turn(subnet);
    expect(intakes(subnet)).toHaveLength(4);
    expect(played(subnet)).toEqual([[3], [4], [5], [6]]);
  });

  it('of ten reveals by each of 256 hotkeys are one queue of 256, in order, with a record each', async () => {
    const subnet = await newQueuedSubnet({ isSealed: true });
    const { current } = subnet.deps.view;
    const [neuron] = current.neurons;
    if (!neuron) throw new Error('nobody is registered');
    const neurons = Array.from({ length: 256 }, (_none, uid) => ({
      ...neuron,
      uid: asUid(uid),
      hotkey: asHotkey(`5Flood${uid}`),
    }));
    const revealed = neurons.flatMap(({ uid, hotkey }) =>
      Array.from({ length: 10 }, (_none, nth) => ({
        hotkey,
        // The later uids reveal first, and four at a time in one block.
        block: asBlockNumber(4000 + Math.floor((255 - uid) / 4) + nth * 64),
        data: subnet.deps.scheme.format(
          {
            reference: { namespace: 'miner', name: `m-${uid}-${nth}`, revision: revisionOf(`${uid}`, nth) },
            proof: 'A'.repeat(43) + '=',
            competition: 1,
          },
          hotkey,
        ),
      })),
    );
    const snapshot = { ...current, neurons, revealed };
    await takeClaimsIn(subnet.deps, entryOf(subnet), snapshot);
    const wanted = neurons
      .map(({ uid }) => Number(uid))
      .sort((a, b) => Math.floor((255 - a) / 4) - Math.floor((255 - b) / 4) || a - b);
    expect(waiting(subnet)).toEqual(wanted);
    expect(subnet.deps.state.journal.head('claim')?.number).toBe(256);
    // A node that lags shows less, and one that has gone back shows it again.
    await takeClaimsIn(subnet.deps, entryOf(subnet), { ...snapshot, revealed: revealed.slice(0, 100) });
    await takeClaimsIn(subnet.deps, entryOf(subnet), snapshot);
    expect(subnet.deps.state.journal.head('claim')?.number).toBe(256);
  });

  it('leave the others of their hotkey behind when it leaves the subnet and comes back', async () => {
    const subnet = await newQueuedSubnet();
    claim(subnet, 3, 'first', 2);
    await turn(subnet);
    const { hotkey } = subnet.neuron(3);
    subnet.network.deregister(3);
    const sync = new MetagraphSync({ hotkey: subnet.hotkey, offline: true }, subnet.deps);
    await sync.sync(subnet.signal);
    await subnet.network.registerNeuron({ derivation: '//miner/3' }, 3);
    await sync.sync(subnet.signal);
    expect(subnet.neuron(3).hotkey).toBe(hotkey);
    claim(subnet, 3, 'second', 1);
    await turn(subnet);
    expect([played(subnet), intakes(subnet)]).toEqual([[[3]], [[3, 'queued']]]);
  });
});
