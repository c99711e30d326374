import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, open, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Canary, EvaluationAnswer, EvaluationProgress, Evaluator } from '../contracts/evaluator.js';
import type { StoredModel } from '../contracts/model.js';
import { textLossDetails, type EvaluationTask } from '../contracts/task-kinds.js';
import { toAssayError } from '../errors/describe.js';
import { textLossCanary } from '../evaluation/canary.js';
import { sha256OfFile } from '../model/files-intact.js';
import { demand, reasonOf } from './checks.js';

type Check = (evaluator: Evaluator, signal: AbortSignal) => Promise<void>;

/** One thing that an evaluator of text losses has to do; rejects with a reason where it does not. */
export interface ConformanceCheck {
  name: string;
  run: Check;
}

export interface ConformanceResult {
  name: string;
  /** Why it failed; undefined where it passed. */
  reason?: string;
}

const DEADLINE_MS = 300_000;
const WEIGHTS = 'model.safetensors';
/** Of bfloat16, the type of the canary's weights. */
const NAN_BYTES = Buffer.from([0xc0, 0x7f]);
const NAN_WEIGHTS = 4096;

/** The canary's model with other tasks, or other files. */
async function ask(
  evaluator: Evaluator,
  { model, task }: Canary,
  signal: AbortSignal,
  {
    tasks = [task],
    files = model,
    onProgress = () => undefined,
  }: {
    tasks?: EvaluationTask[];
    files?: Pick<StoredModel, 'directory' | 'files'>;
    onProgress?: (progress: EvaluationProgress) => void;
  } = {},
): Promise<EvaluationAnswer> {
  return evaluator.evaluate(
    {
      id: randomUUID(),
      model: { ...model, directory: files.directory, files: files.files },
      tasks,
      deadlineMs: DEADLINE_MS,
    },
    onProgress,
    signal,
  );
}

const scoreOf = (answer: EvaluationAnswer, index = 0): number => answer.results[index]?.rawScore ?? Number.NaN;

const scoresTheCanary: Check = async (evaluator, signal) => {
  const canary = await textLossCanary();
  const answer = await ask(evaluator, canary, signal);
  const [score, tolerance] = [scoreOf(answer), canary.tolerance(answer.numerics)];
  demand(
    Math.abs(score - canary.score) <= tolerance,
    `the known loss ${canary.score} came out as ${score}; ${tolerance} is tolerated in ${answer.numerics.computeType}`,
  );
};

/** The files of a spoilt copy as they were fetched: what is wrong with them was wrong from the beginning. */
async function published(
  { model }: Canary,
  directory: string,
  signal: AbortSignal,
): Promise<Pick<StoredModel, 'directory' | 'files'>> {
  const files = model.files.map(async ({ path }) => {
    const file = join(directory, path);
    return { path, size: (await stat(file)).size, sha256: await sha256OfFile(file, signal) };
  });
  return { directory, files: await Promise.all(files) };
}

/** With a broken copy of the canary: a fault of the miner's, and the next request is answered. */
const blamesTheMiner =
  (spoil: (path: string) => Promise<void>): Check =>
  async (evaluator, signal) => {
    const canary = await textLossCanary();
    const folder = await mkdtemp(join(tmpdir(), 'assay-conformance-'));
    try {
      await cp(canary.model.directory, folder, { recursive: true });
      await spoil(join(folder, WEIGHTS));
      const outcome = await ask(evaluator, canary, signal, { files: await published(canary, folder, signal) }).then(
        (answer) => `it gave the score ${scoreOf(answer)}`,
        (error: unknown) => {
          const { code, fault } = toAssayError(error);
          return fault === 'miner' ? undefined : `it was a fault of the ${fault} (${code})`;
        },
      );
      demand(outcome === undefined, outcome ?? '');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    await scoresTheCanary(evaluator, signal);
  };

async function withNaN(path: string): Promise<void> {
  const header = Number((await readFile(path)).readBigUInt64LE(0));
  const file = await open(path, 'r+');
  try {
    await file.write(Buffer.alloc(2 * NAN_WEIGHTS, NAN_BYTES), 0, 2 * NAN_WEIGHTS, 8 + header);
  } finally {
    await file.close();
  }
}

const saysItsNumerics: Check = async (evaluator, signal) => {
  const numerics = await evaluator.numerics(signal);
  for (const member of ['device', 'computeType', 'runtime', 'attention'])
    demand((numerics[member] ?? '') !== '', `numerics has no ${member}`);
  demand(evaluator.kinds.includes('text-loss'), 'it does not declare text-loss');
};

const repeatsItself: Check = async (evaluator, signal) => {
  const canary = await textLossCanary();
  const lossesOf = async (): Promise<string> =>
    JSON.stringify(textLossDetails.parse((await ask(evaluator, canary, signal)).results[0]?.details).losses);
  const [first, second] = [await lossesOf(), await lossesOf()];
  demand(first === second, `${first} and ${second}`);
};

const answersInOrder: Check = async (evaluator, signal) => {
  const canary = await textLossCanary();
  const { batches } = canary.task.samples as { batches: number[][][] };
  const part = (name: string, index: number): EvaluationTask => ({
    ...canary.task,
    name,
    samplesDigest: name,
    samples: { ...(canary.task.samples as object), batches: batches.slice(index, index + 1) },
  });
  const { results } = await ask(evaluator, canary, signal, { tasks: [part('second', 1), part('first', 0)] });
  const whole = textLossDetails.parse((await ask(evaluator, canary, signal)).results[0]?.details).losses;
  demand(
    results.map(({ name }) => name).join() === 'second,first',
    `the results are ${results.map(({ name }) => name).join()}`,
  );
  for (const [index, loss] of [whole[1], whole[0]].entries()) {
    demand(
      Math.abs((results[index]?.rawScore ?? Number.NaN) - (loss ?? Number.NaN)) <= 1e-3,
      `task ${index} has another loss alone than among others`,
    );
  }
};

const countsProgress: Check = async (evaluator, signal) => {
  const seen: EvaluationProgress[] = [];
  await ask(evaluator, await textLossCanary(), signal, { onProgress: (progress) => seen.push(progress) });
  for (const { done, total } of seen) demand(done <= total, `${done} of ${total}`);
  const done = seen.filter(({ phase }) => phase === 'score').map((progress) => progress.done);
  demand(
    done.every((count, index) => index === 0 || count >= (done[index - 1] ?? 0)),
    `it counted ${done.join()}`,
  );
};

const refusesUnknownKinds: Check = async (evaluator, signal) => {
  const canary = await textLossCanary();
  const refused = await ask(evaluator, canary, signal, { tasks: [{ ...canary.task, kind: 'no-such-kind' }] }).then(
    () => false,
    (error: unknown) => toAssayError(error).fault !== 'miner',
  );
  demand(refused, 'it gave a score, or blamed the miner');
  await scoresTheCanary(evaluator, signal);
};

/** What every evaluator of text losses is held to, whatever it runs on. */
export const EVALUATOR_CHECKS: readonly ConformanceCheck[] = [
  { name: 'says what it computes with before it is asked', run: saysItsNumerics },
  { name: 'gives a known model its known loss', run: scoresTheCanary },
  { name: 'answers the same request with the same digits', run: repeatsItself },
  { name: 'answers every task, in the order asked', run: answersInOrder },
  { name: 'counts its progress', run: countsProgress },
  { name: 'refuses a kind that it does not know, and goes on', run: refusesUnknownKinds },
  { name: 'blames the miner for a file that is cut off', run: blamesTheMiner((path) => truncate(path, 1000)) },
  { name: 'never gives a score that is not a number', run: blamesTheMiner(withNaN) },
];

/** Every check in turn; one that fails does not keep the others from being run. */
export async function checkEvaluator(
  evaluator: Evaluator,
  signal: AbortSignal,
  onResult: (result: ConformanceResult) => void = () => undefined,
): Promise<ConformanceResult[]> {
  const results: ConformanceResult[] = [];
  for (const { name, run } of EVALUATOR_CHECKS) {
    signal.throwIfAborted();
    const result = await run(evaluator, signal).then(
      (): ConformanceResult => ({ name }),
      (error: unknown): ConformanceResult => ({ name, reason: reasonOf(error) }),
    );
    results.push(result);
    onResult(result);
  }
  return results;
}
