import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { allOf, startRun, validator, type Answer } from '../e2e/validator-process.js';
import { newFolder } from '../e2e/world.js';
import { metagraphOf } from './metagraph.js';
import { missing, startedWorld, titled } from './started.js';
import { configOf, populate, whileBlocksAreMade } from './validating.js';
import { NETUID } from './world.js';

const ROUNDS = 3;

const row = z.looseObject({ uid: z.number(), hotkey: z.string(), stake: z.string() });
const shown = z.object({
  netuid: z.literal(NETUID),
  mechanism: z.literal(0),
  at: z.object({ number: z.number(), hash: z.string() }),
  own: z.number(),
  neurons: z.array(row),
});

describe.skipIf(missing !== undefined)(titled('a validator on the real runtime'), () => {
  const world = startedWorld();
  const folder = newFolder();
  let config = '';
  const command = (...args: string[]): Promise<Answer> => validator([...args, '--config', config, '--json']);

  beforeAll(async () => {
    if (missing !== undefined) return;
    await populate(world(), folder);
    config = configOf(folder, world().node.url, { hotkey: world().hotkey('validator').address });
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
