import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { childrenOf, survivors } from './process-tree.js';
import { allOf, errorOf, eventsOf, startRun, validator, type RunningValidator } from './validator-process.js';
import { newWorld, type World } from './world.js';

const slowRun = (world: World): RunningValidator => startRun(['--config', world.config]);

describe('Ctrl+C', () => {
  let world: World;

  beforeAll(() => {
    world = newWorld();
  });

  it.each([
    ['while models are fetched', 'model-checked'],
    ['in the middle of an evaluation', 'evaluation-progress'],
    ['between rounds', 'round-finished'],
  ] as const)('%s: ends within seconds, tells so, leaves no process', async (_when, event) => {
    const run = slowRun(newWorld());
    await run.saw(event);
    const children = childrenOf(run.pid);
    expect(children.length).toBeGreaterThan(0);
    const askedAt = Date.now();
    run.kill('SIGINT');
    const { code, signal, stdout, stderr } = await run.ended;
    expect({ code, signal }, stderr).toEqual({ code: 0, signal: null });
    expect(Date.now() - askedAt).toBeLessThan(3000);
    const events = eventsOf(stdout);
    expect(events.at(-1)).toMatchObject({
      event: 'run-stopped',
      reason: 'signal',
      rounds: allOf(events, 'round-finished').length,
    });
    expect(await survivors(children, 500)).toEqual([]);
  });

  it('during --once as well', async () => {
    const run = startRun(['--config', newWorld().config, '--once']);
    await run.saw('evaluation-finished');
    run.kill('SIGTERM');
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(eventsOf(stdout).at(-1)).toMatchObject({ event: 'run-stopped', reason: 'signal', rounds: 0 });
  });

  it('twice: at once, and no process stays behind', async () => {
    const run = slowRun(newWorld());
    await run.saw('evaluation-progress');
    const children = childrenOf(run.pid);
    run.kill('SIGINT');
    run.kill('SIGINT');
    await delay(1);
    run.kill('SIGINT');
    const { code } = await run.ended;
    expect([0, 130]).toContain(code);
    expect(await survivors(children, 1500)).toEqual([]);
  });

  it.each([0.2, 0.25, 0.3, 0.35])('%d s after the start is no failure either', async (seconds) => {
    const run = slowRun(world);
    await delay(seconds * 1000);
    run.kill('SIGINT');
    const { code, signal, stderr } = await run.ended;
    // Before there is a handler, the signal itself ends the process.
    expect({ code, signal }, stderr).toEqual(signal === 'SIGINT' ? { code: null, signal } : { code: 0, signal: null });
  });
});

describe('kill -9', () => {
  it('takes the evaluators along within a second or so', async () => {
    const run = slowRun(newWorld());
    await run.saw('evaluation-progress');
    const children = childrenOf(run.pid);
    expect(children.length).toBeGreaterThan(0);
    run.kill('SIGKILL');
    await run.ended;
    expect(await survivors(children, 1500)).toEqual([]);
  });
});

describe('a data folder', () => {
  let world: World;
  let run: RunningValidator;

  beforeAll(async () => {
    world = newWorld();
    run = slowRun(world);
    await run.saw('round-finished');
    return () => {
      run.kill('SIGKILL');
    };
  });

  it('has one validator; a second one is told who', async () => {
    const second = await validator(['run', '--config', world.config, '--once', '--json']);
    expect(second.code).toBe(2);
    const error = errorOf(second);
    expect(error.code).toBe('DATA_FOLDER_LOCKED');
    expect(error.payload).toMatchObject({ pid: run.pid });
    expect(error.hint).toContain('--data-dir');
  });

  it('can be looked at meanwhile, and the run goes on', async () => {
    const looks = [
      'chain status',
      'chain weights',
      'chain metagraph',
      'chain commitments',
      'journal ls',
      'journal show 1',
      'journal replay 1',
      'config show',
    ];
    const answers = await Promise.all(
      looks.map((look) => validator([...look.split(' '), '--config', world.config, '--json'])),
    );
    expect(answers.map(({ code, stderr }, index) => [looks[index], code, stderr])).toEqual(
      looks.map((look) => [look, 0, '']),
    );
    for (const { stdout } of answers) expect(JSON.parse(stdout)).toBeTypeOf('object');
    run.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
  });
});
