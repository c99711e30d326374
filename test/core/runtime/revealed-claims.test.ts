import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import type { Rule } from '@assay/core/contracts/rule';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { MetagraphSync } from '@assay/core/runtime/metagraph-sync';
import { RuleBook } from '@assay/core/rules/rule-book';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { newSubnet, type Subnet } from './subnet.js';

const pretraining = new RuleBook([]).bind('commitmentSchemes', { rule: 'pretraining' }).rule;

/** The claims of the pretraining subnet, put on chain with a timelock. */
const sealed: Rule<CommitmentScheme, object> = {
  name: 'test-sealed',
  version: 1,
  summary: 'Claims as the pretraining subnet has them, in revealed commitments.',
  parameters: z.strictObject({}),
  examples: [{}],
  bind: () => ({ ...pretraining, readFrom: 'revealed-commitments' }),
};

const newSealedSubnet = (): Promise<Subnet> =>
  newSubnet({ provides: { commitmentSchemes: [sealed] }, commitment: { rule: 'test-sealed' } });

/** Publishes a model, and seals the claim to it for so many blocks. */
function seal(subnet: Subnet, uid: number, loss: number, blocks: number): string {
  const { network } = subnet;
  subnet.commit(uid, `model-${uid}`, loss);
  const { hotkey } = subnet.neuron(uid);
  const text = network.snapshot().commitments.find((commitment) => commitment.hotkey === hotkey)?.data ?? '';
  network.setTimelocked(uid, text, network.head().number + blocks);
  return text;
}

async function look(subnet: Subnet, ...uids: number[]): Promise<void> {
  await subnet.deps.view.refresh(subnet.signal);
  for (const uid of uids)
    await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
}

describe('where the scheme reads revealed commitments', () => {
  it('a claim counts from its reveal on, and a plain commitment does not', async () => {
    const subnet = await newSealedSubnet();
    const text = seal(subnet, 3, 2, 5);
    seal(subnet, 4, 3, 6);
    subnet.commit(5, 'plain', 1);
    await look(subnet, 3, 4, 5);
    expect(subnet.deps.state.models()).toEqual([]);
    subnet.network.advance(20);
    await look(subnet, 3, 4, 5);
    expect(subnet.deps.state.models()).toHaveLength(2);
    const [first, second] = [3, 4].map((uid) => subnet.deps.state.model(subnet.neuron(uid).hotkey));
    expect([first?.commitment, first?.error, second?.error]).toEqual([text, null, null]);
    const { revealed } = subnet.network.snapshot();
    expect([first?.block, second?.block]).toEqual(revealed.map(({ block }) => block));
    await new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check).pass(subnet.signal);
    const [round] = subnet.told('round-finished');
    expect(round?.rows.map(({ uid, score, block }) => [uid, score, block])).toEqual([
      [3, 2, first?.block],
      [4, 3, second?.block],
    ]);
  });

  it('a later reveal is the claim, and the number of claims is that of reveals', async () => {
    const subnet = await newSealedSubnet();
    seal(subnet, 3, 2, 2);
    subnet.network.advance(3);
    await look(subnet, 3);
    const text = seal(subnet, 3, 4, 2);
    subnet.network.advance(3);
    await look(subnet, 3);
    expect(subnet.deps.state.model(subnet.neuron(3).hotkey)?.commitment).toBe(text);
    subnet.commit(4, 'plain', 1);
    await new MetagraphSync({ hotkey: subnet.hotkey, offline: false }, subnet.deps).sync(subnet.signal);
    expect(subnet.told('metagraph-synced').at(-1)?.commitments).toBe(1);
  });
});

describe('a sync', () => {
  it('reports what has become of uids since the one before, and nothing at first', async () => {
    const subnet = await newSubnet();
    const sync = new MetagraphSync({ hotkey: subnet.hotkey, offline: false }, subnet.deps);
    const before = subnet.network.snapshot().neurons;
    await sync.sync(subnet.signal);
    await sync.sync(subnet.signal);
    expect(subnet.told('hotkeys-changed')).toEqual([]);
    const swapped = await subnet.network.swapHotkey(3, { derivation: '//swapped' });
    const { hotkey: next } = await subnet.network.registerNeuron({ derivation: '//next' }, 4);
    subnet.network.deregister(5);
    await sync.sync(subnet.signal);
    await sync.sync(subnet.signal);
    expect(subnet.told('hotkeys-changed')).toEqual([
      {
        event: 'hotkeys-changed',
        block: subnet.network.head().number,
        count: 3,
        changes: [
          { uid: 3, change: 'swapped', before: before[3]?.hotkey, after: swapped },
          { uid: 4, change: 'replaced', before: before[4]?.hotkey, after: next },
          { uid: 5, change: 'left', before: before[5]?.hotkey, after: null },
        ],
      },
    ]);
  });

  it('lists 50 changes and counts all of them', async () => {
    const subnet = await newSubnet();
    const { view } = subnet.deps;
    const sync = new MetagraphSync({ hotkey: subnet.hotkey, offline: false }, subnet.deps);
    await sync.sync(subnet.signal);
    const { neurons, ...rest } = view.current;
    const [own] = neurons;
    if (!own) throw new Error('the subnet has a validator');
    const many = Array.from({ length: 60 }, (_, index) => ({ ...own, uid: (index + 100) as typeof own.uid }));
    subnet.deps.view.refresh = () => Promise.resolve({ ...rest, neurons: [...neurons, ...many] });
    await sync.sync(subnet.signal);
    const [event] = subnet.told('hotkeys-changed');
    expect([event?.count, event?.changes.length]).toEqual([60, 50]);
  });
});
