import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assertChain } from '@assay/core/journal/verify-chain';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { LocalNetwork } from '@assay/plugin-local-chain';
import { openJournal } from '@assay/plugin-libsql-journal';
import { z } from 'zod';
import { expect, it } from 'vitest';
import { replayed } from '../recorded-round.js';
import { childrenOf, survivors } from './process-tree.js';
import { allOf, eventsOf, startRun, validator } from './validator-process.js';
import { newWorld, type World } from './world.js';

const KILLS = 7;
const SEED = 20261123n;

const manifest = z.object({ files: z.array(z.object({ path: z.string(), size: z.number(), sha256: z.string() })) });

/** Rounds and weights as often as the machine allows, so that a kill hits something. */
const busy = (world: World): string =>
  world.configWith('busy.yaml', {
    chain: {
      use: 'local-chain',
      file: join(world.folder, 'network', 'chain.db'),
      genesis: join(world.folder, 'network', 'genesis.json'),
      blockTime: 0.02,
    },
    cadences: {
      evaluationIdle: 20,
      weights: 300,
      weightsPoll: 20,
      weightsRetry: 100,
      metagraphSync: 200,
      modelSync: 300,
      cleaningStart: 300,
      cleaning: 300,
      cleaningGrace: 0,
    },
  });

it(`survives ${KILLS} kills at any moment`, { timeout: 180_000 }, async () => {
  const world = newWorld();
  const config = busy(world);
  const random = new PythonRandom(SEED);
  let finished = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const run = startRun(['--config', config]);
    const after = 200 + random.random() * 2800;
    await delay(after);
    const children = childrenOf(run.pid);
    run.kill('SIGKILL');
    const { signal, stderr } = await run.ended;
    expect(signal, `kill ${kill} after ${after} ms: ${stderr}`).toBe('SIGKILL');
    expect([...allOf(run.events, 'warning'), ...allOf(run.events, 'doppelganger')]).toEqual([]);
    finished = Math.max(finished, ...allOf(run.events, 'round-finished').map(({ number }) => number));
    expect(await survivors(children, 2000)).toEqual([]);
  }
  const last = await validator(['run', '--once', '--json', '--config', config]);
  expect(last.code, last.stderr).toBe(0);
  expect(eventsOf(last.stdout).at(-1)).toMatchObject({ reason: 'rounds-done', rounds: 2 });

  const rounds = checkJournal(world);
  expect(rounds).toBeGreaterThanOrEqual(finished + 2);
  checkWeights(world);
  checkStore(join(world.folder, 'store', 'models'));
});

/** Whole, without gaps, and every verdict follows from what is recorded. */
function checkJournal({ folder }: World): number {
  const journal = openJournal({ folder, mode: 'read' });
  const { round: rounds } = assertChain(journal).counts;
  const all = journal.records(rounds + 1);
  expect(all.map(({ number }) => number)).toEqual(Array.from({ length: rounds }, (_none, index) => rounds - index));
  for (const { number } of all) {
    const { differences, missing } = replayed(journal, number);
    expect({ number, differences, missing }).toEqual({ number, differences: [], missing: [] });
  }
  return rounds;
}

/** The chain holds what the journal believes to have set, at the block that it believes, and nothing is left open. */
function checkWeights({ folder }: World): void {
  const state = new ValidatorState(openJournal({ folder, mode: 'read' }));
  const network = LocalNetwork.open(join(folder, 'network', 'chain.db'), 'read');
  const snapshot = network.snapshot();
  network.close();
  expect(state.weightsIntent()).toBeUndefined();
  const set = state.weightsSet();
  const own = snapshot.neurons.find(({ uid }) => uid === 0);
  expect(set?.block).toBe(own?.lastUpdate);
  const row = [...snapshot.weights].find(([uid]) => uid === 0)?.[1] ?? [];
  expect(row.map(([uid, weight]) => [uid, weight])).toEqual(set?.uids.map((uid, index) => [uid, set.weights[index]]));
}

/** No half models: each folder has its manifest, and every file is as the manifest says. */
function checkStore(store: string): void {
  expect(readdirSync(join(store, 'drafts'))).toEqual([]);
  const folders = readdirSync(join(store, 'models'), { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.split('/').length === 3,
  );
  expect(folders.length).toBeGreaterThan(0);
  for (const folder of folders) {
    const path = join(store, 'models', folder);
    expect(existsSync(join(path, 'manifest.json')), folder).toBe(true);
    const { files } = manifest.parse(JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')));
    expect(readdirSync(join(path, 'files'), { recursive: true }).length).toBe(files.length);
    for (const { path: name, sha256 } of files) {
      expect(
        createHash('sha256')
          .update(readFileSync(join(path, 'files', name)))
          .digest('hex'),
        `${folder}/${name}`,
      ).toBe(sha256);
    }
  }
}
