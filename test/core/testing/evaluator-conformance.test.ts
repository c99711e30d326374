import { rangeOf, sampleCount, type SampleRange } from '@assay/core/contracts/evaluation-task';
import type { EvaluationAnswer, EvaluationRequest, Evaluator } from '@assay/core/contracts/evaluator';
import { AssayError, type Fault } from '@assay/core/errors/assay-error';
import { knownContinuations, textLossCanary } from '@assay/core/kinds/text-loss/canary';
import { checkEvaluator } from '@assay/core/testing/evaluator-conformance';
import { describe, expect, it } from 'vitest';
import { validator } from '../../e2e/validator-process.js';
import { newWorld } from '../../e2e/world.js';

const { signal } = new AbortController();
const numerics = { device: 'cpu', computeType: 'float32', runtime: 'test', attention: 'eager' };
const refusal = (code: string, fault: Fault): AssayError =>
  new AssayError({ code, message: code, hint: '', fault, retry: 'never', payload: {} });
const canary = await textLossCanary();
const known = await knownContinuations();
const KNOWN = [5.787015934743642, 5.657042465866564];

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
    if (tasks.some(({ samples: { digest } }) => /^0+$/.test(digest)) && this.flaw !== 'any-samples')
      return Promise.reject(refusal('SAMPLES_DIFFER', 'validator'));
    if (this.flaw === 'miscounts') onProgress({ phase: 'score', done: 2, total: 1 });
    const total = tasks.reduce((sum, task) => sum + rangeOf(task).to - rangeOf(task).from, 0);
    let done = 0;
    const results = tasks.map((task) => {
      const range = this.flaw === 'whole-only' ? { from: 0, to: sampleCount(task.samples) } : rangeOf(task);
      const losses = this.#lossesOf(range);
      done += losses.length;
      const values = this.flaw === 'streams-others' ? losses.map((loss) => loss + 1) : losses;
      if (this.flaw !== 'silent')
        onProgress({ phase: 'score', task: task.name, done, total, losses: { from: range.from, values } });
      const generations = task.parameters['promptLength'] === 0 ? [] : this.#generations();
      return { name: task.name, kind: task.kind, losses, details: { generations } };
    });
    return Promise.resolve({
      id,
      results: this.flaw === 'reorders' ? results.reverse() : results,
      numerics,
      timings: { loadMs: 0, computeMs: 0 },
    });
  }

  #lossesOf({ from, to }: SampleRange): number[] {
    const off = this.flaw === 'wrong' ? 0.01 : this.flaw === 'drifts' ? this.#asked * 1e-9 : 0;
    return KNOWN.slice(from, to).map((loss) => loss + off);
  }

  #generations(): number[][][] {
    if (this.flaw === 'chance') return known.continuations.map((rows) => rows.map((row) => row.map(() => 7)));
    return this.flaw === 'mute' ? [] : known.continuations;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('the conformance of an evaluator', () => {
  it('passes one that does what it has to', async () => {
    const results = await checkEvaluator(new Program('none'), signal);
    expect(results.filter(({ reason }) => reason !== undefined)).toEqual([]);
    expect(results.length).toBeGreaterThan(8);
    expect(results[8]?.name).toBe('continues known texts with known tokens');
  });

  it.each([
    ['nameless', 'says what it computes with before it is asked'],
    ['wrong', 'gives a known model its known loss'],
    ['drifts', 'answers the same request with the same digits'],
    ['reorders', 'answers every task, in the order asked'],
    ['miscounts', 'counts its progress'],
    ['any-kind', 'refuses a kind that it does not know, and goes on'],
    ['gullible', 'blames the miner for a file that is cut off', 'never gives a score that is not a number'],
    ['wrong-blame', 'blames the miner for a file that is cut off', 'never gives a score that is not a number'],
    ['chance', 'continues known texts with known tokens'],
    ['mute', 'continues known texts with known tokens'],
    ['silent', 'streams every loss once, in order'],
    ['streams-others', 'streams every loss once, in order'],
    ['whole-only', 'scores a part of the samples as it scores them all'],
    ['any-samples', 'refuses samples that are not what their digest says, and goes on'],
  ])('%s: fails there and nowhere else', async (flaw, ...checks) => {
    const failed = (await checkEvaluator(new Program(flaw), signal)).filter(({ reason }) => reason !== undefined);
    expect(failed.map(({ name }) => name)).toEqual(checks);
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
