import { setTimeout as delay } from 'node:timers/promises';
import type {
  EvaluationAnswer,
  EvaluationProgress,
  EvaluationRequest,
  Evaluator,
  Numerics,
} from '@assay/core/contracts/evaluator';
import { AssayError } from '@assay/core/errors/assay-error';

export const NUMERICS: Numerics = { device: 'cpu', computeType: 'float32', runtime: 'test 1', attention: 'eager' };
const SAMPLES = 4;

/** What every member computes for a model: losses that follow from its name. */
export const lossesOf = (digest: string): number[] =>
  Array.from({ length: SAMPLES }, (_none, index) => digest.length + index / 8);

export function requestFor(digest: string, more: Partial<EvaluationRequest> = {}): EvaluationRequest {
  const facts = {
    ...{ architecture: 'A', parameterCount: 1, vocabularySize: 1, tensorsDigest: digest },
    ...{ evaluationDigest: digest, unusedTensors: [], dtypes: [] },
  };
  const shapes = [{ samples: SAMPLES, rows: 1, length: 4 }];
  const samples = { path: '/nowhere', digest: '0'.repeat(64), shapes };
  return {
    id: digest,
    model: { reference: { namespace: 'n', name: digest, revision: 'r' }, directory: '/nowhere', files: [], facts },
    tasks: [{ name: 'task', kind: 'text-loss', samplesDigest: 's', samples, parameters: {} }],
    deadlineMs: 20_000,
    ...more,
  };
}

export const crash = (exit: string, code = 'EVALUATOR_CRASHED'): AssayError =>
  new AssayError({ code, message: exit, hint: '', fault: 'validator', retry: 'next-round', payload: { exit } });

/** A member whose failures a test decides. `fails` is asked after each loss; what it returns ends the request. */
export class Scripted implements Evaluator {
  readonly kinds = ['text-loss'];
  readonly asked: string[] = [];
  readonly notices: string[] = [];
  numericsNow: Numerics | Error = NUMERICS;
  busy = 0;
  mostBusy = 0;

  constructor(
    private readonly fails: (digest: string, done: number) => Error | undefined = () => undefined,
    private readonly pauseMs = 1,
  ) {}

  numerics(): Promise<Numerics> {
    return this.numericsNow instanceof Error ? Promise.reject(this.numericsNow) : Promise.resolve(this.numericsNow);
  }

  async evaluate(
    { id, model, tasks }: EvaluationRequest,
    onProgress: (progress: EvaluationProgress) => void,
    signal: AbortSignal,
  ): Promise<EvaluationAnswer> {
    const digest = model.facts.evaluationDigest;
    this.asked.push(digest);
    this.busy += 1;
    this.mostBusy = Math.max(this.mostBusy, this.busy);
    try {
      const losses = lossesOf(digest);
      for (const [index, loss] of losses.entries()) {
        await delay(this.pauseMs);
        signal.throwIfAborted();
        const failure = this.fails(digest, index);
        if (failure) throw failure;
        const told = { from: index, values: [loss] };
        onProgress({ phase: 'score', task: 'task', done: index + 1, total: losses.length, losses: told });
      }
      const results = tasks.map(({ name, kind }) => ({ name, kind, losses, details: {} }));
      return { id, results, numerics: NUMERICS, timings: { loadMs: 0, computeMs: 1 } };
    } finally {
      this.busy -= 1;
    }
  }

  prepare(model: EvaluationRequest['model']): void {
    this.notices.push(`prepare ${model.facts.evaluationDigest}`);
  }

  release(model: EvaluationRequest['model']): void {
    this.notices.push(`release ${model.facts.evaluationDigest}`);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
