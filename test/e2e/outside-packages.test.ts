import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TEXTS, TOKENIZER } from '@assay/competition-demo/dist/competitions.js';
import { errorOf, eventsOf, validator, type Answer } from './validator-process.js';
import { newFolder, newWorld, ROOT, type World } from './world.js';

/** Packages of strangers, installed from tarballs where no registry has anything of Assay's. */
let world: World;
let home: Record<string, string>;
const run = (...args: string[]): Promise<Answer> => validator(args, { env: home, cwd: world.folder });

const OPTIONAL = { '@assay/core': { optional: true }, '@assay/plugin-onnxruntime': { optional: true } };
const manifestOf = (name: string): Record<string, unknown> => ({
  name,
  version: '1.0.0',
  type: 'module',
  exports: './index.js',
  files: ['*.js'],
  validator: { plugin: true, apiVersion: 1 },
  oclif: {},
  dependencies: { zod: '4.6.7' },
  peerDependencies: { '@assay/core': '^0.1.0', '@assay/plugin-onnxruntime': '^0.1.0' },
  peerDependenciesMeta: OPTIONAL,
});

const competition = (name: string, architectures: readonly string[], dataset: string): string => `{
  id: 1, name: '${name}',
  constraints: { minParameters: 100_000, maxParameters: 700_000, maxBytes: 4 * 1024 * 1024, architectures: ${JSON.stringify(architectures)}, sequenceLength: 256 },
  tokenizer: { kind: 'folder', path: ${JSON.stringify(TOKENIZER)} },
  epsilon: { type: 'linear-decay', start: 0.02, end: 0.001, blocks: 1500 },
  tasks: [{
    name: 'docs', kind: 'text-loss', dataset: '${dataset}', datasetOptions: { path: ${JSON.stringify(TEXTS)} },
    pages: 2, batchSize: 1, packSamples: true, maxBatches: 6, weight: 1, normalization: { type: 'none' },
  }],
  comparison: 'mean-loss', onDatasetFailure: 'skip-round',
}`;

const LLAMA = ['LlamaForCausalLM', 'MistralForCausalLM', 'Qwen2ForCausalLM', 'GPT2LMHeadModel'];

/** Values of the core: what makes a plugin, errors and the class that they have. */
const EPSILON_INDEX = `
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError, defineCompetition, defineErrors, definePlugin } from '@assay/core';
import { z } from 'zod';
const errors = defineErrors({
  TEXTS_GONE: { fault: 'validator', retry: 'backoff', message: ({ path }) => 'The texts at ' + path + ' are gone.', hint: () => 'Bring them back.' },
});
if (!(errors.TEXTS_GONE({ path: '' }) instanceof AssayError)) throw new Error('two copies of the core');
const texts = {
  options: z.strictObject({ path: z.string() }),
  create: async ({ path }) => ({
    documents: async ({ random, pages }, signal) => {
      signal.throwIfAborted();
      const lines = (await readFile(join(path, 'heldout.jsonl'), 'utf8').catch(() => { throw errors.TEXTS_GONE({ path }); })).trim().split('\\n');
      const drawn = Array.from({ length: pages * 5 }, () => random.randint(0, lines.length - 1));
      return { documents: drawn.map((line) => JSON.parse(lines[line]).text), pages: drawn.map(String), source: path };
    },
  }),
};
export default definePlugin({
  apiVersion: 1, name: 'outside-epsilon',
  provides: { competitions: [defineCompetition(${competition('outside-epsilon', LLAMA, 'outside-texts')})], datasets: { 'outside-texts': texts } },
});
`;

const OLMO_INDEX = `
import { definePlugin } from '@assay/core';
export default definePlugin({
  apiVersion: 1, name: 'outside-olmo',
  provides: {
    competitions: [${competition('outside-olmo', [...LLAMA, 'OlmoForCausalLM'], 'local-text')}],
    modules: { onnxruntime: [new URL('./olmo.js', import.meta.url).href] },
  },
});
`;

function packageAt(name: string, files: Readonly<Record<string, string>>, change: object = {}): string {
  const path = join(newFolder(), name);
  mkdirSync(path);
  writeFileSync(join(path, 'package.json'), JSON.stringify({ ...manifestOf(name), ...change }));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
}

async function install(path: string): Promise<Answer> {
  const tarball = execFileSync('npm', ['pack', '--silent'], { cwd: path, encoding: 'utf8' }).trim();
  return run('plugins', 'install', join(path, tarball));
}

const OLMO = readFileSync(join(ROOT, 'examples', 'architecture', 'olmo.js'), 'utf8');
const installedFile = (...path: string[]): string =>
  join(home['XDG_DATA_HOME'] ?? '', 'assay', 'node_modules', ...path);

/** One round of the demo's miners, judged by one competition. */
const roundOf = (name: string): Promise<Answer> =>
  run(
    'run',
    '--rounds',
    '1',
    '--json',
    '--config',
    world.configWith(`${name}.yaml`, { competitions: [name], dataDir: join(world.folder, name) }),
  );

beforeAll(() => {
  world = newWorld();
  home = {
    XDG_DATA_HOME: join(world.folder, 'data'),
    XDG_CACHE_HOME: join(world.folder, 'cache'),
    XDG_CONFIG_HOME: join(world.folder, 'config'),
  };
});

describe('an installed competition that imports values of the core', () => {
  it('passes its checks and judges a round on the embedded network', { timeout: 300_000 }, async () => {
    const path = packageAt('outside-epsilon', { 'index.js': EPSILON_INDEX });
    const checked = await run('competition', 'check', path);
    expect(checked.code, checked.stdout + checked.stderr).toBe(0);
    const installed = await install(path);
    expect(installed.code, installed.stderr).toBe(0);
    expect(existsSync(installedFile('@assay'))).toBe(false);
    const round = await roundOf('outside-epsilon');
    expect(round.code, round.stderr).toBe(0);
    const weights = await run('chain', 'weights', '--json', '--config', join(world.folder, 'outside-epsilon.yaml'));
    expect(weights.stdout).toContain('"uid":0');
    const rounds = await run('journal', 'ls', '--json', '--config', join(world.folder, 'outside-epsilon.yaml'));
    expect(rounds.stdout).toContain('outside-epsilon');
  });
});

/** Where models come from, as a stranger writes it: the core does everything else. */
const SOURCE_INDEX = `
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { definePlugin, storeErrors } from '@assay/core';
import { z } from 'zod';
const sourceIn = (folder) => ({
  description: 'the shelf ' + folder,
  sources: ['hf', 'shelf'],
  list: async ({ namespace, name, revision }) => {
    if (name !== 'llama') throw storeErrors.REPO_NOT_FOUND({ repo: namespace + '/' + name });
    const names = (await readdir(folder)).filter((path) => path !== 'golden.json');
    const files = await Promise.all(names.map(async (path) => ({ path, size: (await stat(join(folder, path))).size })));
    return { files, totalBytes: files.reduce((sum, { size }) => sum + size, 0) };
  },
  open: async (_reference, { path }, { start, end }, signal) => ({
    start,
    bytes: createReadStream(join(folder, path), { start, end: end - 1, signal }),
  }),
});
export default definePlugin({
  apiVersion: 1, name: 'outside-source',
  provides: { store: { options: z.strictObject({ shelf: z.string() }), create: async ({ shelf }) => sourceIn(shelf) } },
});
`;

describe('an installed source of models', () => {
  const MODEL = join(ROOT, 'competitions', 'demo', 'assets', 'models', 'llama-60steps');

  it('has its models fetched, kept and measured', { timeout: 180_000 }, async () => {
    const installed = await install(packageAt('outside-source', { 'index.js': SOURCE_INDEX }));
    expect(installed.code, installed.stderr).toBe(0);
    const kept = join(world.folder, 'kept');
    const config = world.configWith('shelf.yaml', { store: { use: 'outside-source', shelf: MODEL, dir: kept } });
    const evaluate = (model: string): Promise<Answer> =>
      run('evaluate', model, '--sequences', join(MODEL, 'golden.json'), '--json', '--config', config);
    const measured = await evaluate('shelf:top/left/llama@sha256:12ab');
    expect(measured.code, measured.stderr).toBe(0);
    expect(
      existsSync(join(kept, 'models', 'shelf~top~left', 'llama', 'sha256~12ab', 'files', 'model.safetensors')),
    ).toBe(true);
    expect(errorOf(await evaluate('shelf:top/left/mistral@1'))).toMatchObject({
      code: 'REPO_NOT_FOUND',
      fault: 'miner',
    });
    expect(errorOf(await evaluate('oci:top/left/llama@sha256:12ab'))).toMatchObject({ code: 'SOURCE_NOT_SERVED' });
  });
});

describe('an installed architecture module', () => {
  const golden = z.object({ losses: z.array(z.number()) });

  it('is refused when its tarball lacks the module', { timeout: 180_000 }, async () => {
    const refused = await install(packageAt('outside-olmo', { 'index.js': OLMO_INDEX }));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('ARCHITECTURE_MODULE: ');
    expect(refused.stderr).toContain('It was removed again.');
  });

  it('serves the evaluator: a round is judged, and a model of it is measured', { timeout: 300_000 }, async () => {
    const installed = await install(packageAt('outside-olmo', { 'index.js': OLMO_INDEX, 'olmo.js': OLMO }));
    expect(installed.code, installed.stderr).toBe(0);
    const round = await roundOf('outside-olmo');
    expect(round.code, round.stderr).toBe(0);
    const model = join(world.folder, 'olmo');
    cpSync(join(ROOT, 'test', 'fixtures', 'olmo'), model, { recursive: true });
    const measured = await run('evaluate', model, '--sequences', join(model, 'golden.json'), '--json');
    expect(measured.code, measured.stderr).toBe(0);
    const expected = golden.parse(JSON.parse(readFileSync(join(model, 'golden.json'), 'utf8'))).losses;
    const { losses } = golden.parse(JSON.parse(measured.stdout));
    expect(losses).toHaveLength(expected.length);
    for (const [index, loss] of losses.entries()) expect(Math.abs(loss - (expected[index] ?? NaN))).toBeLessThan(1e-5);
  });

  it('that breaks later stops only the competitions that need it', { timeout: 300_000 }, async () => {
    writeFileSync(installedFile('outside-olmo', 'olmo.js'), "import 'not-there';");
    const others = await roundOf('demo-docs');
    expect(others.code, others.stderr).toBe(0);
    expect(others.stderr).toContain('ARCHITECTURE_MODULE');
    expect(others.stderr.match(/a module with architectures is left out/g)).toHaveLength(1);
    const needing = await roundOf('outside-olmo');
    expect(errorOf(needing)).toMatchObject({ code: 'ARCHITECTURES_UNSUPPORTED', fault: 'config' });
    expect(needing.code).toBe(2);
  });

  it('and so does a package that does not load at all', { timeout: 300_000 }, async () => {
    writeFileSync(installedFile('outside-olmo', 'index.js'), "import 'not-there';");
    const others = await run('competitions', 'demo-docs', '--json');
    expect([others.code, others.stderr]).toEqual([0, expect.stringContaining('PLUGIN_BROKEN')]);
    expect(errorOf(await roundOf('outside-olmo'))).toMatchObject({ code: 'PLUGIN_BROKEN' });
    // While a broken package is there, no other one is installed.
    const removed = await run('plugins', 'uninstall', 'outside-olmo');
    expect(removed.code, removed.stderr).toBe(0);
  });
});

/** A match rule of a stranger's, and a competition that plays the demo's duel by it. */
const MATCH_INDEX = `
import { definePlugin } from '@assay/core';
import duel from '@assay/competition-duel';
import { z } from 'zod';
const lossesOf = ({ tasks }) => tasks.flatMap(({ losses }) => losses);
const majority = {
  name: 'outside-majority', version: 1, summary: 'A challenger wins that is better on most samples.',
  parameters: z.strictObject({ share: z.number().min(0.5).lt(1) }), examples: [{ share: 0.6 }],
  bind: ({ share }) => {
    const better = (one, king) => lossesOf(one).filter((loss, index) => loss + Math.abs(loss) * (one.margin ?? 0) < lossesOf(king)[index]).length;
    const sides = (contenders, { incumbents }) => {
      const king = contenders.find(({ hotkey }) => hotkey === incumbents[0]) ?? contenders[0];
      return { king, challengers: contenders.filter((one) => one !== king) };
    };
    return {
      columns: [{ key: 'verdict', title: 'verdict', about: 'won or lost' }, { key: 'better', title: 'better on', about: 'Samples.' }],
      earlyStop: { every: 16, stops: (contenders, context) => {
        const { king, challengers } = sides(contenders, context);
        const total = context.drawn[0].samples;
        return challengers.every((one) => better(one, king) + total - lossesOf(one).length <= share * total);
      } },
      *play(contenders, context) {
        const { king, challengers } = sides(contenders, context);
        const total = context.drawn.reduce((sum, { samples }) => sum + samples, 0);
        const records = new Map();
        let winner = king;
        for (const one of challengers) {
          const count = better(one, king);
          if (count > share * total && winner === king) winner = one;
          records.set(one.uid, { wins: count, matches: total, winRate: 0, values: { verdict: winner === one ? 'won' : 'lost', better: count } });
          yield;
        }
        records.set(king.uid, { wins: 0, matches: total, winRate: 0 });
        records.get(winner.uid).winRate = 1;
        return { records, winner: winner.uid };
      },
      bar: ({ score }) => ({ score, about: 'a lower loss on most samples' }),
      samplesNeeded: (total) => total,
    };
  },
};
const { competitions, profiles } = duel.provides;
const competition = { ...competitions.find(({ name }) => name === 'duel-demo'), id: 5, name: 'outside-duel', match: { rule: 'outside-majority', share: 0.6 } };
const profile = { ...profiles['duel-demo'], name: 'outside-duel', schedule: [{ fromBlock: 0, competitions: [{ id: 5, name: 'outside-duel', share: 1 }] }] };
export default definePlugin({
  apiVersion: 1, name: 'outside-duel',
  provides: { matchRules: [majority], competitions: [competition], profiles: { 'outside-duel': profile } },
});
`;

describe('an installed match rule', () => {
  it('is held to its door, and plays a duel in parts that replays', { timeout: 300_000 }, async () => {
    const path = packageAt('outside-duel', { 'index.js': MATCH_INDEX });
    const installed = await install(path);
    expect(installed.code, installed.stderr).toBe(0);
    const folder = newFolder();
    execFileSync(process.execPath, [join(ROOT, 'competitions', 'demo', 'dist', 'main.js'), folder, '--duel']);
    const example = readFileSync(join(ROOT, 'examples', 'demo-duel.yaml'), 'utf8');
    const config = join(folder, 'duel.yaml');
    const changed = example
      .replaceAll('../.assay/demo-duel', folder)
      .replace('subnet: duel-demo', 'subnet: outside-duel');
    writeFileSync(config, changed);
    const played = await run('run', '--until-idle', '--json', '--config', config);
    expect(played.code, played.stderr).toBe(0);
    const rounds = eventsOf(played.stdout).flatMap((event) => (event.event === 'round-finished' ? [event] : []));
    const verdicts = rounds.map(({ rows }) =>
      rows.flatMap(({ uid, values }) => (values['verdict'] ? [[uid, values['verdict']]] : [])),
    );
    expect(verdicts.flat()).toEqual([
      [2, 'lost'],
      [3, 'won'],
      [5, 'won'],
      [6, 'lost'],
      [7, 'lost'],
    ]);
    expect(rounds[0]?.saved).toMatchObject({ samples: 64, used: 32 });
    const replayed = await run('journal', 'replay', '1', '--json', '--config', config);
    expect(replayed.code, replayed.stdout + replayed.stderr).toBe(0);
    const checked = await run('competition', 'check', path, '--json', '--config', config);
    const results = z.array(z.object({ subject: z.string(), passed: z.boolean() })).parse(JSON.parse(checked.stdout));
    expect(
      results.filter(({ subject }) => subject === 'match rule outside-majority').map(({ passed }) => passed),
    ).not.toContain(false);
    expect(results.map(({ subject }) => subject)).toContain('match rule outside-majority');
  });
});
