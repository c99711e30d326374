import type { Neuron } from '@assay/core/contracts/chain-client';
import type { ModelStore } from '@assay/core/contracts/model-store';
import { storeErrors } from '@assay/core/model/errors';
import { ModelCheck } from '@assay/core/runtime/model-check';
import { MetagraphSync } from '@assay/core/runtime/metagraph-sync';
import { ClaimRetry } from '@assay/core/runtime/claim-retry';
import { ModelSync } from '@assay/core/runtime/model-sync';
import { put } from '@assay/core/runtime/derived-rows';
import { describe, expect, it } from 'vitest';
import { newSubnet, type Subnet } from './subnet.js';

/** Notes when it looked at whom. */
class Watched extends ModelCheck {
  readonly looks: { uid: number; at: number }[] = [];

  constructor(private readonly subnet: Subnet) {
    super(subnet.deps);
  }

  override async check(neuron: Neuron, block: number, force: boolean, signal: AbortSignal): Promise<void> {
    this.looks.push({ uid: neuron.uid, at: this.subnet.clock.now() });
    await super.check(neuron, block, force, signal);
  }
}

const MINUTE = 60_000;

describe('ModelSync', () => {
  it('walks all uids in a cycle from its start, and rests 20 minutes between two looks at one', async () => {
    const subnet = await newSubnet();
    const check = new Watched(subnet);
    const begin = subnet.clock.now();
    await subnet.clock.run(
      new ModelSync({ updatedModelsLimit: 10, startUid: () => 4 }, subnet.deps, check),
      45 * MINUTE,
    );
    const cycle = [4, 5, 6, 0, 1, 2, 3];
    expect(check.looks.map(({ uid }) => uid)).toEqual([...cycle, ...cycle, ...cycle]);
    expect(check.looks.map(({ at }) => (at - begin) / MINUTE)).toEqual([
      ...cycle.map(() => 1),
      ...cycle.map(() => 21),
      ...cycle.map(() => 41),
    ]);
  });

  it('starts at the lowest uid when its start is beyond the highest', async () => {
    const subnet = await newSubnet();
    const check = new Watched(subnet);
    await subnet.clock.run(
      new ModelSync({ updatedModelsLimit: 10, startUid: () => 200 }, subnet.deps, check),
      2 * MINUTE,
    );
    expect(check.looks.map(({ uid }) => uid)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('waits while the backlog is full, and goes on when it is not', async () => {
    const subnet = await newSubnet();
    for (const uid of [3, 4, 5]) subnet.commit(uid, `model-${uid}`, uid);
    await subnet.deps.view.refresh(subnet.signal);
    const check = new Watched(subnet);
    const sync = new ModelSync({ updatedModelsLimit: 2, startUid: () => 3 }, subnet.deps, check);
    await subnet.clock.run(sync, 60 * MINUTE);
    expect(check.looks.map(({ uid }) => uid)).toEqual([3, 4]);
    await subnet.deps.state.write(put.contenders(1, { pending: [], kept: [] }));
    const later = new Watched(subnet);
    await subnet.clock.run(new ModelSync({ updatedModelsLimit: 3, startUid: () => 5 }, subnet.deps, later), 2 * MINUTE);
    expect(later.looks[0]?.uid).toBe(5);
  });

  it('is not held up for ever by hotkeys that have left while they waited', async () => {
    const subnet = await newSubnet();
    subnet.commit(3, 'leaver', 1);
    await subnet.deps.view.refresh(subnet.signal);
    await subnet.check.check(subnet.neuron(3), subnet.network.head().number, false, subnet.signal);
    expect(subnet.deps.state.contenders(1).pending).toHaveLength(1);
    subnet.network.deregister(3);
    await new MetagraphSync({ hotkey: subnet.hotkey, offline: false }, subnet.deps).sync(subnet.signal);
    expect(subnet.deps.state.contenders(1)).toEqual({ pending: [], kept: [] });
    expect(subnet.deps.state.models()).toEqual([]);
  });
});

describe('ModelCheck', () => {
  /** Counts what is asked of the source; fails as told. */
  function watchedStore(trouble: { error: Error | undefined; lists: number }): (real: ModelStore) => ModelStore {
    return (real) => ({
      description: real.description,
      list: (reference, signal) => {
        trouble.lists += 1;
        return trouble.error ? Promise.reject(trouble.error) : real.list(reference, signal);
      },
      read: real.read.bind(real),
      fetch: real.fetch.bind(real),
      stored: real.stored.bind(real),
      discard: real.discard.bind(real),
      usage: real.usage.bind(real),
      lease: real.lease.bind(real),
      keep: real.keep.bind(real),
      prune: real.prune.bind(real),
      close: real.close.bind(real),
    });
  }

  async function look(subnet: Subnet, uid: number): Promise<string | undefined> {
    await subnet.deps.view.refresh(subnet.signal);
    const before = subnet.events.length;
    await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
    const [told] = subnet.events.slice(before).flatMap((event) => (event.event === 'model-checked' ? [event] : []));
    return told && [told.status, told.error?.code].filter(Boolean).join(' ');
  }

  it('refuses a commitment once: the same one is not fetched again, a new one is', async () => {
    const asked = { error: undefined, lists: 0 };
    const subnet = await newSubnet({ store: watchedStore(asked) });
    subnet.commit(3, 'mine', 2, 'wrong');
    expect(await look(subnet, 3)).toBe('rejected HASH_MISMATCH');
    expect([await look(subnet, 3), await look(subnet, 3)]).toEqual([undefined, undefined]);
    expect(asked.lists).toBe(1);
    subnet.commit(3, 'mine', 3);
    expect(await look(subnet, 3)).toBe('verified');
    expect(asked.lists).toBe(2);
    expect(subnet.deps.state.contenders(1).pending).toEqual([subnet.neuron(3).hotkey]);
  });

  it("postpones what is nobody's fault and asks again", async () => {
    const asked: { error: Error | undefined; lists: number } = {
      error: storeErrors.STORE_FULL({ directory: '/full' }),
      lists: 0,
    };
    const subnet = await newSubnet({ store: watchedStore(asked) });
    subnet.commit(3, 'mine', 2);
    expect(await look(subnet, 3)).toBe('postponed STORE_FULL');
    expect(subnet.deps.state.model(subnet.neuron(3).hotkey)).toBeUndefined();
    asked.error = undefined;
    expect(await look(subnet, 3)).toBe('verified');
  });

  it('a refused successor takes its predecessor off the lists', async () => {
    const subnet = await newSubnet();
    subnet.commit(3, 'good', 2);
    await look(subnet, 3);
    subnet.commit(3, 'bad', 1, 'wrong');
    expect(await look(subnet, 3)).toBe('rejected HASH_MISMATCH');
    expect(subnet.deps.state.contenders(1)).toEqual({ pending: [], kept: [] });
  });

  describe('what is missing', () => {
    const GRACE = 75;
    const missing = storeErrors.REPO_NOT_FOUND({ repo: 'miner/mine' });

    async function withMissing(): Promise<{ subnet: Subnet; asked: { error: Error | undefined; lists: number } }> {
      const asked: { error: Error | undefined; lists: number } = { error: missing, lists: 0 };
      const subnet = await newSubnet({ store: watchedStore(asked) });
      subnet.deps.profile = { ...subnet.deps.profile, missingGrace: GRACE };
      subnet.commit(3, 'mine', 2);
      return { subnet, asked };
    }

    it('has its blocks from the first look that missed it, and is the fault of the miner after them', async () => {
      const { subnet } = await withMissing();
      expect(await look(subnet, 3)).toBe('postponed REPO_NOT_FOUND');
      subnet.network.advance(GRACE - 1);
      expect(await look(subnet, 3)).toBe('postponed REPO_NOT_FOUND');
      expect(subnet.deps.state.model(subnet.neuron(3).hotkey)).toBeUndefined();
      subnet.network.advance(1);
      expect(await look(subnet, 3)).toBe('rejected REPO_NOT_FOUND');
      expect(subnet.deps.state.missingClaims()).toEqual([]);
      expect(await look(subnet, 3)).toBeUndefined();
    });

    it('is taken in when it comes in time', async () => {
      const { subnet, asked } = await withMissing();
      expect(await look(subnet, 3)).toBe('postponed REPO_NOT_FOUND');
      subnet.network.advance(GRACE - 1);
      asked.error = undefined;
      expect(await look(subnet, 3)).toBe('verified');
      expect(subnet.deps.state.missingClaims()).toEqual([]);
    });

    it('has its blocks anew for another commitment', async () => {
      const { subnet } = await withMissing();
      await look(subnet, 3);
      subnet.network.advance(GRACE);
      subnet.commit(3, 'other', 2);
      expect(await look(subnet, 3)).toBe('postponed REPO_NOT_FOUND');
    });

    it('is looked for again between the cycles', async () => {
      const { subnet, asked } = await withMissing();
      await look(subnet, 3);
      asked.error = undefined;
      await subnet.deps.view.refresh(subnet.signal);
      await new ClaimRetry(subnet.deps, subnet.check).pass(subnet.signal);
      expect(subnet.deps.state.model(subnet.neuron(3).hotkey)?.facts).toBeTruthy();
    });

    it('holds up no round, also when the source fails in between', async () => {
      const { subnet, asked } = await withMissing();
      subnet.commit(4, 'another', 3);
      await look(subnet, 3);
      asked.error = storeErrors.STORE_FULL({ directory: '/full' });
      expect(await look(subnet, 3)).toBe('postponed STORE_FULL');
      const { competition } = subnet.deps.competitions.inForce(subnet.deps.view.current.at.number)[0] ?? {};
      if (!competition) throw new Error('a competition is in force');
      const at = { snapshot: subnet.deps.view.current, block: subnet.deps.view.current.at.number };
      expect(subnet.check.unknowns.of(competition, at)).toEqual([]);
    });

    it('is forgotten when its hotkey leaves the subnet', async () => {
      const { subnet } = await withMissing();
      await look(subnet, 3);
      const { hotkey } = subnet.neuron(3);
      expect(subnet.deps.state.missingClaim(hotkey)).toMatchObject({ code: 'REPO_NOT_FOUND' });
      subnet.network.deregister(3);
      await new MetagraphSync({ hotkey: subnet.hotkey, offline: false }, subnet.deps).sync(subnet.signal);
      expect(subnet.deps.state.missingClaim(hotkey)).toBeUndefined();
    });
  });

  it('keeps an evaluation delay', async () => {
    const subnet = await newSubnet();
    subnet.deps.profile = { ...subnet.deps.profile, evaluationDelay: 10 };
    subnet.commit(3, 'mine', 2);
    expect(await look(subnet, 3)).toBe('resting');
    subnet.network.advance(9);
    expect(await look(subnet, 3)).toBe('resting');
    subnet.network.advance(1);
    expect(await look(subnet, 3)).toBe('verified');
  });
});
