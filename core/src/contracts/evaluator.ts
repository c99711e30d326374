import type { ModelFacts, UsedTensor, VerifiedModel } from './model.js';
import type { EvaluationTask, TaskResult } from './evaluation-task.js';

/** What the numbers were made with. Results of different numerics are never mixed or cached as one. */
export interface Numerics {
  /** cpu, cuda, webgpu, ... */
  device: string;
  /** Type of activations and accumulations: float32, bfloat16, float16. */
  computeType: string;
  /** Runtime and version, e.g. `a-runtime 1.30.0`. */
  runtime: string;
  /** Which of the library's attention paths is imitated: eager, flash, ... */
  attention: string;
  /** Anything else that could move a digit. */
  [detail: string]: string;
}

export interface EvaluationRequest {
  /** Idempotency key: the same id with the same content has the same answer. */
  id: string;
  /** `files` in `directory` and what inspection found; identified by `model.facts.evaluationDigest`, never by path. */
  model: VerifiedModel;
  tasks: EvaluationTask[];
  /** Milliseconds from acceptance to answer; on expiry the work is killed and the fault is the validator's. */
  deadlineMs: number;
  /**
   * Another part of this model is asked for soon: it may stay loaded until a request without this member, or `release`.
   * Two models at a time are kept, so that they can be scored alternately.
   */
  keep?: boolean;
}

export interface EvaluationProgress {
  phase: 'load' | 'generate' | 'score';
  task?: string;
  /** Samples of all tasks finished, and of how many. */
  done: number;
  total: number;
  /** Losses of samples of `task` that have just been computed; `from` is the index of the first in the task's file. */
  losses?: { from: number; values: readonly number[] };
}

export interface EvaluationAnswer {
  id: string;
  /** One per task, in the order asked. */
  results: TaskResult[];
  numerics: Numerics;
  timings: { loadMs: number; computeMs: number; cpuMs?: number; peakRssBytes?: number; peakAnonymousBytes?: number };
}

/** A model whose mean loss is known: an evaluator that gives it another one can't be trusted with others. */
export interface Canary {
  model: VerifiedModel;
  task: EvaluationTask;
  /** Mean of the losses. */
  score: number;
  /** By how much the mean may be off. */
  tolerance: (numerics: Numerics) => number;
}

/**
 * Computes the losses of a model. It returns what it has computed and judges nothing. Rejects with a coded error whose `fault`
 * says whose doing it was.
 */
export interface Evaluator {
  /** Kinds of task that it can evaluate: `text-loss`, ... */
  readonly kinds: readonly string[];
  /** Known before the first evaluation: starts the backend when need be. */
  numerics(signal: AbortSignal): Promise<Numerics>;
  /**
   * The losses reach `onProgress` as they are computed, in order within a task, and are all in the answer as well. The signal
   * cancels the work.
   */
  evaluate(
    request: EvaluationRequest,
    onProgress: (progress: EvaluationProgress) => void,
    signal: AbortSignal,
  ): Promise<EvaluationAnswer>;
  /** Class names, e.g. `LlamaForCausalLM`, of what it can evaluate; undefined where it does not say. */
  architectures?(signal: AbortSignal): Promise<readonly string[] | undefined>;
  /**
   * How many requests it computes at a time; 1 where it does not say. More may be asked, and wait. It is asked before each round
   * and after each failure, so that an evaluator of several processes counts those that live. Of such a one, requests that are asked together are
   * computed by different processes, and those that are asked one after the other, with nothing else under way, by the same
   * process or machine: the validator has the canary, a control and a model that failed scored in this way (ADR 16).
   */
  capacity?(signal: AbortSignal): Promise<number>;
  /**
   * Absent where no such model is known.
   * @param architecture class of a model that is to be scored: the canary takes the same ways where such a one is known
   */
  canary?(architecture?: string): Promise<Canary>;
  /** Says which model is likely asked for next, so that it can be made ready while the current one is computed. */
  prepare?(model: VerifiedModel): void;
  /** Says that no further part of a model is asked for that was asked for with `keep`. */
  release?(model: VerifiedModel): void;
  close(): Promise<void>;
}

/** What inspection finds. */
export interface Inspection extends ModelFacts {
  /** Every tensor that the architecture uses. Absent: how much the model shares with others is unknown. */
  tensors?: readonly UsedTensor[];
}

/** A few values of a tensor. */
export interface SampledTensor {
  /** The architecture's own name for it. */
  name: string;
  /** Of the whole tensor. */
  shape: readonly number[];
  /** In the order of the positions; as float32 whatever the tensor is stored as. */
  values: Float32Array;
}

/**
 * Reads config and tensor headers of a stored model, nothing executed: architecture, parameter count, digest of what
 * an evaluation would depend on. Refuses (fault `miner`) whatever no supported architecture can hold.
 */
export interface ModelInspector {
  inspect(directory: string, signal: AbortSignal): Promise<Inspection>;
  /**
   * Values of the largest tensors of a stored model, at positions that follow from the seed, the tensor's name and its shape
   * (docs/build/evaluator-protocol.md): equal positions in every model and on every machine. Absent where the inspector can't.
   * @throws EVALUATOR_UNABLE where the program behind it can't
   */
  sample?(directory: string, seed: string, signal: AbortSignal): Promise<readonly SampledTensor[]>;
  /** Class names of what it can tell the facts of; undefined where it does not say. */
  architectures?(signal: AbortSignal): Promise<readonly string[] | undefined>;
  close(): Promise<void>;
}

export const EVALUATOR = Symbol.for('assay.Evaluator');
export const MODEL_INSPECTOR = Symbol.for('assay.ModelInspector');
