import type { EvalTask } from '@assay/core/competition/competition';
import { competitionSchema } from '@assay/core/competition/competition-schema';
import type { DatasetSample } from '@assay/core/contracts/dataset-provider';
import type { TaskKind } from '@assay/core/contracts/task-kind';
import { TASK_KINDS, taskKindOf, type StatedTask } from '@assay/core/kinds/task-kinds';
import { isReasonableOutput } from '@assay/core/kinds/text-loss/reasonable-output';
import { shuffleAndTruncate } from '@assay/core/sampling/packing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letters } from '../../letters.js';
import { COMPETITION } from '../runtime/subnet.js';

const stated: StatedTask = { name: 't', kind: 'text-loss', pages: 3, batchSize: 1, packSamples: true };
const withParameters = (parameters: Record<string, unknown>, without: readonly (keyof StatedTask)[] = []): TaskKind =>
  taskKindOf(
    {
      ...Object.fromEntries(Object.entries(stated).filter(([key]) => !without.some((name) => name === key))),
      name: 't',
      kind: 'text-loss',
      parameters,
    },
    TASK_KINDS,
  );
const context = { seed: 7n, tokenizer: letters, sequenceLength: 4 };
const drawn: DatasetSample = {
  batches: Array.from({ length: 12 }, (_none, index) => [[index, 1, 2, 3]]),
  pages: ['p'],
  source: 's',
};

describe('what a text-loss task asks of its dataset', () => {
  it('is pages, with the tokenizer of the competition', () => {
    expect(taskKindOf(stated, TASK_KINDS).request(context)).toEqual({
      seed: 7n,
      tokenizer: letters,
      sequenceLength: 4,
      batchSize: 1,
      pages: 3,
      packSamples: true,
    });
  });

  it('is sequences where it says so', () => {
    const { pages, sequences } = withParameters({ sequences: 10_000 }, ['pages']).request(context);
    expect({ pages, sequences }).toEqual({ pages: 0, sequences: 10_000 });
  });

  it('is no tokenizer where the data is tokenised already', () => {
    const kind = withParameters({ tokenizer: 'none', padTokenId: 5 });
    const { tokenizer } = kind.request(context);
    expect(tokenizer).toMatchObject({ name: 'none', eosTokenId: 5, vocabularySize: letters.vocabularySize });
    expect(() => tokenizer.encode('text')).toThrow(expect.objectContaining({ code: 'TOKENIZER_NOT_USED' }) as Error);
    expect(kind.samples(drawn, context).parameters).toMatchObject({ padTokenId: 5 });
  });
});

describe('what is scored of what was drawn', () => {
  const first = (kind: TaskKind): number[] =>
    [...kind.samples(drawn, context).samples].map((rows) => rows[0]?.[0] ?? Number.NaN);

  it('is shuffled by the seed and cut', () => {
    const expected = shuffleAndTruncate(drawn.batches, 7n, 5).map(([row]) => row?.[0]);
    expect(first(taskKindOf({ ...stated, maxBatches: 5 }, TASK_KINDS))).toEqual(expected);
    expect(expected).not.toEqual([0, 1, 2, 3, 4]);
  });

  it('keeps the page of each sample through shuffle and cut', () => {
    const clusters = drawn.batches.map((_rows, index) => index * 10);
    for (const parameters of [{ maxBatches: 5 }, { shuffle: false, maxBatches: 5 }, {}]) {
      const scored = withParameters(parameters).samples({ ...drawn, clusters }, context);
      expect(scored.clusters).toEqual([...scored.samples].map((rows) => Number(rows[0]?.[0]) * 10));
    }
    expect(withParameters({}).samples(drawn, context)).not.toHaveProperty('clusters');
  });

  it('is in the order drawn where it is not shuffled', () => {
    expect(first(withParameters({ shuffle: false, maxBatches: 5 }))).toEqual([0, 1, 2, 3, 4]);
  });

  it('continues the beginnings of the first two, or none', () => {
    const kind = withParameters({ shuffle: false, continuation: { promptLength: 2, tokens: 9 } });
    expect(kind.samples(drawn, context)).toMatchObject({
      prompts: [[[0, 1]], [[1, 1]]],
      parameters: { promptLength: 2, generatedTokens: 9, packed: true, padTokenId: letters.eosTokenId },
    });
    expect(withParameters({ continuation: null }).samples(drawn, context)).toMatchObject({
      prompts: [],
      parameters: { promptLength: 0 },
    });
    const single = { ...drawn, batches: drawn.batches.slice(0, 1) };
    expect(taskKindOf(stated, TASK_KINDS).samples(single, context).prompts).toEqual([]);
  });
});

describe('parameters', () => {
  it.each<[what: string, change: Record<string, unknown>, path: string]>([
    ['neither pages nor sequences', { pages: undefined }, 'pages'],
    ['pages and sequences', { parameters: { sequences: 4 } }, 'pages'],
    ['no batch size', { batchSize: undefined }, 'batchSize'],
    ['no pad id without a tokenizer', { parameters: { tokenizer: 'none' } }, 'padTokenId'],
    ['a prompt of no token', { parameters: { continuation: { promptLength: 0 } } }, 'continuation.promptLength'],
    ['something that the kind does not know', { parameters: { beams: 4 } }, '(top)'],
  ])('%s is refused, by the competition and by the kind', (_what, change, path) => {
    const task = { ...stated, ...change };
    const refused = competitionSchema.safeParse({
      ...COMPETITION,
      tasks: [{ ...COMPETITION.tasks[0], ...change }],
    });
    expect(refused.success).toBe(false);
    expect(() => taskKindOf(task, TASK_KINDS)).toThrow(
      expect.objectContaining({ code: 'TASK_PARAMETERS', message: expect.stringContaining(path) as string }) as Error,
    );
  });

  it('a kind that nobody brings', () => {
    expect(() => taskKindOf({ ...stated, kind: 'word-error-rate' }, TASK_KINDS)).toThrow(
      expect.objectContaining({ code: 'TASK_KIND_UNKNOWN', fault: 'config' }) as Error,
    );
  });

  it('may stand beside the kind or among its parameters', () => {
    const { pages, batchSize, packSamples, maxBatches, ...rest } = COMPETITION.tasks[0] as EvalTask;
    const parameters = { pages, batchSize, packSamples, maxBatches };
    const parsed = competitionSchema.safeParse({ ...COMPETITION, tasks: [{ ...rest, parameters }] });
    expect(parsed.error?.issues).toBeUndefined();
    expect(taskKindOf({ ...rest, parameters }, TASK_KINDS).request(context)).toEqual(
      taskKindOf({ ...rest, ...parameters }, TASK_KINDS).request(context),
    );
  });
});

const numbers = (from: number): number[] => Array.from({ length: 20 }, (_none, index) => from + index);
const same = (token: number): number[] => Array.from({ length: 20 }, () => token);

describe('the verdict on a result', () => {
  const kind = withParameters({ shuffle: false, continuation: { promptLength: 2, tokens: 20 } });
  const { prompts } = kind.samples(drawn, context);
  const verdict = (generations: number[][][], losses = [1, 2]): ReturnType<TaskKind['judge']> =>
    kind.judge(kind.record({ name: 't', kind: 'text-loss', losses, details: { generations } }, prompts), 't');

  it.each([
    ['two texts that differ', [[numbers(0)], [numbers(100)]], null],
    ['texts that agree', [[numbers(0)], [numbers(0)]], 'UNREASONABLE_OUTPUT'],
    ['one token in both', [[same(1)], [same(2)]], 'UNREASONABLE_OUTPUT'],
    ['one token in one of them', [[same(1)], [numbers(0)]], null],
    // What ends early is judged with the end of its prompt.
    [
      'texts that end early, and agree with the prompt',
      [[numbers(0).slice(0, 9)], [numbers(0).slice(0, 9)]],
      'UNREASONABLE_OUTPUT',
    ],
  ])('%s', (_what, generations, code) => {
    expect(verdict(generations)).toMatchObject({
      score: 1.5,
      refusal: code === null ? null : { code, fault: 'miner' },
    });
  });

  it('looks at the last tokens only: prompts that agree are no continuations that agree', () => {
    const long = withParameters({ shuffle: false, continuation: { promptLength: 12, tokens: 20 } });
    const twice = { ...drawn, batches: [[numbers(0)], [numbers(0)]] };
    const details = { generations: [[numbers(0)], [numbers(100)]] };
    const given = long.samples(twice, context).prompts;
    const record = long.record({ name: 't', kind: 'text-loss', losses: [1], details }, given);
    expect(record.evidence).toEqual({ continuations: [[numbers(0)], [numbers(100)]] });
    expect(long.judge(record, 't').refusal).toBeNull();
  });

  it('is none where the evaluator says nothing of what it was asked', () => {
    expect(() => verdict([])).toThrow(
      expect.objectContaining({ code: 'EVALUATION_ABSENT', fault: 'validator' }) as Error,
    );
    expect(() => verdict([[numbers(0)]])).toThrow(expect.objectContaining({ code: 'EVALUATION_ABSENT' }) as Error);
    expect(() => verdict([[numbers(0)], [numbers(9)]], [])).toThrow(
      expect.objectContaining({ code: 'EVALUATION_ABSENT' }) as Error,
    );
  });

  it('does not listen to a verdict of the evaluator', () => {
    const details = { generations: [[same(1)], [same(1)]], reasonable: true, score: 0 };
    const record = kind.record({ name: 't', kind: 'text-loss', losses: [3], details }, prompts);
    expect(kind.judge(record, 't')).toMatchObject({ score: 3, refusal: { code: 'UNREASONABLE_OUTPUT' } });
  });

  it('is a refusal where the mean is no number', () => {
    expect(verdict([[numbers(0)], [numbers(100)]], [1e308, 1e308])).toMatchObject({
      score: null,
      refusal: { code: 'NON_FINITE_SCORE', fault: 'miner' },
    });
  });

  it('needs evidence of its own kind', () => {
    for (const evidence of [{}, { continuations: [[[1]]] }, 'text', null])
      expect(() => kind.judge({ losses: [1], evidence }, 't')).toThrow(
        expect.objectContaining({ code: 'EVIDENCE_INVALID' }) as Error,
      );
  });

  it('follows from what was recorded alone', () => {
    const tokens = fc.array(fc.nat(5), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(tokens, tokens, (first, second) => {
        const record = kind.record(
          { name: 't', kind: 'text-loss', losses: [1], details: { generations: [[first], [second]] } },
          prompts,
        );
        const replayed = kind.judge(JSON.parse(JSON.stringify(record)) as typeof record, 't');
        expect(replayed.refusal === null).toBe(isReasonableOutput([first], [second]));
      }),
    );
  });
});

it('every kind has a name of its own, a version, a summary and a lower or a higher score', () => {
  expect(new Set(TASK_KINDS.map(({ name }) => name)).size).toBe(TASK_KINDS.length);
  for (const { name, version, summary } of TASK_KINDS) {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(version).toBeGreaterThan(0);
    expect(summary).toMatch(/\.$/);
  }
});
