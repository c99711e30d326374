import { spawn, spawnSync } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openJournal } from '@assay/plugin-libsql-journal';
import { z } from 'zod';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { errorOf, eventsOf, validator } from './validator-process.js';
import { newFolder, newWorld, ROOT, type World } from './world.js';

// Whole runs of the demo, some of them beside each other.
vi.setConfig({ testTimeout: 180_000 });

const VALIDATOR = join(ROOT, 'bin', 'validator.js');
const hasFull = existsSync('/dev/full');

interface Ended {
  code: number | null;
  stderr: string;
}

/** A command through the shell, so that its outputs go where the shell sends them. */
function shell(command: string, args: readonly string[]): Ended {
  const { status, stderr } = spawnSync('sh', ['-c', command, 'sh', process.execPath, VALIDATOR, ...args], {
    encoding: 'utf8',
  });
  return { code: status, stderr };
}

function roundsOf({ folder }: World): number {
  const journal = openJournal({ folder, mode: 'read' });
  return journal.head()?.number ?? 0;
}

const genesis = z.looseObject({ hyperparameters: z.looseObject({}).default({}), commitments: z.array(z.unknown()) });

function changeGenesis({ folder }: World, change: (of: z.infer<typeof genesis>) => object): void {
  const file = join(folder, 'network', 'genesis.json');
  writeFileSync(file, JSON.stringify(change(genesis.parse(JSON.parse(readFileSync(file, 'utf8'))))));
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, 'network', `chain.db${end}`), { force: true });
}

describe.skipIf(!hasFull)('a full disk (skipped without /dev/full)', () => {
  it.each(['', '--json'])('under standard output of a run %s: it goes on, and says so', (json) => {
    const world = newWorld();
    const args = ['run', '--config', world.config, '--once', ...(json === '' ? [] : [json])];
    const { code, stderr } = shell('exec "$@" > /dev/full', args);
    expect({ code, rounds: roundsOf(world) }, stderr).toEqual({ code: 0, rounds: 2 });
    expect(stderr).toContain('standard output can not be written to');
    expect(stderr).toContain('ENOSPC');
    expect(stderr).not.toContain('    at ');
  });

  it('under standard error of a run: it goes on', () => {
    const world = newWorld();
    const { code } = shell('exec "$@" 2> /dev/full > /dev/null', [
      'run',
      '--config',
      world.config,
      '--once',
      '--log-level',
      'debug',
    ]);
    expect({ code, rounds: roundsOf(world) }).toEqual({ code: 0, rounds: 2 });
  });

  it('under the answer of another command: it failed, with a code', () => {
    const { code, stderr } = shell('exec "$@" > /dev/full', ['config', 'show', '--config', newWorld().config]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^OUTPUT_UNWRITABLE: .*ENOSPC/);
  });
});

it('a log file on a disk that was full and has room again gets what follows', async (context) => {
  const folder = newFolder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status !== 0)
    context.skip('nothing can be mounted');
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  const world = newWorld();
  writeFileSync(join(folder, 'fill'), Buffer.alloc(61_440));
  const run = spawn(process.execPath, [VALIDATOR, 'run', '--json', '--config', world.config, '--log-level', 'debug'], {
    stdio: ['ignore', openSync(join(folder, 'log'), 'w'), 'pipe'],
  });
  onTestFinished(() => void run.kill('SIGKILL'));
  let stderr = '';
  run.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  while (!stderr.includes('can not be written to')) await delay(50);
  rmSync(join(folder, 'fill'));
  while (!stderr.includes('can be written to again')) await delay(50);
  run.kill('SIGTERM');
  expect(await once(run, 'exit')).toEqual([0, null]);
  expect(readFileSync(join(folder, 'log'), 'utf8')).toContain('"event":"run-stopped"');
});

it('a reader that has gone does not end the run', async () => {
  const world = newWorld();
  const run = spawn(process.execPath, [VALIDATOR, 'run', '--json', '--config', world.config, '--once'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(run.stdout, 'data');
  run.stdout.destroy();
  run.stderr.resume();
  expect(await once(run, 'exit')).toEqual([0, null]);
  expect(roundsOf(world)).toBe(2);
});

describe('exit code 3', () => {
  it('where nothing was recorded', async () => {
    const world = newWorld();
    changeGenesis(world, (given) => ({ ...given, commitments: [] }));
    const { code, stdout } = await validator(['run', '--config', world.config, '--once', '--json']);
    expect({ code, last: eventsOf(stdout).at(-1) }).toMatchObject({
      code: 3,
      last: { reason: 'rounds-done', rounds: 0 },
    });
  });

  it.each([['--once'], ['--rounds', '2']])('where weights that were due were not set (%s)', async (...flags) => {
    const world = newWorld();
    changeGenesis(world, (given) => ({
      ...given,
      hyperparameters: { ...given.hyperparameters, stakeThreshold: '9'.repeat(19) },
    }));
    const config = world.configWith('poor.yaml', { cadences: { weightsRetry: 10, weightsPoll: 1_000_000 } });
    const { code, stdout } = await validator(['run', '--config', config, ...flags, '--json']);
    const events = eventsOf(stdout);
    expect({ code, rounds: roundsOf(world) }).toEqual({ code: 3, rounds: 2 });
    expect(events.some(({ event }) => event === 'weights-failed')).toBe(true);
  });

  it('is not that of weights that are withheld on request', async () => {
    const { code } = await validator(['run', '--config', newWorld().config, '--once', '--dry-run', '--json']);
    expect(code).toBe(0);
  });
});

describe('a limit of open files', () => {
  it.each([24, 32, 48, 64, 96, 128, 200])('of %d is refused at once, with the number that is needed', (limit) => {
    const world = newWorld();
    const { code, stderr } = shell(`ulimit -n ${limit}; exec "$@"`, ['run', '--config', world.config, '--once']);
    expect({ code, stderr }).toMatchObject({ code: 2 });
    expect(stderr).toMatch(new RegExp(`^OPEN_FILES_LIMIT: .* ${limit} files .* needs 256`));
  });

  it('of the number that is needed is enough', () => {
    const world = newWorld();
    const { code, stderr } = shell('ulimit -n 256; exec "$@" > /dev/null', ['run', '--config', world.config, '--once']);
    expect({ code, stderr, rounds: roundsOf(world) }).toEqual({ code: 0, stderr: '', rounds: 2 });
  });

  it('is told in JSON on request', () => {
    const { stdout } = spawnSync(
      'sh',
      ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, VALIDATOR, 'run', '--json'],
      { encoding: 'utf8' },
    );
    expect(errorOf({ stdout, stderr: '', code: 2, signal: null })).toMatchObject({
      code: 'OPEN_FILES_LIMIT',
      fault: 'config',
    });
  });
});
