import { z } from 'zod';
import { errorReport } from '../errors/error-report.js';
import { evaluationTask } from './evaluation-task.js';
import { modelFacts, usedTensor } from './model.js';

/**
 * The border between the validator and the process that evaluates: one JSON object per line, requests on the child's
 * stdin, messages on its stdout, free text for people on its stderr. docs/build/evaluator-protocol.md tells it in prose.
 */
export const EVALUATOR_PROTOCOL_VERSION = 2;

/** Requests that a program may say it computes at a time. */
const MAX_CAPACITY = 1024;

/** Tensors that one line of an inspection may list. */
export const TENSORS_IN_A_LINE = 1000;

const storedFile = z.object({ path: z.string(), size: z.number().int().nonnegative(), sha256: z.string() });

const modelOnTheWire = z.object({
  /** Identity. */
  digest: z.string(),
  architecture: z.string(),
  files: z.array(storedFile),
  /** Folder with the files, for a process on the same machine. */
  directory: z.string().optional(),
});

const evaluate = z.object({
  type: z.literal('evaluate'),
  id: z.string(),
  model: modelOnTheWire,
  tasks: z.array(evaluationTask),
  /** Milliseconds until the parent gives up. */
  deadlineMs: z.number().positive(),
  /** Another part of this model is asked for soon: it may stay loaded. */
  keep: z.boolean(),
});

const inspect = z.object({
  type: z.literal('inspect'),
  id: z.string(),
  directory: z.string(),
  /** Whether the used tensors are asked for, in `tensors` lines before the facts. */
  tensors: z.boolean().optional(),
});

/** Values of the tensors of a model, for comparing it with others. Sent to a program whose hello lists `sample`. */
const sample = z.object({
  type: z.literal('sample'),
  id: z.string(),
  directory: z.string(),
  /** The positions follow from it. */
  seed: z.string(),
});

export const evaluatorRequest = z.discriminatedUnion('type', [evaluate, inspect, sample]);
export type EvaluatorRequest = z.infer<typeof evaluatorRequest>;
export type EvaluateRequest = z.infer<typeof evaluate>;

/** Lines that get no answer. A program is sent those that the `operations` of its hello name. */
export const evaluatorNotice = z.discriminatedUnion('type', [
  /** This model comes next. Doing nothing is allowed. */
  z.object({ type: z.literal('prepare'), model: modelOnTheWire }),
  /** The request of this id is given up: it ends with `cancelled`, unless its answer is on its way. */
  z.object({ type: z.literal('cancel'), id: z.string() }),
  /** No further part of this model is asked for: it need not stay loaded. */
  z.object({ type: z.literal('release'), digest: z.string() }),
]);
export type EvaluatorNotice = z.infer<typeof evaluatorNotice>;

const word = z.string().min(1);
const numerics = z
  .object({ device: word, computeType: word, runtime: word, attention: word })
  .catchall(z.string())
  .describe('Whatever could move a digit.');

export const evaluatorHello = z.object({
  type: z.literal('hello'),
  protocol: z.literal(EVALUATOR_PROTOCOL_VERSION),
  name: z.string(),
  /** Kinds of task that it can evaluate. */
  kinds: z.array(z.string()),
  /** `evaluate`, `inspect`, `sample`, `prepare`, `cancel`, `release`. */
  operations: z.array(z.string()),
  /** Class names of what it can load. */
  architectures: z.array(z.string()),
  numerics,
  /** Requests that it computes at a time. */
  capacity: z.number().int().positive().max(MAX_CAPACITY).default(1),
});
export type EvaluatorHello = z.infer<typeof evaluatorHello>;

export const evaluatorMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    id: z.string(),
    phase: z.enum(['load', 'generate']),
    task: z.string().optional(),
  }),
  /** Losses of samples `from`, `from + 1`, ... of a task. Each sample of the range comes once, in order. */
  z.object({
    type: z.literal('losses'),
    id: z.string(),
    task: z.string(),
    from: z.number().int().nonnegative(),
    losses: z.array(z.number()).min(1),
  }),
  /** All losses are out. */
  z.object({
    type: z.literal('answer'),
    id: z.string(),
    /** One for each task, in the order asked. */
    results: z.array(z.object({ name: z.string(), kind: z.string(), details: z.unknown() })),
    numerics,
    timings: z.object({
      loadMs: z.number(),
      computeMs: z.number(),
      cpuMs: z.number().optional(),
      peakRssBytes: z.number().optional(),
      peakAnonymousBytes: z.number().optional(),
    }),
  }),
  z.object({ type: z.literal('cancelled'), id: z.string() }),
  z.object({ type: z.literal('facts'), id: z.string(), facts: modelFacts }),
  /** Tensors that the architecture uses, where the inspection asks for them; each comes once. */
  z.object({
    type: z.literal('tensors'),
    id: z.string(),
    tensors: z.array(usedTensor).min(1).max(TENSORS_IN_A_LINE),
  }),
  /** Values of one tensor. */
  z.object({
    type: z.literal('values'),
    id: z.string(),
    name: z.string(),
    /** Of the whole tensor. */
    shape: z.array(z.number().int().nonnegative()),
    /** Base64 of float32, little endian. */
    values: z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/),
  }),
  /** All values of a `sample` request are out. */
  z.object({ type: z.literal('sampled'), id: z.string() }),
  z.object({ type: z.literal('fault'), id: z.string(), error: errorReport }),
]);
export type EvaluatorMessage = z.infer<typeof evaluatorMessage>;
