import { join } from 'node:path';
import type { Json } from '@assay/core/contracts/round-journal';
import { mendState } from '@assay/core/runtime/mend-state';
import { takeAllIn } from '@assay/core/runtime/intake/take-in';
import Database from 'libsql';
import fc from 'fast-check';
import { z } from 'zod';
import { expect, it } from 'vitest';
import { claim, loopOf, newQueuedSubnet, restart, turn } from './queued-subnet.js';
import type { Subnet } from './subnet.js';

const uid = fc.constantFrom(3, 4, 5, 6);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('claim' as const), uid, model: fc.nat(5), wrong: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sync' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), uid }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
);
type Step = (typeof step extends fc.Arbitrary<infer T> ? T : never) & { uid?: number };

const TABLES = ['entrants', 'entrants-marks', 'taken-claims'];
const stored = ({ deps }: Subnet): Record<string, { key: string; value: Json }[]> =>
  Object.fromEntries(TABLES.map((table) => [table, deps.state.journal.entries(table)]));

async function take(subnet: Subnet, one: Step): Promise<void> {
  const isHere = (who: number): boolean =>
    subnet.network.snapshot().neurons.some((neuron) => Number(neuron.uid) === who);
  await subnet.deps.view.refresh(subnet.signal);
  if (one.do === 'claim' && isHere(one.uid))
    claim(subnet, one.uid, `m${one.model}`, one.model + 1, one.wrong ? 'wrong' : 'right');
  else if (one.do === 'turn') await turn(subnet);
  else if (one.do === 'sync') await takeAllIn(subnet.deps, subnet.deps.view.current);
  else if (one.do === 'leave' && isHere(one.uid)) subnet.network.deregister(one.uid);
  else if (one.do === 'restart') await restart(subnet);
  else if (one.do === 'crash') await crash(subnet);
}

/** A round that ends in the middle: nothing of it is recorded, and what was taken in before stays. */
async function crash(subnet: Subnet): Promise<void> {
  const stop = new AbortController();
  subnet.evaluator.during = () => {
    stop.abort();
    return Promise.reject(Object.assign(new Error('stopped'), { name: 'AbortError' }));
  };
  await loopOf(subnet)
    .pass(stop.signal)
    .catch(() => undefined);
  subnet.evaluator.during = () => Promise.resolve();
  await restart(subnet);
}

/** Every row of these tables is damaged. */
function damage(subnet: Subnet): void {
  const database = new Database(join(subnet.folder, 'data', 'journal.db'));
  for (const table of TABLES) database.exec(`UPDATE derived SET value = CAST(x'ff' AS TEXT) WHERE name = '${table}'`);
  database.close();
}

it('whatever happened, what is derived from the records is what the run has left', async () => {
  let recorded = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const subnet = await newQueuedSubnet();
      for (const one of steps) await take(subnet, one);
      await takeAllIn(subnet.deps, await subnet.deps.view.refresh(subnet.signal));
      const before = stored(subnet);
      recorded += before['entrants-marks']?.length ?? 0;
      damage(subnet);
      await mendState(subnet.deps);
      const after = stored(subnet);
      expect(after['entrants']).toEqual(before['entrants']);
      expect(sorted(after['entrants-marks'])).toEqual(sorted(before['entrants-marks']));
      // Claims that are ignored for ever are not on record, and are ignored again.
      await takeAllIn(subnet.deps, subnet.deps.view.current);
      expect(stored(subnet)['entrants']).toEqual(before['entrants']);
      await subnet.deps.state.journal.close();
    }),
    { numRuns: 25 },
  );
  expect(recorded).toBeGreaterThan(10);
});

const sorted = (rows: { key: string; value: Json }[] = []): unknown =>
  rows.map(({ key, value }) => [key, z.array(z.string()).parse(value).sort()]);
