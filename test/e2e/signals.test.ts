import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { childrenOf, survivors } from './process-tree.js';
import { allOf, errorOf, eventsOf, startRun, validator, type RunningValidator } from './validator-process.js';
import { newWorld, type World } from './world.js';

const slowRun = (world: World): RunningValidator => startRun(['--config', world.config]);

describe('Ctrl+C', () => {
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
    const { code, signal, stdout } = await run.ended;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(Date.now() - askedAt).toBeLessThan(3000);
    const events = eventsOf(stdout);
    expect(events.at(-1)).toMatchObject({ event: 'run-stopped', reason: 'signal', rounds: allOf(events, 'round-finished').length });
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

  it('before the first event is no failure either', async () => {
    const run = slowRun(newWorld());
    // Somewhere between the handler's installation and the first event.
    for (let waited = 0; run.events.length === 0 && waited < 40; waited += 1) {
      await delay(20);
      if (waited > 8) break;
    }
    run.kill('SIGINT');
    const { code, signal, stderr } = await run.ended;
    expect(signal === 'SIGINT' || code === 0, stderr).toBe(true);
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

  it.each([
    ['chain', 'status'],
    ['chain', 'weights'],
    ['chain', 'metagraph'],
    ['chain', 'commitments'],
    ['journal', 'ls'],
    ['journal', 'show', '1'],
    ['journal', 'replay', '1'],
    ['config', 'show'],
  ])('can be looked at meanwhile: %s %s', async (...args) => {
    const given = args.filter((argument) => typeof argument === 'string');
    const answer = await validator([...given, '--config', world.config, '--json']);
    expect({ code: answer.code, stderr: answer.stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(answer.stdout)).toBeTypeOf('object');
  });

  it('has readers only that change nothing: the run goes on', async () => {
    run.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
  });
});
