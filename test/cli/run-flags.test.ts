import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalNetwork } from '@assay/plugin-local-chain';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { modernArguments } from '../../cli/dist/legacy-flags.js';
import { allOf, errorOf, eventsOf, firstOf, killedAt, validator } from '../e2e/validator-process.js';
import { newFolder, newWorld, type World } from '../e2e/world.js';

/** One competition and losses out of thin air: what the flags do does not depend on them. */
function quickWorld(): World {
  const world = newWorld();
  const program = join(import.meta.dirname, '..', 'e2e', 'programs', 'digest-evaluator.mjs');
  const config = world.configWith('quick.yaml', {
    evaluator: { use: 'process', command: ['node', program], canary: false },
    competitions: ['demo-docs'],
  });
  return { ...world, config };
}

/** The validator's own weights on chain. */
function ownWeights({ folder }: World): unknown {
  const network = LocalNetwork.open(join(folder, 'network', 'chain.db'), 'read');
  const snapshot = network.snapshot();
  network.close();
  return [...snapshot.weights].find(([uid]) => uid === 0);
}

describe('validator run', () => {
  it('shows the weights and leaves the chain alone when asked to', async () => {
    const world = quickWorld();
    for (const [flag, mode, reason] of [
      ['--dry-run', 'dry-run', 'dry-run'],
      ['--dont-set-weights', 'no-weights', 'disabled'],
      ['--offline', 'offline', 'offline'],
    ]) {
      const { code, stdout } = await validator(['run', '--config', world.config, '--once', '--json', flag ?? '']);
      expect(code).toBe(0);
      const events = eventsOf(stdout);
      expect(events[0]).toMatchObject({ mode: [mode] });
      const withheld = firstOf(events, 'weights-withheld');
      expect(withheld).toMatchObject({ reason });
      expect(withheld?.weights.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
      expect(allOf(events, 'weights-set')).toEqual([]);
      expect(ownWeights(world)).toBeUndefined();
    }
  });

  it('a hotkey that is not registered is refused, and welcome offline', async () => {
    const world = quickWorld();
    const chain = {
      use: 'local-chain',
      file: join(world.folder, 'network', 'chain.db'),
      genesis: join(world.folder, 'network', 'genesis.json'),
      hotkey: '//stranger',
    };
    const program = join(import.meta.dirname, '..', 'e2e', 'programs', 'digest-evaluator.mjs');
    const config = world.configWith('stranger.yaml', {
      chain,
      evaluator: { use: 'process', command: ['node', program], canary: false },
      competitions: ['demo-docs'],
    });
    const refused = await validator(['run', '--config', config, '--once', '--json']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^NOT_REGISTERED: .*\n {2}→ .*--offline/);
    const { code, stdout } = await validator(['run', '--config', config, '--once', '--json', '--offline']);
    expect(code).toBe(0);
    expect(firstOf(eventsOf(stdout), 'metagraph-synced')).toMatchObject({ uid: null });
    expect(allOf(eventsOf(stdout), 'round-finished')).toHaveLength(1);
  });

  it('a journal of another subnet is not gone on with', async () => {
    const { config } = quickWorld();
    await validator(['run', '--config', config, '--once', '--json', '--offline']);
    const other = await validator(['run', '--config', config, '--once', '--json', '--netuid', '40']);
    expect([other.code, errorOf(other).code]).toEqual([2, 'JOURNAL_OF_ANOTHER_SUBNET']);
  });

  it('--rounds ends after that many', async () => {
    const { config } = quickWorld();
    const { code, stdout } = await validator(['run', '--config', config, '--rounds', '1', '--json']);
    expect(code).toBe(0);
    const events = eventsOf(stdout);
    expect(allOf(events, 'round-finished').map(({ number }) => number)).toEqual([1]);
    expect(events.at(-1)).toMatchObject({ event: 'run-stopped', reason: 'rounds-done', rounds: 1 });
  });

  it("takes the reference's spellings; paths start where the shell stands", async () => {
    const world = quickWorld();
    const cwd = newFolder();
    const old = [
      '--sample_min',
      '3',
      '--dont_set_weights',
      '--wandb.off',
      '--logging.debug',
      '--model_dir',
      './models',
    ];
    const { code, stdout, stderr } = await validator(['run', '--config', world.config, '--once', '--json', ...old], {
      cwd,
    });
    expect(code).toBe(0);
    expect(stderr).toContain('--wandb.off has no effect');
    const events = eventsOf(stdout);
    expect(events[0]).toMatchObject({ mode: ['no-weights'] });
    expect(readdirSync(join(cwd, 'models', 'models')).length).toBeGreaterThan(5);
    expect(existsSync(join(world.folder, 'store'))).toBe(false);
    const kept = await validator(['journal', 'show', '1', '--config', world.config, '--json']);
    expect(JSON.parse(kept.stdout)).toMatchObject({
      entry: { rules: { entrants: { parameters: { count: 3 } } }, verdict: { keep: { length: 3 } } },
    });
  });

  it('refuses flags that it does not know or can not read, by name', async () => {
    const cases: [flags: string[], named: string][] = [
      [['--nonsense'], '--nonsense'],
      [['--sample-min', 'many'], 'sample-min'],
      [['--sample-min', '0'], 'sample-min'],
      [['--rounds', '1', '--once'], 'once'],
    ];
    const answers = await Promise.all(cases.map(([flags]) => validator(['run', '--config', 'nowhere.yaml', ...flags])));
    for (const [index, { code, stdout, stderr }] of answers.entries()) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(cases[index]?.[1]);
    }
  });
});

describe('modernArguments', () => {
  it.each([
    [['run', '--sample_min', '3'], ['run', '--sample-min', '3'], 0],
    [['run', '--sample_min=3'], ['run', '--sample-min', '3'], 0],
    [['run', '--wandb_project', 'mine', '--once'], ['run', '--once'], 1],
    [['run', '--wandb_project=mine', '--once'], ['run', '--once'], 1],
    [['run', '--wandb.off', '--once'], ['run', '--once'], 1],
    [['run', '--logging.debug'], ['run', '--log-level', 'debug'], 0],
    [['run', '--unheard.of', 'x'], ['run', '--unheard.of', 'x'], 0],
    [['evaluate', './a=b'], ['evaluate', './a=b'], 0],
  ])('%j', (given, args, notes) => {
    const modern = modernArguments(given);
    expect(modern.args).toEqual(args);
    expect(modern.notes).toHaveLength(notes);
  });
});

describe('a key that nobody unlocks', () => {
  it.each([
    ['run', []],
    ['model push', ['.', '--repo', 'me/mine', '--competition', 'demo-docs']],
  ])('does not keep validator %s from ending with the signal', async (command, more) => {
    const { config } = quickWorld();
    const folder = newFolder();
    const fake = join(folder, 'asked.yaml');
    const others = z.looseObject({}).parse(parse(readFileSync(config, 'utf8')));
    const plugins = [join(import.meta.dirname, 'programs', 'fake-chain.mjs')];
    writeFileSync(fake, stringify({ ...others, dataDir: folder, plugins, chain: { use: 'fake', identity: 'asked' } }));
    const started = performance.now();
    const args = [...command.split(' '), ...more, '--config', fake];
    const { stderr, stdout } = await killedAt(args, sleep(8000), {}, 'SIGTERM');
    expect(performance.now() - started, stderr + stdout).toBeLessThan(30_000);
    expect(performance.now() - started, stderr + stdout).toBeGreaterThan(8000);
  });
});
