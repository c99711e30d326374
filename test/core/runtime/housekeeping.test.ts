import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Disposers } from '@assay/core/runtime/disposers';
import { runtimeErrors } from '@assay/core/runtime/errors';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { StoreCleaning } from '@assay/core/runtime/store-cleaning';
import { runLoops, type Loop } from '@assay/core/runtime/supervise';
import { TopModelScan } from '@assay/core/runtime/top-model-scan';
import { put } from '@assay/core/runtime/derived-rows';
import { withDeadline } from '@assay/core/runtime/deadline';
import { abortError } from '@assay/core/errors/describe';
import { describe, expect, it } from 'vitest';
import { newSubnet, type Subnet } from './subnet.js';

async function withModels(...uids: number[]): Promise<Subnet> {
  const subnet = await newSubnet();
  for (const uid of uids) subnet.commit(uid, `model-${uid}`, uid);
  await subnet.deps.view.refresh(subnet.signal);
  for (const uid of uids)
    await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
  return subnet;
}

describe('StoreCleaning', () => {
  it('keeps what waits and what is kept, and drops the rest after the grace', async () => {
    const subnet = await withModels(3, 4, 5);
    const { state, store } = subnet.deps;
    await state.write(put.contenders(1, { pending: [subnet.neuron(3).hotkey], kept: [subnet.neuron(4).hotkey] }));
    subnet.clock.ms += 60_000;
    await new StoreCleaning(subnet.deps).clean(subnet.signal);
    const references = [3, 4, 5].map((uid) => state.model(subnet.neuron(uid).hotkey)?.reference);
    const stored = await Promise.all(
      references.map(async (reference) => reference && (await store.stored(reference)) !== undefined),
    );
    expect(stored).toEqual([true, true, false]);
    expect(subnet.told('store-cleaned').map(({ removed }) => removed.length)).toEqual([1]);
  });

  it('what it dropped is fetched again when it is judged again', async () => {
    const subnet = await withModels(3, 4);
    await subnet.deps.store.prune(0, subnet.signal);
    subnet.clock.ms += 60_000;
    await subnet.deps.store.prune(0, subnet.signal);
    await new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check).pass(subnet.signal);
    expect(subnet.told('round-finished')[0]?.rows.map(({ uid, score }) => [uid, score])).toEqual([
      [3, 3],
      [4, 4],
    ]);
    expect(existsSync(join(subnet.folder, 'store'))).toBe(true);
  });
});

describe('TopModelScan', () => {
  async function scan(change: (subnet: Subnet) => void | Promise<void>): Promise<number[]> {
    const subnet = await withModels(3, 4, 5);
    await subnet.deps.state.write(put.contenders(1, { pending: [], kept: [] }));
    await change(subnet);
    await subnet.deps.view.refresh(subnet.signal);
    const pass = new TopModelScan(subnet.deps, subnet.check);
    await pass.scan(subnet.signal);
    const hotkeys = subnet.deps.state.contenders(1).pending;
    return [3, 4, 5].filter((uid) => hotkeys.includes(subnet.neuron(uid).hotkey));
  }

  const judgedAt = (subnet: Subnet, uid: number, block: number): Promise<void> =>
    subnet.deps.state.write(
      put.history(1, subnet.neuron(uid).hotkey, [{ block, score: 9, winnerBlock: 1, winnerScore: 1 }]),
    );

  it.each<[string, (subnet: Subnet) => void | Promise<void>, number[]]>([
    [
      'brings back what a big validator rewards',
      (subnet) => {
        subnet.network.putWeights(1, [
          [4, 100],
          [5, 100],
        ]);
      },
      [4, 5],
    ],
    [
      'overlooks less than a twentieth of a row',
      (subnet) => {
        subnet.network.putWeights(1, [
          [4, 960],
          [5, 40],
        ]);
      },
      [4],
    ],
    [
      'does not listen to a small one',
      (subnet) => {
        subnet.network.putWeights(2, [[4, 100]]);
      },
      [],
    ],
    [
      'nor to one without a permit',
      (subnet) => {
        subnet.network.putWeights(1, [[4, 100]]);
        subnet.network.setValidatorPermit(1, false);
      },
      [],
    ],
    [
      'even a model that has lost and would not be retried',
      async (subnet) => {
        subnet.network.putWeights(1, [[4, 100]]);
        await judgedAt(subnet, 4, 4000);
      },
      [4],
    ],
    [
      'but not one that was judged a moment ago',
      async (subnet) => {
        subnet.network.putWeights(1, [[4, 100]]);
        await judgedAt(subnet, 4, subnet.network.head().number - 50);
      },
      [],
    ],
  ])('%s', async (_what, change, expected) => {
    expect(await scan(change)).toEqual(expected);
  });
});

describe('withDeadline', () => {
  const late = (): ReturnType<typeof runtimeErrors.DEADLINE> => runtimeErrors.DEADLINE({ what: 'This', ms: 20 });

  it('settles though the work never does and ignores its signal', async () => {
    let given: AbortSignal | undefined;
    const never = withDeadline(20, new AbortController().signal, late, (signal) => {
      given = signal;
      return new Promise<never>(() => undefined);
    });
    await expect(never).rejects.toMatchObject({ code: 'DEADLINE' });
    expect(given?.aborted).toBe(true);
  });

  it('passes on a stop from outside at once', async () => {
    const controller = new AbortController();
    const work = withDeadline(60_000, controller.signal, late, () => new Promise<never>(() => undefined));
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('does not start when it is stopped already', async () => {
    let started = false;
    const work = withDeadline(60_000, AbortSignal.abort(), late, async () => {
      started = true;
    });
    await expect(work).rejects.toBeDefined();
    expect(started).toBe(false);
  });

  it('swallows what comes after the deadline', async () => {
    const work = withDeadline(10, new AbortController().signal, late, async () => {
      await delay(30);
      throw new Error('too late to matter');
    });
    await expect(work).rejects.toMatchObject({ code: 'DEADLINE' });
    await delay(40);
  });

  it('gives back what is in time', async () => {
    await expect(withDeadline(1000, new AbortController().signal, late, () => Promise.resolve(7))).resolves.toBe(7);
  });
});

describe('runLoops', () => {
  const untilStopped = (name: string, stopped: string[]): Loop => ({
    name,
    run: (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          stopped.push(name);
          reject(abortError());
        });
      }),
  });

  it('stops all when one fails for good, and tells its error', async () => {
    const stopped: string[] = [];
    const failing: Loop = {
      name: 'failing',
      run: () => Promise.reject(runtimeErrors.NOT_REGISTERED({ hotkey: 'h', netuid: 9 })),
    };
    const others = [untilStopped('a', stopped), untilStopped('b', stopped)];
    await expect(
      runLoops([...others, failing], others[0] ?? failing, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'NOT_REGISTERED' });
    expect(stopped).toEqual(['a', 'b']);
  });

  it('ends quietly with the loop that ends the run, and on a stop from outside', async () => {
    const stopped: string[] = [];
    const short: Loop = { name: 'short', run: () => Promise.resolve() };
    await runLoops([untilStopped('a', stopped), short], short, new AbortController().signal);
    const controller = new AbortController();
    const running = runLoops([untilStopped('b', stopped)], short, controller.signal);
    controller.abort();
    await running;
    expect(stopped).toEqual(['a', 'b']);
  });
});

describe('Disposers', () => {
  it('closes the last first, and the others though one fails', async () => {
    const closed: string[] = [];
    const disposers = new Disposers(() => undefined);
    for (const name of ['first', 'second', 'third']) {
      disposers.add(name, async () => {
        closed.push(name);
        if (name === 'second') throw new Error('stuck');
      });
    }
    await disposers.disposeAll();
    await disposers.disposeAll();
    expect(closed).toEqual(['third', 'second', 'first']);
  });
});
