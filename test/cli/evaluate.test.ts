import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { readSequences } from '../../cli/dist/evaluate/sequences-file.js';
import { errorOf, validator, type Answer } from '../e2e/validator-process.js';
import { newFolder, newWorld, ROOT } from '../e2e/world.js';
import { overflowing } from './overflowing.js';

const MODELS = join(ROOT, 'competitions', 'demo', 'assets', 'models');
const golden = z.object({
  architecture: z.string(),
  parameter_count: z.number(),
  losses: z.array(z.number()),
  reasonable: z.boolean(),
  generations: z.array(z.array(z.array(z.number()))),
  logits_spot: z.array(z.array(z.array(z.number()))),
});
const goldenOf = (model: string): z.infer<typeof golden> =>
  golden.parse(JSON.parse(readFileSync(join(MODELS, model, 'golden.json'), 'utf8')));

const answerSchema = z.strictObject({
  architecture: z.string(),
  parameterCount: z.number().int(),
  dtypes: z.array(z.string()),
  bytes: z.number().int(),
  evaluationDigest: z.string().regex(/^[0-9a-f]{64}$/),
  tensorsDigest: z.string().regex(/^[0-9a-f]{64}$/),
  directoryHash: z.null(),
  unusedTensors: z.array(z.string()),
  notes: z.array(z.string()).optional(),
  losses: z.array(z.number()),
  meanLoss: z.number(),
  perplexity: z.number(),
  reasonable: z.boolean(),
  generations: z.array(z.array(z.array(z.number().int()))),
  logitsSpot: z.array(z.array(z.array(z.number()).length(8))),
  tasks: z.array(z.looseObject({ name: z.string(), meanLoss: z.number(), perplexity: z.number() })),
  competition: z.null(),
  speed: z.strictObject({ tokensPerSecond: z.number().positive(), secondsPerSequence: z.number().positive() }),
  numerics: z.looseObject({
    device: z.literal('cpu'),
    computeType: z.literal('float32'),
    runtime: z.string(),
    attention: z.string(),
  }),
  timings: z.looseObject({ loadMs: z.number(), computeMs: z.number() }),
});

const revisionOf = (repos: string, repo: string): string => readdirSync(join(repos, repo))[0] ?? '';

const evaluate = (folder: string, sequences: string): Promise<Answer> =>
  validator(['evaluate', folder, '--sequences', sequences, '--json'], { cwd: newFolder() });

describe('validator evaluate', () => {
  it.each(['llama-2000steps', 'llama-60steps', 'gpt2-1300steps'])('%s: as the library has it', async (model) => {
    const folder = join(MODELS, model);
    const { code, stdout, stderr } = await evaluate(folder, join(folder, 'golden.json'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const answer = answerSchema.parse(JSON.parse(stdout));
    const wanted = goldenOf(model);
    expect(answer).toMatchObject({
      architecture: wanted.architecture,
      parameterCount: wanted.parameter_count,
      reasonable: wanted.reasonable,
      generations: wanted.generations,
    });
    expect(answer.losses).toHaveLength(wanted.losses.length);
    for (const [index, loss] of wanted.losses.entries())
      expect(Math.abs((answer.losses[index] ?? NaN) - loss), `batch ${index}`).toBeLessThan(1e-5);
    expect(answer.meanLoss).toBeCloseTo(answer.losses.reduce((sum, loss) => sum + loss, 0) / answer.losses.length, 12);
    expect(answer.perplexity).toBe(Math.exp(answer.meanLoss));
    const spots = answer.logitsSpot.flat(2);
    expect(spots).toHaveLength(wanted.logits_spot.flat(2).length);
    for (const [index, logit] of wanted.logits_spot.flat(2).entries())
      expect(Math.abs((spots[index] ?? NaN) - logit), `logit ${index}`).toBeLessThan(1e-3);
  });

  const sequences = join(MODELS, 'llama-60steps', 'golden.json');

  /** Two short sequences: enough to be told by which version they were scored. */
  function shortSequences(): string {
    const file = join(newFolder(), 'sequences.json');
    writeFileSync(
      file,
      JSON.stringify({ batches: [[[1, 2, 3, 4]], [[5, 6, 7, 8]]], prompt_length: 2, pad_token_id: 0 }),
    );
    return file;
  }

  it.each<[by: string, savedBy: string | undefined, config: string, flags: string[], library: string]>([
    ['nothing', undefined, '', [], '4.44.1'],
    ['the folder, saved by 5.12.1', '5.12.1', '', [], '5.18.0'],
    ['the folder, saved by 4.51.3', '4.51.3', '', [], '4.57.6'],
    ['the folder, saved by 4.40.0', '4.40.0', '', [], '4.44.1'],
    ['the config', '5.12.1', 'evaluator: { use: onnxruntime, library: 4.57 }', [], '4.57.6'],
    ['the flag', '5.12.1', 'evaluator: { use: onnxruntime, library: 4.57 }', ['--library', '4.44'], '4.44.1'],
    ['the subnet', '5.12.1', 'subnet: pretraining', [], '4.44.1'],
  ])('the version of the library is that of %s', async (_by, savedBy, config, flags, library) => {
    const folder = join(newFolder(), 'model');
    cpSync(join(MODELS, 'llama-60steps'), folder, { recursive: true });
    const keys = z.looseObject({}).parse(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')));
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...keys, transformers_version: savedBy }));
    const cwd = newFolder();
    writeFileSync(join(cwd, 'config.yaml'), `dataDir: ${JSON.stringify(cwd)}\n${config}\n`);
    const { code, stdout, stderr } = await validator(
      ['evaluate', folder, '--sequences', shortSequences(), '--config', 'config.yaml', '--json', ...flags],
      { cwd },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(answerSchema.parse(JSON.parse(stdout)).numerics).toMatchObject({ library: `transformers ${library}` });
  });

  it("refuses what the demo's hostile miners publish, each by its code", async () => {
    const { folder } = newWorld();
    const repos = join(folder, 'network', 'repos');
    const cases = [
      ['chaos/nan', 'NON_FINITE_WEIGHT'],
      ['chaos/liar', 'SAFETENSORS_MALFORMED'],
      ['chaos/pickle', 'WEIGHTS_MISSING'],
    ] as const;
    const answers = await Promise.all(
      cases.map(async ([repo]) => evaluate(join(repos, repo, revisionOf(repos, repo)), sequences)),
    );
    expect(
      answers.map((answer, index) => [cases[index]?.[0], answer.code, errorOf(answer).code, errorOf(answer).fault]),
    ).toEqual(cases.map(([repo, code]) => [repo, 1, code, 'miner']));
  });

  it('refuses a model whose losses overflow', async () => {
    const answer = await evaluate(overflowing(), sequences);
    expect([answer.code, errorOf(answer).code, errorOf(answer).fault]).toEqual([1, 'NON_FINITE_LOGITS', 'miner']);
  });

  it.each(['config.json', 'model.safetensors'])('refuses a folder without %s', async (missing) => {
    const folder = join(newFolder(), 'model');
    cpSync(join(MODELS, 'llama-60steps'), folder, { recursive: true });
    rmSync(join(folder, missing));
    const answer = await evaluate(folder, sequences);
    expect(answer.code).toBe(1);
    expect(errorOf(answer).fault).toBe('miner');
    expect(answer.stderr).toContain(errorOf(answer).code);
  });

  it('answers for a folder that is not there', async () => {
    const answer = await evaluate(join(newFolder(), 'nowhere'), sequences);
    expect(answer.code).not.toBe(0);
    expect(errorOf(answer).code).not.toBe('INTERNAL');
    expect(answer.stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each([
    ['no JSON', 'not json'],
    ['neither batches nor a file', '{}'],
    ['tokens that are no ids', '{"batches": [[[1, -2]]]}'],
    ['a file that is not there', '{"batches_file": "nowhere.json"}'],
    ['nothing at all', '{"batches": []}'],
  ])('a sequences file with %s', async (_what, text) => {
    const file = join(newFolder(), 'sequences.json');
    writeFileSync(file, text);
    await expect(readSequences(file)).rejects.toMatchObject({
      code: 'SEQUENCES_UNREADABLE',
      fault: 'config',
      payload: { reason: expect.stringMatching(/./) as string },
    });
  });

  it('a sequences file that is not there ends it with exit code 2', async () => {
    const answer = await evaluate(join(MODELS, 'llama-60steps'), join(newFolder(), 'nowhere.json'));
    expect([answer.code, errorOf(answer).code]).toEqual([2, 'SEQUENCES_UNREADABLE']);
  });

  it('ids beyond the vocabulary are a coded error', async () => {
    const file = join(newFolder(), 'sequences.json');
    writeFileSync(file, JSON.stringify({ batches: [[[1, 2, 3, 99_999]]], prompt_length: 2 }));
    const answer = await evaluate(join(MODELS, 'llama-60steps'), file);
    expect(answer.code).not.toBe(0);
    expect(errorOf(answer).code).not.toBe('INTERNAL');
  });

  it('says what the files say and the evaluation does not heed', async () => {
    const [copy, file] = [join(newFolder(), 'model'), join(newFolder(), 'sequences.json')];
    cpSync(join(ROOT, 'test', 'fixtures', 'cases', 'config-with-infinity', 'model'), copy, { recursive: true });
    const config = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(readFileSync(join(copy, 'config.json'), 'utf8').replace(/Infinity|NaN/g, '0')));
    delete config['rope_theta'];
    writeFileSync(join(copy, 'config.json'), JSON.stringify({ ...config, rope_parameters: { rope_theta: 5e5 } }));
    writeFileSync(file, JSON.stringify({ batches: [[[1, 2, 3, 4]]], prompt_length: 2 }));
    const ask = (...flags: string[]): Promise<Answer> =>
      validator(['evaluate', copy, '--sequences', file, ...flags], { cwd: newFolder() });
    const [forMachines, forPeople] = await Promise.all([ask('--json'), ask()]);
    const { notes } = z.object({ notes: z.array(z.string()) }).parse(JSON.parse(forMachines.stdout));
    expect(notes).toEqual([expect.stringContaining('rope_parameters')]);
    expect(forPeople.stdout).toContain(notes[0]);
  });

  it('hands its flags to the evaluator, all of them', async () => {
    const folder = join(MODELS, 'llama-60steps');
    const ask = (...flags: string[]): Promise<Answer> =>
      validator(['evaluate', folder, '--sequences', sequences, '--json', ...flags], { cwd: newFolder() });
    const [flash, device, type] = await Promise.all([
      ask('--attention', 'flash', '--device', 'cpu', '--compute-type', 'float32'),
      ask('--device', 'abacus', '--attention', 'flash'),
      ask('--compute-type', 'float16', '--attention', 'flash'),
    ]);
    expect(answerSchema.parse(JSON.parse(flash.stdout)).numerics.attention).toBe('flash');
    expect([errorOf(device), errorOf(type)].map(({ fault, message }) => [fault, message])).toEqual([
      ['config', expect.stringContaining('device')],
      ['config', expect.stringContaining('float16')],
    ]);
  });
});
