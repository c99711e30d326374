import { dirname, join } from 'node:path';
import type { Evaluator } from '@assay/core/contracts/evaluator';
import { abortError } from '@assay/core/errors/describe';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import plugin from '@assay/plugin-process-evaluator';
import { describe, expect, it } from 'vitest';

const PROGRAMS = join(import.meta.dirname, '../../core/evaluation');
const { signal } = new AbortController();

const factory = ((): NonNullable<typeof plugin.provides.evaluator> => {
  const { evaluator: provided } = plugin.provides;
  if (!provided) throw new Error('the plugin provides no evaluator');
  return provided;
})();
const deps = {
  clock: { now: (): number => Date.now(), sleep: async (): Promise<void> => Promise.reject(abortError()) },
  dataDir: '/nowhere',
  netuid: 1,
  modules: [],
  make: makesNothing,
  environment: { PATH: `/nowhere:${dirname(process.execPath)}` },
  log: (): void => undefined,
  resolvePath: (path: string): string => join(PROGRAMS, path),
};

async function evaluator(options: Record<string, unknown>): Promise<Evaluator> {
  const checked: unknown = factory.options.parse(options);
  return factory.create(checked, deps, signal);
}

const facts = {
  architecture: 'A',
  parameterCount: 1,
  vocabularySize: 1,
  evaluationDigest: 'd',
  tensorsDigest: 't',
  unusedTensors: [],
  dtypes: [],
};
const model = { reference: { namespace: 'n', name: 'm', revision: 'r' }, directory: '/nowhere', files: [], facts };
const samples = { path: '/nowhere', digest: '0'.repeat(64), shapes: [{ samples: 1, rows: 1, length: 4 }] };
const tasks = [{ name: 'task', kind: 'text-loss', samplesDigest: 's', samples, parameters: {} }];

describe('the check before a run', () => {
  it.each<[what: string, command: string[], missing: string | undefined]>([
    ['a program of PATH', ['node', './program.mjs'], undefined],
    ['a program by its path', [process.execPath, '--flag'], undefined],
    ['a program that PATH does not have', ['no-such-program'], 'no-such-program'],
    ['a path where nothing is', ['./no-such.mjs'], join(PROGRAMS, 'no-such.mjs')],
    ['a file that may not be run', ['./program.mjs'], join(PROGRAMS, 'program.mjs')],
    ['a script that is not there', [process.execPath, './no-such.mjs'], join(PROGRAMS, 'no-such.mjs')],
  ])('finds, or misses, %s', async (_what, command, missing) => {
    const checked = factory.check?.(factory.options.parse({ command }), deps, signal);
    if (missing === undefined) await expect(checked).resolves.toBeUndefined();
    else
      await expect(checked).rejects.toMatchObject({
        code: 'PROGRAM_MISSING',
        fault: 'config',
        message: expect.stringContaining(missing) as string,
      });
  });
});

describe('any program as the evaluator', () => {
  it('is found beside the config file, gets what the config gives it, and answers', async () => {
    const own = await evaluator({
      command: [process.execPath, './program.mjs'],
      device: 'cuda',
      environment: { TORCH_THREADS: '2' },
    });
    expect(own.kinds).toEqual(['text-loss']);
    const answer = await own.evaluate({ id: '1', model, tasks, deadlineMs: 20_000 }, () => undefined, signal);
    expect(answer.results[0]).toMatchObject({
      losses: [0.5],
      details: { env: expect.arrayContaining(['ASSAY_EVALUATOR_DEVICE', 'TORCH_THREADS']) as unknown },
    });
    await own.close();
  });

  it('has to be able to do what the config says it does', async () => {
    const own = await evaluator({
      command: [process.execPath, './program.mjs'],
      kinds: ['text-loss', 'word-error-rate'],
    });
    await expect(own.numerics(signal)).rejects.toMatchObject({
      code: 'EVALUATOR_UNABLE',
      fault: 'config',
      payload: { missing: ['word-error-rate'] },
    });
    await own.close();
  });

  it.each([[{}], [{ command: [] }], [{ command: ['a'], memoryLimit: 0 }], [{ command: ['a'], unknown: 1 }]])(
    'refuses options %j',
    (options) => {
      expect(plugin.provides.evaluator?.options.safeParse(options).success).toBe(false);
    },
  );
});
