import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { directoryHash, secureHash } from '@assay/core/model/directory-hash';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { allOf, startRun, validator, type Answer } from '../e2e/validator-process.js';
import { newFolder, ROOT } from '../e2e/world.js';
import { metagraphOf } from './metagraph.js';
import type { SubtensorNode } from './start.js';
import { missing, startedWorld, titled } from './started.js';
import { NETUID, rawField } from './world.js';

const MODELS = join(ROOT, 'competitions', 'demo', 'assets', 'models');
/** What each miner commits, the first one first. */
const MINERS = [
  ['best', 'llama-2000steps'],
  ['half', 'llama-900steps'],
  ['copy', 'llama-2000steps'],
  ['beginner', 'llama-250steps'],
] as const;
const ROUNDS = 3;
/** Blocks for which the demo's subnet lets a commitment rest. */
const REST = 50;

const row = z.looseObject({ uid: z.number(), hotkey: z.string(), stake: z.string() });
const shown = z.object({
  netuid: z.literal(NETUID),
  mechanism: z.literal(0),
  at: z.object({ number: z.number(), hash: z.string() }),
  own: z.number(),
  neurons: z.array(row),
});

/** A published model as a hub would hold it; returns the text that its miner commits. */
function publish(repos: string, name: string, model: string, hotkey: string): string {
  const revision = createHash('sha1').update(name).digest('hex');
  const folder = join(repos, 'miner', name, revision);
  cpSync(join(MODELS, model), folder, { recursive: true });
  rmSync(join(folder, 'golden.json'), { force: true });
  const files = readdirSync(folder).filter((file) => /^(?:config|generation_config|model)\./.test(file));
  const hashed = files.map((path) => ({
    path,
    sha256: createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex'),
  }));
  return `miner:${name}:${revision}:${secureHash(directoryHash(hashed), hotkey)}:1`;
}

/** A block about every second until the work is done. */
async function whileBlocksAreMade<T>(node: SubtensorNode, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const done = work.finally(() => {
    over.abort();
  });
  while (!over.signal.aborted) {
    await node.newBlock();
    await sleep(500);
  }
  return await done;
}

describe.skipIf(missing !== undefined)(titled('a validator on the real runtime'), () => {
  const world = startedWorld();
  const folder = newFolder();
  const config = join(folder, 'validator.yaml');
  const command = (...args: string[]): Promise<Answer> => validator([...args, '--config', config, '--json']);

  beforeAll(async () => {
    if (missing !== undefined) return;
    await world().register('validator', ...MINERS.map(([name]) => name));
    await world().stake('validator', 500);
    await world().permit('validator');
    for (const [name, model] of MINERS) {
      const text = publish(join(folder, 'repos'), name, model, world().hotkey(name).address);
      await world().commit(name, rawField(text));
    }
    // One at a time: a call may take a minute at most.
    for (let block = 0; block < REST; block += 1) await world().node.newBlock();
    const settings = {
      subnet: 'demo',
      dataDir: join(folder, 'data'),
      chain: {
        use: 'subtensor',
        network: world().node.url,
        hotkey: world().hotkey('validator').address,
        // On a busy machine a block may take longer than five of the runtime's slots of a second.
        blockTime: 12,
      },
      store: { use: 'local-files', repos: join(folder, 'repos'), minFreeBytes: 100_000_000 },
      evaluator: { use: 'onnxruntime', device: 'cpu' },
    };
    writeFileSync(config, stringify(settings));
  });

  it('judges several rounds while blocks are made, and withholds the weights of the right winner', async () => {
    const run = startRun(['--config', config, '--dry-run', '--rounds', String(ROUNDS)]);
    const { code, stderr } = await whileBlocksAreMade(world().node, run.ended);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(allOf(run.events, 'warning')).toEqual([]);
    expect(run.events.at(-1)).toMatchObject({ event: 'run-stopped', reason: 'rounds-done', rounds: ROUNDS });
    const best = await world().uidOf('best');
    const rounds = allOf(run.events, 'round-finished');
    expect(rounds).toHaveLength(ROUNDS);
    for (const { rows } of rounds) {
      expect(rows.filter(({ error }) => error !== null)).toEqual([]);
      expect(rows.toSorted((a, b) => b.share - a.share)[0]?.uid).toBe(best);
    }
    const withheld = allOf(run.events, 'weights-withheld');
    expect(withheld.length).toBeGreaterThan(0);
    for (const { reason, weights } of withheld) {
      expect(reason).toBe('dry-run');
      expect(weights.toSorted((a, b) => b.share - a.share)[0]?.uid).toBe(best);
    }
    expect(allOf(run.events, 'weights-set')).toEqual([]);
  });

  it('has set no weights', async () => {
    const { weights } = await metagraphOf(world().api, NETUID, await world().node.newBlock());
    expect(weights).toEqual(new Map());
  });

  it('shows the metagraph that an independent client reads', async () => {
    const { code, stdout } = await command('chain', 'metagraph');
    expect(code).toBe(0);
    const metagraph = shown.parse(JSON.parse(stdout));
    const reading = await metagraphOf(world().api, NETUID, metagraph.at.hash);
    expect(metagraph.at.number).toBe(reading.number);
    expect(metagraph.own).toBe(await world().uidOf('validator'));
    expect(metagraph.neurons).toMatchObject(
      reading.neurons.map((neuron) => ({ ...neuron, stake: String(neuron.stake) })),
    );
  });
});
