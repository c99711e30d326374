import { beforeAll, describe, expect, it } from 'vitest';
import { allOf, startRun, validator, type RunningValidator } from '../e2e/validator-process.js';
import { newFolder } from '../e2e/world.js';
import { FrameProxy } from '../frame-proxy.js';
import { callsOf, type IncludedCall } from './extrinsics.js';
import { metagraphOf } from './metagraph.js';
import { missing, startedWorld, titled } from './started.js';
import { configOf, populate, walletOf, whileBlocksAreMade } from './validating.js';
import { NETUID } from './world.js';

const ALL = 65_535;
/** Weights as soon as there are any, so that every run sets some. */
const OFTEN = { cadences: { weights: 0, weightsPoll: 200, weightsRetry: 500, weightsDeadline: 60_000 } };

describe.skipIf(missing !== undefined)(titled('weights of a validator on the real runtime'), () => {
  const world = startedWorld();
  const folder = newFolder();
  const own = (): string => world().hotkey('validator').address;

  beforeAll(async () => {
    if (missing === undefined) await populate(world(), folder);
  });

  const run = (...args: string[]): RunningValidator => startRun(args);
  const weightCalls = async (method: string): Promise<IncludedCall[]> =>
    (await callsOf(world().api, own())).filter((call) => call.method === method);

  it('land on chain as they are told, where another client reads them, and become incentive', async () => {
    const config = configOf(folder, world().node.url, walletOf(folder, 'validator'), OFTEN);
    const running = run('--config', config, '--rounds', '2');
    const { code, stderr } = await whileBlocksAreMade(world().node, running.ended);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const set = allOf(running.events, 'weights-set');
    expect(set.length).toBeGreaterThan(0);
    expect(set.every(({ confirmed }) => confirmed)).toBe(true);
    const calls = await weightCalls('setWeights');
    expect(calls.every(({ succeeded }) => succeeded)).toBe(true);
    expect(calls.map(({ block }) => block)).toEqual(set.map(({ block }) => block));

    const [uid, best] = [await world().uidOf('validator'), await world().uidOf('best')];
    const { weights, neurons } = await metagraphOf(world().api, NETUID, await world().node.newBlock());
    expect(weights.get(uid)?.find(([other]) => other === best)).toEqual([best, ALL]);
    expect(neurons[uid]?.lastUpdate).toBe(set.at(-1)?.block);

    await world().epoch();
    const after = await metagraphOf(world().api, NETUID, await world().epoch());
    expect(after.neurons[best]?.incentive).toBeGreaterThan(0.5);
    expect(after.neurons[uid]?.validatorTrust).toBe(1);
  });

  it('land once when the run is killed between submission and reply, and are found by the next run', async () => {
    const proxy = await FrameProxy.start(world().node.url);
    const config = configOf(folder, `ws://127.0.0.1:${proxy.port}`, walletOf(folder, 'validator'), OFTEN);
    for (let round = 0; round < 4; round += 1) {
      const before = await weightCalls('setWeights');
      const running = run('--config', config);
      let submissions = 0;
      proxy.rule = (frame, direction) => {
        if (direction === 'down' || !frame.data.includes('author_submitExtrinsic')) return [frame];
        submissions += 1;
        running.kill('SIGKILL');
        // Every second time the node never hears of it.
        return round % 2 === 0 ? [frame] : [];
      };
      await whileBlocksAreMade(world().node, running.ended);
      expect(submissions, running.stdout().slice(-3000)).toBe(1);
      proxy.rule = (frame) => [frame];
      const next = run('--config', config);
      const told = next.saw('weights-set').finally(() => {
        next.kill('SIGTERM');
      });
      const [{ block }] = await whileBlocksAreMade(world().node, Promise.all([told, next.ended]));
      const landed = (await weightCalls('setWeights')).slice(before.length);
      // What the killed run has sent landed, or never will; the next run has set its own after it and nothing else.
      const settled = allOf(next.events, 'weights-settled');
      expect(settled).toMatchObject([{ status: round % 2 === 0 ? 'set' : 'lost' }]);
      expect(landed.map((call) => call.block)).toEqual(round % 2 === 0 ? [settled[0]?.block, block] : [block]);
      expect(landed.every(({ succeeded }) => succeeded)).toBe(true);
    }
    proxy.close();
    const { code, stdout } = await validator(['journal', 'verify', '--config', config, '--json']);
    expect(code, stdout).toBe(0);
  });

  it('are committed and revealed where the subnet wants that, by hash and salt on this runtime', async () => {
    await world().configure({ CommitRevealWeightsEnabled: true, RevealPeriodEpochs: 1 });
    const other = newFolder();
    const config = configOf(folder, world().node.url, walletOf(folder, 'validator'), {
      ...OFTEN,
      dataDir: `${other}/data`,
    });
    const running = run('--config', config);
    const revealed = running.saw('weights-revealed').finally(() => {
      running.kill('SIGTERM');
    });
    await whileBlocksAreMade(world().node, Promise.all([revealed, running.ended]));
    const commits = await weightCalls('commitWeights');
    const reveals = await weightCalls('revealWeights');
    expect(commits.length).toBeGreaterThan(0);
    expect(reveals.filter(({ succeeded }) => succeeded).length).toBeGreaterThan(0);
    const [uid, best] = [await world().uidOf('validator'), await world().uidOf('best')];
    const { weights } = await metagraphOf(world().api, NETUID, await world().node.newBlock());
    expect(weights.get(uid)?.find(([to]) => to === best)).toEqual([best, ALL]);
  });
});
