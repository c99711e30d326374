import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, open, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Canary, EvaluationAnswer, EvaluationProgress, Evaluator } from '../contracts/evaluator.js';
import type { StoredModel } from '../contracts/model.js';
import { sampleCount, type EvaluationTask } from '../contracts/evaluation-task.js';
import { toAssayError } from '../errors/describe.js';
import { knownContinuations, textLossCanary } from '../kinds/text-loss/canary.js';
import { textLossDetails } from '../kinds/text-loss/schemas.js';
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

/** Nats by which a loss may differ between a sample alone and among others. */
const SAME_LOSS = 1e-3;

/** The canary's model with other tasks, or other files. */
async function ask(
  evaluator: Evaluator,
  { model, task }: Canary,
  signal: AbortSignal,
  {
    tasks = [task],
    files = model,
    keep = false,
    onProgress = () => undefined,
  }: {
    tasks?: EvaluationTask[];
    files?: Pick<StoredModel, 'directory' | 'files'>;
    keep?: boolean;
    onProgress?: (progress: EvaluationProgress) => void;
  } = {},
): Promise<EvaluationAnswer> {
  return evaluator.evaluate(
    {
      id: randomUUID(),
      model: { ...model, directory: files.directory, files: files.files },
      tasks,
      deadlineMs: DEADLINE_MS,
      keep,
    },
    onProgress,
    signal,
  );
}

const lossesOf = (answer: EvaluationAnswer, index = 0): readonly number[] => answer.results[index]?.losses ?? [];
const meanOf = (losses: readonly number[]): number => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;

const areClose = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((loss, index) => Math.abs(loss - (b[index] ?? Number.NaN)) <= SAME_LOSS);

/** A part of the canary's samples, as a task of another name. */
const partOf = ({ task }: Canary, name: string, from: number): EvaluationTask => ({
  ...task,
  name,
  range: { from, to: from + 1 },
});

const scoresTheCanary: Check = async (evaluator, signal) => {
  const canary = await textLossCanary();
  const answer = await ask(evaluator, canary, signal);
  const [score, tolerance] = [meanOf(lossesOf(answer)), canary.tolerance(answer.numerics)];
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

/** After a fault the next request is answered, whatever the losses are. */
async function goesOn(evaluator: Evaluator, signal: AbortSignal): Promise<void> {
  const reason = await ask(evaluator, await textLossCanary(), signal).then(() => undefined, reasonOf);
  demand(reason === undefined, `the next request failed: ${reason ?? ''}`);
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
        (answer) => `it gave the loss ${meanOf(lossesOf(answer))}`,
        (error: unknown) => {
          const { code, fault } = toAssayError(error);
          return fault === 'miner' ? undefined : `it was a fault of the ${fault} (${code})`;
        },
      );
      demand(outcome === undefined, outcome ?? '');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    await goesOn(evaluator, signal);
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
  const capacity = (await evaluator.capacity?.(signal)) ?? 1;
  demand(Number.isInteger(capacity) && capacity > 0, `its capacity is ${capacity}`);
};

const repeatsItself: Check = async (evaluator, signal) => {
  const canary = await textLossCanary();
  const digits = async (): Promise<string> => JSON.stringify(lossesOf(await ask(evaluator, canary, signal)));
  const [first, second] = [await digits(), await digits()];
  demand(first === second, `${first} and ${second}`);
};

const answersInOrder: Check = async (evaluator, signal) => {
  const canary = await textLossCanary();
  const { task } = await knownContinuations();
  const short = { ...task, parameters: { ...task.parameters, promptLength: 0 } };
  const tasks = [
    { ...short, name: 'second' },
    { ...canary.task, name: 'first' },
  ];
  const answer = await ask(evaluator, canary, signal, { tasks });
  const names = answer.results.map(({ name }) => name).join();
  demand(names === 'second,first', `the results are ${names}`);
  for (const [index, one] of tasks.entries()) {
    const alone = lossesOf(await ask(evaluator, canary, signal, { tasks: [one] }));
    demand(areClose(lossesOf(answer, index), alone), `task ${index} has other losses alone than among others`);
  }
};

const countsProgress: Check = async (evaluator, signal) => {
  const counts: number[] = [];
  await ask(evaluator, await textLossCanary(), signal, {
    onProgress: ({ done, total }) => {
      demand(done <= total, `${done} of ${total}`);
      counts.push(done);
    },
  });
  demand(
    counts.every((count, index) => count >= (counts[index - 1] ?? 0)),
    `it counted ${counts.join()}`,
  );
};

/** Every loss comes once, in order, before the answer. */
const streamsLosses: Check = async (evaluator, signal) => {
  const canary = await textLossCanary();
  const seen: EvaluationProgress[] = [];
  const answer = await ask(evaluator, canary, signal, { onProgress: (progress) => seen.push(progress) });
  const streamed = seen.flatMap(({ losses }) => losses?.values ?? []);
  demand(streamed.length === sampleCount(canary.task.samples), `it streamed ${streamed.length} losses`);
  demand(
    JSON.stringify(streamed) === JSON.stringify(lossesOf(answer)),
    `it streamed ${streamed.join()} and answered ${lossesOf(answer).join()}`,
  );
};

/** A model that is asked in parts has the losses that it has when it is asked as a whole. */
const scoresInParts: Check = async (evaluator, signal) => {
  const canary = await textLossCanary();
  const whole = lossesOf(await ask(evaluator, canary, signal));
  for (const index of [0, 1]) {
    const tasks = [partOf(canary, 'part', index)];
    const losses = lossesOf(await ask(evaluator, canary, signal, { tasks, keep: index === 0 }));
    demand(losses.length === 1, `a part of one sample has ${losses.length} losses`);
    demand(
      areClose(losses, whole.slice(index, index + 1)),
      `sample ${index} has another loss in a part than in the whole`,
    );
  }
};

/** The last tokens of a known model, which every arithmetic has in common. The verdict on them is the validator's. */
const continuesAsKnown: Check = async (evaluator, signal) => {
  const { task, continuations } = await knownContinuations();
  const answer = await ask(evaluator, await textLossCanary(), signal, { tasks: [task] });
  const { success, data } = textLossDetails.safeParse(answer.results[0]?.details);
  demand(success, 'it returned no generations');
  const [given, known] = [JSON.stringify(data.generations), JSON.stringify(continuations)];
  demand(given === known, `the known continuations ${known} came out as ${given}`);
};

/** The outcome of a request that has to fail by no fault of the miner's. */
async function refuses(evaluator: Evaluator, task: EvaluationTask, signal: AbortSignal): Promise<void> {
  const canary = await textLossCanary();
  const refused = await ask(evaluator, canary, signal, { tasks: [task] }).then(
    () => false,
    (error: unknown) => toAssayError(error).fault !== 'miner',
  );
  demand(refused, 'it gave a loss, or blamed the miner');
  await goesOn(evaluator, signal);
}

const refusesUnknownKinds: Check = async (evaluator, signal) =>
  refuses(evaluator, { ...(await textLossCanary()).task, kind: 'no-such-kind' }, signal);

const refusesOtherSamples: Check = async (evaluator, signal) => {
  const { task } = await textLossCanary();
  await refuses(evaluator, { ...task, samples: { ...task.samples, digest: '0'.repeat(64) } }, signal);
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
  { name: 'continues known texts with known tokens', run: continuesAsKnown },
  { name: 'streams every loss once, in order', run: streamsLosses },
  { name: 'scores a part of the samples as it scores them all', run: scoresInParts },
  { name: 'refuses samples that are not what their digest says, and goes on', run: refusesOtherSamples },
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
