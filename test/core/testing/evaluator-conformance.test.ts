import type { EvaluationAnswer, EvaluationRequest, Evaluator } from '@assay/core/contracts/evaluator';
import { AssayError, type Fault } from '@assay/core/errors/assay-error';
import { textLossCanary } from '@assay/core/evaluation/canary';
import { checkEvaluator } from '@assay/core/testing/evaluator-conformance';
import { describe, expect, it } from 'vitest';
import { validator } from '../../e2e/validator-process.js';
import { newWorld } from '../../e2e/world.js';

const { signal } = new AbortController();
const numerics = { device: 'cpu', computeType: 'float32', runtime: 'test', attention: 'eager' };
const refusal = (code: string, fault: Fault): AssayError =>
  new AssayError({ code, message: code, hint: '', fault, retry: 'never', payload: {} });
const canary = await textLossCanary();

/** Knows the canary by heart, and fails in one way. */
class Program implements Evaluator {
  readonly kinds = ['text-loss'];
  #asked = 0;

  constructor(private readonly flaw: string) {}

  numerics(): Promise<EvaluationAnswer['numerics']> {
    return Promise.resolve(this.flaw === 'nameless' ? { ...numerics, runtime: '' } : numerics);
  }

  evaluate(
    { id, model, tasks }: EvaluationRequest,
    onProgress: Parameters<Evaluator['evaluate']>[1],
  ): Promise<EvaluationAnswer> {
    this.#asked += 1;
    if (tasks.some(({ kind }) => kind !== 'text-loss') && this.flaw !== 'any-kind')
      return Promise.reject(refusal('KIND_UNKNOWN', 'validator'));
    if (model.directory !== canary.model.directory && this.flaw !== 'gullible')
      return Promise.reject(refusal('BROKEN', this.flaw === 'wrong-blame' ? 'validator' : 'miner'));
    if (this.flaw === 'miscounts') onProgress({ phase: 'score', done: 2, total: 1 });
    const known = [5.787015934743642, 5.657042465866564];
    const wholes = (canary.task.samples as { batches: unknown[] }).batches.map((batch) => JSON.stringify(batch));
    const results = tasks.map(({ name, kind, samples }) => {
      const losses = (samples as { batches: unknown[] }).batches.map(
        (batch) =>
          (known[wholes.indexOf(JSON.stringify(batch))] ?? 0) +
          (this.flaw === 'wrong' ? 0.01 : this.flaw === 'drifts' ? this.#asked * 1e-9 : 0),
      );
      return {
        name,
        kind,
        rawScore: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
        samples: losses.length,
        details: { losses, reasonable: null, generations: [] },
      };
    });
    return Promise.resolve({
      id,
      results: this.flaw === 'reorders' ? results.reverse() : results,
      numerics,
      timings: { loadMs: 0, computeMs: 0 },
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('the conformance of an evaluator', () => {
  it('passes one that does what it has to', async () => {
    const results = await checkEvaluator(new Program('none'), signal);
    expect(results.filter(({ reason }) => reason !== undefined)).toEqual([]);
    expect(results.length).toBeGreaterThan(7);
  });

  it.each([
    ['nameless', 'says what it computes with'],
    ['wrong', 'gives a known model its known loss'],
    ['drifts', 'answers the same request with the same digits'],
    ['reorders', 'answers every task'],
    ['miscounts', 'counts its progress'],
    ['any-kind', 'refuses a kind'],
    ['wrong-blame', 'blames the miner'],
    ['gullible', 'never gives a score that is not a number'],
  ])('%s: fails at "%s"', async (flaw, check) => {
    const failed = (await checkEvaluator(new Program(flaw), signal)).filter(({ reason }) => reason !== undefined);
    expect(failed.map(({ name }) => name).some((name) => name.startsWith(check))).toBe(true);
  });

  it('validator evaluator check: the built-in one passes, a liar does not', async () => {
    const world = newWorld();
    const good = await validator(['evaluator', 'check', '--json', '--config', world.config]);
    expect(good.code, good.stdout).toBe(0);
    const config = world.configWith('liar.yaml', {
      evaluator: {
        use: 'process',
        command: ['node', new URL('../../e2e/programs/digest-evaluator.mjs', import.meta.url).pathname],
        canary: false,
      },
    });
    const bad = await validator(['evaluator', 'check', '--json', '--config', config]);
    expect(bad.code).toBe(1);
    const results = JSON.parse(bad.stdout) as { name: string; passed: boolean }[];
    expect(results.find(({ name }) => name.startsWith('gives a known model'))).toMatchObject({ passed: false });
  });
});
