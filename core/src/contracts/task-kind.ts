import type { AssayError } from '../errors/assay-error.js';
import type { DatasetSample, SampleRequest } from './dataset-provider.js';
import type { TaskResult } from './evaluation-task.js';
import type { Canary } from './evaluator.js';
import type { Json } from './round-journal.js';
import type { Rule } from './rule.js';
import type { Tokenizer } from './tokenizer.js';

/** One sample: rows of token ids, all of one length. [row][token] */
export type SampleRows = readonly ArrayLike<number>[];

/** What a round knows before anything is drawn for a task. */
export interface TaskContext {
  seed: bigint;
  /** The competition's. */
  tokenizer: Tokenizer;
  /** Tokens per sequence. */
  sequenceLength: number;
}

/** What an evaluator is asked to score. */
export interface KindSamples {
  /** In the order in which they are scored. */
  samples: Iterable<SampleRows>;
  /** What the evaluator is told about them, by the kind's own schema. */
  parameters: Readonly<Record<string, Json>>;
  /** Beginnings that the model is asked to continue; empty where it is not. [prompt][row][token] */
  prompts: readonly (readonly (readonly number[])[])[];
  /** Of each sample the page of the dataset that it comes from, as an index; absent where the dataset does not say. */
  clusters?: readonly number[];
}

/** What the verdict on one task of a model rests on. Recorded with the round. */
export interface TaskRecord {
  /** Loss of each sample. */
  losses: readonly number[];
  /** What else the kind judges by, as JSON; absent where there is nothing. */
  evidence?: unknown;
}

export type TaskVerdict =
  { refusal: null; score: number; losses: readonly number[] } | { refusal: AssayError; score: number | null };

/**
 * What a task is: which samples come out of the data, what an evaluator computes on them, and what follows from it. An
 * evaluator says what it has computed; the verdict is the kind's, so that a replay comes to it again.
 */
export interface TaskKind {
  /** Whether the lower or the higher of two scores is the better one. */
  readonly better: 'lower' | 'higher';
  /** What the dataset is asked for. */
  request(context: TaskContext): SampleRequest;
  /** What is scored of the data that was drawn. */
  samples(drawn: DatasetSample, context: TaskContext): KindSamples;
  /**
   * What is recorded of an evaluator's result.
   * @throws EVALUATION_ABSENT when it is not what the kind's evaluators return
   */
  record(result: TaskResult, prompts: KindSamples['prompts']): TaskRecord;
  /**
   * The verdict on what was recorded. Pure.
   * @param task name of the task, for the refusal
   * @throws EVIDENCE_INVALID when the evidence is not of this kind
   */
  judge(record: TaskRecord, task: string): TaskVerdict;
}

/** A kind of task as a package brings it. */
export interface TaskKindRule extends Rule<TaskKind> {
  /** A model of known score; of the given class, where the kind has one. Absent where none is known. */
  canary?: (architecture?: string) => Promise<Canary>;
}
