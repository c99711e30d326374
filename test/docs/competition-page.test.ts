import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOKENIZER } from '@assay/competition-demo/dist/competitions.js';
import { errorOf, validator } from '../e2e/validator-process.js';
import { ROOT } from '../e2e/world.js';
import { filesOfPage, writeFiles } from './page-files.js';

const files = filesOfPage('competition.md');

describe('the package that docs/build/competition.md writes', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'assay-page-'));
    writeFiles(folder, files);
    // In place of npm install: the core and the compiler of this checkout.
    mkdirSync(join(folder, 'node_modules', '@assay'), { recursive: true });
    symlinkSync(join(ROOT, 'core'), join(folder, 'node_modules', '@assay', 'core'));
    symlinkSync(join(ROOT, 'node_modules', 'zod'), join(folder, 'node_modules', 'zod'));
    execFileSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], {
      encoding: 'utf8',
    });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('consists of the files that the page names', () => {
    expect([...files.keys()].sort()).toEqual([
      'package.json',
      'src/competition.ts',
      'src/index.ts',
      'src/poems.ts',
      'src/profile.ts',
      'tsconfig.json',
      'verse.yaml',
    ]);
  });

  it('passes every check', async () => {
    const answer = await validator(['competition', 'check', folder, '--json']);
    const results = JSON.parse(answer.stdout) as {
      subject: string;
      name: string;
      passed: boolean;
      reason: string | null;
    }[];
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(new Set(results.map(({ subject }) => subject))).toEqual(
      new Set([folder, 'rhymes', 'local-poems', 'subnet verse']),
    );
    expect(answer.code).toBe(0);
  });

  it("needs nothing of Assay's when it runs", async () => {
    const bare = join(folder, 'installed');
    mkdirSync(bare);
    execFileSync('cp', ['-r', join(folder, 'dist'), join(folder, 'package.json'), bare]);
    writeFileSync(join(folder, 'config.yaml'), `subnet: verse\nplugins: [${bare}]\n`);
    const answer = await validator(['competitions', 'rhymes', '--json', '--config', join(folder, 'config.yaml')]);
    expect(JSON.parse(answer.stdout)).toMatchObject({
      competitions: [
        { name: 'rhymes', id: 40, shares: [{ subnet: 'verse', fromBlock: 0, untilBlock: null, share: 1 }] },
      ],
    });
  });

  it("judges the demo's miners on a network of its own", { timeout: 180_000 }, async () => {
    const path = join(folder, 'dist', 'competition.js');
    const original = readFileSync(path, 'utf8');
    const fitting: [from: string | RegExp, to: string][] = [
      ['minParameters: 100_000_000', 'minParameters: 100_000'],
      ['maxParameters: 130_000_000', 'maxParameters: 700_000'],
      ['sequenceLength: 1024', 'sequenceLength: 256'],
      ["{ kind: 'builtin', name: 'cl100k_base' }", `{ kind: 'folder', path: ${JSON.stringify(TOKENIZER)} }`],
      ["dataset: 'tiiuae/falcon-refinedweb'", "dataset: 'local-poems'"],
      [/dataset: 'huggingface-rows',.*\n.*datasetOptions: .*,/, "dataset: 'local-poems',"],
    ];
    writeFileSync(
      path,
      fitting.reduce((text, [from, to]) => text.replace(from, to), original),
    );
    const network = ['.verse', '--netuid', '40', '--weights-version-key', '1', '--competition', '40'];
    execFileSync(process.execPath, [join(ROOT, 'competitions', 'demo', 'dist', 'main.js'), ...network], {
      cwd: folder,
    });
    const config = join(folder, 'verse.yaml');
    const run = await validator(['run', '--once', '--json', '--config', config], { cwd: folder });
    writeFileSync(path, original);
    expect(run.code, run.stderr).toBe(0);
    const weights = await validator(['chain', 'weights', '--json', '--config', config], { cwd: folder });
    expect(JSON.parse(weights.stdout)).toMatchObject({ netuid: 40 });
    expect((await validator(['journal', 'ls', '--json', '--config', config], { cwd: folder })).stdout).toContain(
      'rhymes',
    );
  });

  it.each<[what: string, path: string, from: string, to: string, expected: string]>([
    [
      'weights that do not sum to 1',
      'dist/competition.js',
      'weight: 0.25',
      'weight: 0.5',
      'weights of the tasks must sum to 1',
    ],
    ['an epsilon that grows', 'dist/competition.js', 'end: 0.0005', 'end: 0.5', 'end is above start'],
    [
      'a limit that no model meets',
      'dist/competition.js',
      'maxBytes: 600 *',
      'maxBytes: 1 *',
      'bytes, 1048576 are allowed',
    ],
    [
      'a draw that depends on the clock',
      'dist/poems.js',
      'random.randint(0, POEMS.length - 1)',
      'Math.floor(Math.random() * POEMS.length)',
      'another clock, or Math.random',
    ],
    [
      'shares above everything',
      'dist/profile.js',
      'share: 1 }',
      "share: 1 }, { id: 41, name: 'others', share: 1 }",
      'sum to 2, not to 1',
    ],
    [
      'a commitment that need not rest',
      'dist/profile.js',
      'evaluationDelay: 250',
      'evaluationDelay: 50',
      '50 blocks of rest',
    ],
    ['a key that no task has', 'dist/competition.js', 'maxBatches: 50', 'maxBatch: 50', 'maxBatch'],
    ['a key that no profile has', 'dist/profile.js', 'sampleMin: 5', 'sampleMin: 5, sampleMax: 5', 'sampleMax'],
    [
      'a dataset that nobody has',
      'dist/competition.js',
      'tiiuae/falcon-refinedweb',
      'tiiuae/falcon-refined',
      'DATASET_UNKNOWN',
    ],
    ['an option that the dataset needs', 'dist/competition.js', ', lastOffset: 90_000', '', 'lastOffset'],
    [
      'an option that the dataset does not have',
      'dist/competition.js',
      'lastOffset: 90_000',
      'lastOffset: 90_000, spilt: 1',
      'spilt',
    ],
    ['a tokenizer that is not built in', 'dist/competition.js', 'cl100k_base', 'cl200k_base', 'cl200k_base'],
    [
      'a tokenizer that is not there',
      'dist/competition.js',
      "kind: 'builtin', name: 'cl100k_base'",
      "kind: 'folder', path: '/nowhere'",
      '/nowhere',
    ],
    [
      'an architecture that no evaluator has',
      'dist/competition.js',
      "'Qwen2ForCausalLM'",
      "'Qwen2CausalLM'",
      'ARCHITECTURES_UNSUPPORTED',
    ],
    [
      'a name that is not scheduled',
      'dist/profile.js',
      "name: 'rhymes', share",
      "name: 'rimes', share",
      'COMPETITION_UNKNOWN',
    ],
    [
      'a dataset that is none',
      'dist/poems.js',
      'async create() {',
      'async create() { return undefined;',
      'DATASET_MALFORMED',
    ],
    [
      'a dataset that draws nothing',
      'dist/poems.js',
      'signal.throwIfAborted();',
      'return undefined;',
      'DATASET_MALFORMED',
    ],
  ])('fails with %s', async (_what, path, from, to, expected) => {
    const original = readFileSync(join(folder, path), 'utf8');
    expect(original).toContain(from);
    writeFileSync(join(folder, path), original.replace(from, to));
    const answer = await validator(['competition', 'check', folder, '--json']);
    writeFileSync(join(folder, path), original);
    expect(answer.code).toBe(1);
    const results = JSON.parse(answer.stdout) as { reason: string | null }[];
    expect(results.flatMap(({ reason }) => reason ?? []).join('\n')).toContain(expected);
  });

  it('made for another version is refused before anything of it runs', async () => {
    const manifest = readFileSync(join(folder, 'package.json'), 'utf8');
    writeFileSync(join(folder, 'package.json'), manifest.replace('"apiVersion": 1', '"apiVersion": 9'));
    const answer = await validator(['competition', 'check', folder, '--json']);
    writeFileSync(join(folder, 'package.json'), manifest);
    expect(errorOf(answer)).toMatchObject({ code: 'PLUGIN_API_VERSION', payload: { apiVersion: 9, wanted: 1 } });
  });
});
