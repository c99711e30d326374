import { z } from 'zod';
import { errorReport } from '../errors/error-report.js';
import { modelFacts } from './model.js';
import { evaluationTask, taskResult } from './task-kinds.js';

/**
 * The border between the validator and the process that evaluates: one JSON object per line, requests on the child's
 * stdin, answers on its stdout, free text for people on its stderr. docs/build/evaluator-protocol.md tells it in prose.
 */
export const EVALUATOR_PROTOCOL_VERSION = 1;

const storedFile = z.object({ path: z.string(), size: z.number().int().nonnegative(), sha256: z.string() });

const modelOnTheWire = z.object({
  /** Identity. */
  digest: z.string(),
  architecture: z.string(),
  files: z.array(storedFile),
  /** Folder with the files, for a process on the same machine. */
  directory: z.string().optional(),
});

export const evaluatorRequest = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('evaluate'),
    id: z.string(),
    model: modelOnTheWire,
    tasks: z.array(evaluationTask),
    /** Milliseconds until the parent gives up. */
    deadlineMs: z.number().positive(),
  }),
  z.object({ type: z.literal('inspect'), id: z.string(), directory: z.string() }),
]);
export type EvaluatorRequest = z.infer<typeof evaluatorRequest>;

/** Sent to programs whose hello lists `prepare`: this model comes next. It has no answer, and doing nothing is allowed. */
export const evaluatorHint = z.object({ type: z.literal('prepare'), model: modelOnTheWire });
export type EvaluatorHint = z.infer<typeof evaluatorHint>;

const numerics = z
  .object({
    device: z.string(),
    computeType: z.string(),
    runtime: z.string(),
    attention: z.string(),
  })
  .catchall(z.string());

export const evaluatorMessage = z.discriminatedUnion('type', [
  /** First line of the child, before any request. */
  z.object({
    type: z.literal('hello'),
    protocol: z.number().int(),
    name: z.string(),
    kinds: z.array(z.string()),
    operations: z.array(z.string()),
    architectures: z.array(z.string()).optional(),
    numerics,
  }),
  z.object({
    type: z.literal('progress'),
    id: z.string(),
    phase: z.enum(['load', 'generate', 'score']),
    task: z.string().optional(),
    done: z.number().int().nonnegative(),
    total: z.number().int().nonnegative(),
  }),
  z.object({
    type: z.literal('answer'),
    id: z.string(),
    results: z.array(taskResult),
    numerics,
    timings: z.object({
      loadMs: z.number(),
      computeMs: z.number(),
      cpuMs: z.number().optional(),
      peakRssBytes: z.number().optional(),
      peakAnonymousBytes: z.number().optional(),
    }),
  }),
  z.object({ type: z.literal('facts'), id: z.string(), facts: modelFacts }),
  z.object({ type: z.literal('fault'), id: z.string(), error: errorReport }),
]);
export type EvaluatorMessage = z.infer<typeof evaluatorMessage>;
