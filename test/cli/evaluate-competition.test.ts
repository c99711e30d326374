import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuleChoice } from '@assay/core/contracts/rule';
import { syncBlockSeed } from '@assay/core/sampling/sync-block';
import { localBlockHash } from '@assay/plugin-local-chain';
import { z } from 'zod';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorOf, validator } from '../e2e/validator-process.js';
import { newFolder, newWorld, ROOT, type World } from '../e2e/world.js';
import { overflowing } from './overflowing.js';

const MODELS = join(ROOT, 'competitions', 'demo', 'assets', 'models');
const BEST = join(MODELS, 'llama-2000steps');

const report = z.object({ code: z.string() });
const judged = z.object({
  bytes: z.number(),
  directoryHash: z.string().nullable(),
  losses: z.array(z.number()),
  tasks: z.array(z.object({ name: z.string(), dataset: z.string(), sequences: z.number(), meanLoss: z.number() })),
  competition: z.object({
    id: z.number(),
    block: z.number().nullable(),
    seed: z.string(),
    seedSource: z.string(),
    warnings: z.array(report),
    accepted: z.boolean(),
    reasons: z.array(z.string()),
    errors: z.array(report),
    score: z.number().nullable(),
    checks: z.array(z.object({ name: z.string(), found: z.unknown(), error: report.nullable() })),
    epsilon: z.object({ rule: z.string(), whenCommitted: z.number(), fullyDecayed: z.number() }),
    best: z
      .object({
        round: z.number(),
        uid: z.number(),
        block: z.number(),
        score: z.number(),
        epsilon: z.number(),
        toBeat: z.number(),
        sameSamples: z.boolean(),
      })
      .nullable(),
  }),
});
type Judged = z.infer<typeof judged>;

const errorCodes = ({ competition }: Judged): string[] => competition.errors.map(({ code }) => code);
const unmet = ({ competition }: Judged): (readonly [string, string])[] =>
  competition.checks.flatMap(({ name, error }) => (error ? [[name, error.code] as const] : []));

async function compete(
  model: string,
  ...more: string[]
): Promise<{ code: number | null; stderr: string; answer: Judged }> {
  const { code, stdout, stderr } = await validator(['evaluate', model, '--json', ...more]);
  return { code, stderr, answer: judged.parse(JSON.parse(stdout)) };
}

const reposOf = ({ folder }: World): string => join(folder, 'network', 'repos');

/** A repo of the demo at its one revision. */
function repoOf(world: World, repo: string): string {
  const [revision = ''] = readdirSync(join(reposOf(world), repo));
  return `${repo}@${revision}`;
}

/** The best demo model in a folder of its own. */
function copyOfBest(): string {
  const folder = join(newFolder(), 'model');
  cpSync(BEST, folder, { recursive: true });
  return folder;
}

const TEXTS = join(ROOT, 'competitions', 'demo', 'assets', 'texts');

const GONE =
  "{ options: { parse: (value) => value, safeParse: (data) => ({ success: true, data }) }, create: async () => ({ documents: async () => { throw new Error('gone'); } }) }";

/** A config with a competition of two tasks, the second one on the texts at a path, or on some that can't be had. */
function configOf(
  world: World,
  texts: string | undefined,
  change: Readonly<Record<string, unknown>> = {},
  entryChecks?: readonly RuleChoice[],
): string {
  const folder = join(world.folder, 'two-tasks');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'two-tasks', type: 'module', main: 'index.js', validator: { plugin: true, apiVersion: 1 } }),
  );
  writeFileSync(
    join(folder, 'index.js'),
    `import demo from ${JSON.stringify(join(ROOT, 'competitions', 'demo', 'dist', 'index.js'))};
    const [docs] = demo.provides.competitions;
    const [task] = docs.tasks;
    const half = (name, weight, options) => ({ ...task, name, weight, datasetOptions: { ...task.datasetOptions, ...options } });
    const second = ${texts === undefined ? "{ ...half('second', 0.25, {}), dataset: 'gone' }" : `half('second', 0.25, { path: ${JSON.stringify(texts)}, pageRows: 3 })`};
    export default { apiVersion: 1, name: 'two-tasks', provides: {
      datasets: { gone: ${GONE} },
      competitions: [{ ...docs, id: 7, name: 'two-tasks', tasks: [half('first', 0.75, {}), second], entryChecks: ${entryChecks ? JSON.stringify(entryChecks) : 'undefined'} }],
    } };`,
  );
  return world.configWith('two-tasks.yaml', { plugins: ['./two-tasks'], ...change });
}

describe('validator evaluate --competition', () => {
  let world: World;
  beforeAll(() => {
    world = newWorld();
  });
  const onDocs = (model: string): ReturnType<typeof compete> =>
    compete(model, '--competition', 'demo-docs', '--seed', '1', '--config', world.config);

  it('draws the same samples for the same seed, by name or number', async () => {
    const ask = (competition: string, seed: string): ReturnType<typeof compete> =>
      compete(BEST, '--competition', competition, '--seed', seed, '--config', world.config);
    const [byName, byNumber, other] = await Promise.all([ask('demo-docs', '7'), ask('1', '7'), ask('1', '8')]);
    expect(byName).toMatchObject({
      code: 0,
      answer: { competition: { id: 1, seed: '7', seedSource: 'given', accepted: true, reasons: [] } },
    });
    expect(byNumber.answer.losses).toEqual(byName.answer.losses);
    expect(other.answer.losses).not.toEqual(byName.answer.losses);
    expect(byName.answer.competition.score).toBe(byName.answer.tasks[0]?.meanLoss);
  });

  it('says every limit that a model does not meet', async () => {
    const { code, answer } = await onDocs(join(ROOT, 'test', 'fixtures', 'models', 'gptj-rot8'));
    expect(code).toBe(1);
    expect(answer.competition).toMatchObject({ accepted: false, score: null });
    expect(unmet(answer).map(([, error]) => error)).toEqual(['ARCHITECTURE_NOT_ALLOWED', 'VOCABULARY_TOO_SMALL']);
    expect(answer.losses).toEqual([]);
  });

  it('refuses an unreasonable model with its score beside it', async () => {
    const { code, answer } = await onDocs(join(MODELS, 'llama-60steps'));
    expect({ code, accepted: answer.competition.accepted, codes: errorCodes(answer) }).toEqual({
      code: 1,
      accepted: false,
      codes: ['UNREASONABLE_OUTPUT'],
    });
    expect(answer.competition.score).toBe(answer.tasks[0]?.meanLoss);
  });

  it('refuses a model whose losses are no numbers', async () => {
    const { code, answer } = await onDocs(overflowing());
    expect({ code, codes: errorCodes(answer), score: answer.competition.score }).toEqual({
      code: 1,
      codes: ['NON_FINITE_LOGITS'],
      score: null,
    });
  });

  it.each([
    [
      'two files of one content',
      'files',
      'DUPLICATE_FILES',
      (folder: string): void => {
        cpSync(join(folder, 'config.json'), join(folder, 'generation_config.json'));
      },
    ],
    [
      'a second config that says something else',
      'files',
      'REPO_FILE_INVALID',
      (folder: string): void => {
        const config = z.looseObject({}).parse(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')));
        writeFileSync(
          join(folder, 'config.json'),
          JSON.stringify({ ...config, configuration_files: ['config.4.0.0.json'] }),
        );
        writeFileSync(join(folder, 'config.4.0.0.json'), JSON.stringify({ ...config, rope_theta: 1 }));
      },
    ],
    [
      'too much beside the weights',
      'size',
      'MODEL_TOO_LARGE',
      (folder: string): void => {
        mkdirSync(join(folder, 'checkpoints', 'old'), { recursive: true });
        writeFileSync(join(folder, 'checkpoints', 'old', 'optimizer.pt'), Buffer.alloc(4 * 1024 * 1024));
      },
    ],
  ])('a folder with %s: scored, and what a commitment to it would meet', async (_what, check, code, change) => {
    const folder = copyOfBest();
    change(folder);
    const answer = await onDocs(folder);
    expect(answer.code).toBe(1);
    expect(unmet(answer.answer)).toEqual([[check, code]]);
    expect(answer.answer.competition.score).toBeGreaterThan(0);
  });

  it('a folder counts for what would be uploaded, links to files included', async () => {
    const folder = copyOfBest();
    const plain = await onDocs(folder);
    mkdirSync(join(folder, '.git'));
    writeFileSync(join(folder, '.git', 'pack'), Buffer.alloc(4 * 1024 * 1024));
    symlinkSync(join(MODELS, 'llama-60steps', 'config.json'), join(folder, 'linked.json'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
    const more = await onDocs(folder);
    expect(more.code).toBe(0);
    expect(more.answer.bytes - plain.answer.bytes).toBe(
      readFileSync(join(MODELS, 'llama-60steps', 'config.json')).length,
    );
    expect(more.answer.directoryHash).toBe(plain.answer.directoryHash);
  });

  it('a repo whose name no commitment can hold', async () => {
    const long = 'a-repo-of-more-letters-than-allow';
    const [name = '', revision = ''] = repoOf(world, 'qwens/qwen2-1300').split('@');
    cpSync(join(reposOf(world), name, revision), join(reposOf(world), 'qwens', long, revision), { recursive: true });
    const { code, answer } = await onDocs(`qwens/${long}@${revision}`);
    expect({ code, unmet: unmet(answer) }).toEqual({ code: 1, unmet: [['repo', 'REPO_ID_INVALID']] });
  });

  it.each([
    {
      repo: 'chaos/pickle',
      what: 'its revision',
      at: (revision: string) => revision,
      expected: 'NO_SAFETENSORS',
      exit: 1,
    },
    {
      repo: 'chaos/liar',
      what: 'its revision',
      at: (revision: string) => revision,
      expected: 'SAFETENSORS_MALFORMED',
      exit: 1,
    },
    {
      repo: 'honest/llama-60',
      what: 'another revision',
      at: () => '0'.repeat(40),
      expected: 'REVISION_NOT_FOUND',
      exit: 1,
    },
    { repo: 'honest/llama-60', what: 'a branch', at: () => 'main', expected: 'MODEL_REVISION_MISSING', exit: 2 },
    {
      repo: 'honest/llama-60',
      what: 'a short revision',
      at: (revision: string) => revision.slice(0, 7),
      expected: 'MODEL_REVISION_MISSING',
      exit: 2,
    },
  ])('$repo at $what: $expected', async ({ repo, at, expected, exit }) => {
    const [, revision = ''] = repoOf(world, repo).split('@');
    const answer = await validator([
      'evaluate',
      `${repo}@${at(revision)}`,
      '--competition',
      '1',
      '--json',
      '--config',
      world.config,
    ]);
    expect([answer.code, errorOf(answer).code]).toEqual([exit, expected]);
  });

  it('takes a fixed seed where there is no chain, and says so', async () => {
    const { code, answer } = await compete(BEST, '--competition', '1', '--data-dir', newFolder());
    expect(code).toBe(0);
    expect(answer.competition).toMatchObject({
      seed: '1',
      block: null,
      best: null,
      seedSource: expect.stringContaining('no chain') as unknown,
    });
  });

  it.each([
    [['--sequences', 'a.json', '--competition', '1'], 'EVALUATE_ON_WHAT'],
    [[], 'EVALUATE_ON_WHAT'],
    [['--competition', '99'], 'COMPETITION_NUMBER_UNKNOWN'],
    [['--competition', 'nobody'], 'COMPETITION_UNKNOWN'],
    [['--competition', '1', '--seed', '0x7'], 'SEED_INVALID'],
  ])('%j: %s', async (flags, expected) => {
    const answer = await validator(['evaluate', BEST, '--json', '--config', world.config, ...flags]);
    expect([answer.code, errorOf(answer).code]).toEqual([2, expected]);
  });

  it('prints tables for people', async () => {
    const { stdout } = await validator([
      'evaluate',
      BEST,
      '--competition',
      '1',
      '--seed',
      '7',
      '--config',
      world.config,
    ]);
    for (const word of [
      'perplexity',
      'tokens/s',
      's per sequence',
      'MiB of its own',
      'epsilon: 0.500 %',
      'would be accepted: yes',
      'LlamaForCausalLM',
      'sqlite-docs',
    ])
      expect(stdout).toContain(word);
    const refused = await validator([
      'evaluate',
      join(MODELS, 'llama-60steps'),
      '--competition',
      '1',
      '--seed',
      '7',
      '--config',
      world.config,
    ]);
    expect(refused.stdout).toContain('would be accepted: no, because\n  UNREASONABLE_OUTPUT: ');
  });
});

describe('beside a validator that has judged', () => {
  const recorded = z.object({
    entry: z.object({
      block: z.number(),
      syncBlock: z.number(),
      seed: z.string(),
      contenders: z.array(
        z.object({
          uid: z.number(),
          reference: z.object({ namespace: z.string(), name: z.string(), revision: z.string() }),
        }),
      ),
      verdict: z.object({ winner: z.object({ uid: z.number(), block: z.number(), score: z.number() }) }),
    }),
  });
  let world: World;
  let round: z.infer<typeof recorded>['entry'];
  beforeAll(async () => {
    world = newWorld();
    await validator(['run', '--once', '--config', world.config]);
    round = recorded.parse(
      JSON.parse((await validator(['journal', 'export', '1', '--config', world.config])).stdout),
    ).entry;
  }, 180_000);

  it('the winner has the score that the round gave it, to the last digit', async () => {
    const { winner } = round.verdict;
    const {
      namespace = '',
      name = '',
      revision = '',
    } = round.contenders.find(({ uid }) => uid === winner.uid)?.reference ?? {};
    const { code, answer } = await compete(
      `${namespace}/${name}@${revision}`,
      '--competition',
      'demo-docs',
      '--seed',
      round.seed,
      '--config',
      world.config,
    );
    expect(code).toBe(0);
    expect(answer.competition.score).toBe(winner.score);
    expect(answer.competition.best).toMatchObject({ round: 1, ...winner, sameSamples: true });
    expect(answer.competition.checks).toContainEqual({
      name: 'schedule',
      found: `block ${String(answer.competition.block)}`,
      error: null,
    });
  });

  it('says what is to be beaten: the winner less the epsilon that is left to it', async () => {
    const { competition } = (await compete(BEST, '--competition', '1', '--seed', '5', '--config', world.config)).answer;
    const elapsed = Math.min(((competition.block ?? 0) - round.verdict.winner.block) / 2000, 1);
    expect(competition.epsilon).toMatchObject({
      rule: 'linear-decay',
      whenCommitted: 0.005,
      fullyDecayed: expect.closeTo(0.0005, 12) as unknown,
    });
    expect(competition.best?.epsilon).toBeCloseTo(0.005 - elapsed * 0.0045, 12);
    expect(competition.best?.toBeat).toBeCloseTo(round.verdict.winner.score * (1 - 0.005 + elapsed * 0.0045), 12);
    expect(competition.best?.sameSamples).toBe(false);
  });

  it('takes the seed of the newest sync block', async () => {
    const { competition } = (await compete(BEST, '--competition', '1', '--config', world.config)).answer;
    const syncBlock = Math.floor((competition.block ?? 0) / 30) * 30;
    expect(competition.seedSource).toBe(`block ${syncBlock}`);
    const { seed } = z
      .object({ seed: z.string() })
      .parse(JSON.parse(readFileSync(join(world.folder, 'network', 'genesis.json'), 'utf8')));
    expect(competition.seed).toBe(syncBlockSeed(localBlockHash(seed, syncBlock)).toString());
    expect(competition.best?.sameSamples).toBe(syncBlock === round.syncBlock);
  });

  it('one that the schedule does not name takes no commitment', async () => {
    const { answer } = await compete(BEST, '--competition', '7', '--seed', '3', '--config', configOf(world, TEXTS));
    expect(unmet(answer)).toEqual([['schedule', 'COMPETITION_NOT_SCHEDULED']]);
  });
});

describe('a competition of several tasks, from a package', () => {
  it('weighs the tasks as the round does', async () => {
    const world = newWorld();
    const { code, answer } = await compete(
      BEST,
      '--competition',
      'two-tasks',
      '--seed',
      '3',
      '--config',
      configOf(world, TEXTS),
    );
    const [first = Number.NaN, second = Number.NaN] = answer.tasks.map(({ meanLoss }) => meanLoss);
    expect(code).toBe(0);
    expect(first).not.toBe(second);
    expect(answer.competition.score).toBeCloseTo(0.75 * first + 0.25 * second, 12);
  });

  it("goes by the config where a dataset can't be had", async () => {
    const world = newWorld();
    const skipped = await validator([
      'evaluate',
      BEST,
      '--competition',
      '7',
      '--seed',
      '3',
      '--json',
      '--config',
      configOf(world, undefined),
    ]);
    expect([skipped.code, errorOf(skipped).code]).toEqual([1, 'DATASET_UNAVAILABLE']);
    const { answer } = await compete(
      BEST,
      '--competition',
      '7',
      '--seed',
      '3',
      '--config',
      configOf(world, undefined, { onDatasetFailure: { 'two-tasks': 'renormalise' } }),
    );
    expect(answer.tasks.map(({ name }) => name)).toEqual(['first']);
    expect(answer.competition.warnings.map(({ code }) => code)).toEqual(['DATASET_UNAVAILABLE']);
    expect(answer.competition.score).toBeCloseTo(answer.tasks[0]?.meanLoss ?? Number.NaN, 12);
  });

  it('says that it has compared the model with no others, where the competition does', async () => {
    const world = newWorld();
    const config = configOf(world, TEXTS, {}, [{ rule: 'limits' }, { rule: 'near-copy' }]);
    const { code, answer } = await compete(BEST, '--competition', '7', '--seed', '3', '--config', config);
    expect([code, answer.competition.accepted]).toEqual([0, true]);
    expect(answer.competition.warnings.map((warning) => warning.code)).toEqual(['MODELS_NOT_COMPARED']);
  });

  it('ends at once where the path of the texts is wrong, whatever the config says', async () => {
    const world = newWorld();
    const config = configOf(world, join(world.folder, 'nowhere'), { onDatasetFailure: { 'two-tasks': 'renormalise' } });
    const refused = await validator([
      'evaluate',
      BEST,
      '--competition',
      '7',
      '--seed',
      '3',
      '--json',
      '--config',
      config,
    ]);
    expect([refused.code, errorOf(refused).code]).toEqual([2, 'TEXT_FILE_UNREADABLE']);
  });
});
