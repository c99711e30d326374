import { z } from 'zod';
import { parametersOf, TASK_KINDS } from '../kinds/task-kinds.js';

const share = z.number().min(0).max(1);

/** A rule by name, its parameters beside it; the rule's own schema checks them once all packages are known. */
export const ruleChoice = z.looseObject({ rule: z.string().min(1) });

/** `type` is the old word for `rule`. */
const epsilon = z.union([
  ruleChoice,
  z.looseObject({ type: z.string().min(1) }).transform(({ type, ...parameters }) => ({ rule: type, ...parameters })),
]);

/** What `comparison` stands for. */
export const MATCH_BY_COMPARISON = {
  'mean-loss': { rule: 'mean-loss' },
  'per-sequence': { rule: 'per-batch' },
} as const;

const statedTask = z.strictObject({
  name: z.string().min(1),
  kind: z.string().min(1),
  dataset: z.string().min(1),
  datasetOptions: z.record(z.string(), z.unknown()).optional(),
  pages: z.number().int().positive().optional(),
  batchSize: z.number().int().positive().optional(),
  packSamples: z.boolean().optional(),
  maxBatches: z.number().int().positive().optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  weight: z.union([share, z.literal('samples')]),
  normalization: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none') }),
    z.strictObject({ type: z.literal('inverse-exponential'), ceiling: z.number().positive() }),
  ]),
});

/** Parameters of a kind that comes with core are checked here, those of another kind when its package is known. */
const task = statedTask.superRefine((stated, context) => {
  const kind = TASK_KINDS.find(({ name }) => name === stated.kind);
  const { error } = kind?.parameters.safeParse(parametersOf(stated)) ?? {};
  for (const { path, message } of error?.issues ?? []) {
    const at = path[0] !== undefined && path[0] in (stated.parameters ?? {}) ? ['parameters', ...path] : path;
    context.addIssue({ code: 'custom', path: at, message });
  }
});

const constraints = z
  .strictObject({
    minParameters: z.number().int().nonnegative(),
    maxParameters: z.number().int().positive(),
    maxBytes: z.number().int().positive(),
    architectures: z.array(z.string()).min(1),
    sequenceLength: z.number().int().min(2),
  })
  .refine(({ minParameters, maxParameters }) => minParameters <= maxParameters, {
    error: 'minParameters is above maxParameters',
    path: ['minParameters'],
  });

function weightsAreShares(tasks: readonly { weight: number | 'samples' }[]): boolean {
  if (tasks.every(({ weight }) => weight === 'samples')) return true;
  const sum = tasks.reduce((total, { weight }) => total + (weight === 'samples' ? Number.NaN : weight), 0);
  return Math.abs(sum - 1) < 1e-9;
}

const written = z.strictObject({
  id: z.number().int().nonnegative(),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  judges: z.array(z.number().int().nonnegative()).min(1).optional(),
  constraints,
  tokenizer: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('builtin'), name: z.string() }),
    z.strictObject({ kind: z.literal('folder'), path: z.string() }),
    z.strictObject({
      kind: z.literal('hub'),
      repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'NAMESPACE/NAME'),
      revision: z.string().regex(/^[\w.-]+$/),
    }),
    z.strictObject({ kind: z.literal('none'), vocabularySize: z.number().int().positive() }),
  ]),
  library: z.string().min(1).optional(),
  epsilon,
  tasks: z
    .array(task)
    .min(1)
    .refine(weightsAreShares, "the weights of the tasks must sum to 1, or all be 'samples'")
    .refine((tasks) => new Set(tasks.map(({ name }) => name)).size === tasks.length, 'two tasks have the same name'),
  match: ruleChoice.optional(),
  comparison: z.enum(['mean-loss', 'per-sequence']).optional(),
  standing: ruleChoice.optional(),
  entrants: ruleChoice.optional(),
  entryChecks: z.array(ruleChoice).min(1).optional(),
  onDatasetFailure: z.enum(['skip-round', 'renormalise']),
});

/** A competition as its package writes it, with `comparison` turned into the rule that it stands for. */
export const competitionSchema = written.transform(({ comparison, match, ...rest }, context) => {
  if ((comparison === undefined) === (match === undefined)) {
    const message = match ? 'say either match or comparison' : 'says neither match nor comparison';
    context.addIssue({ code: 'custom', path: ['match'], message });
    return z.NEVER;
  }
  return { ...rest, match: match ?? MATCH_BY_COMPARISON[comparison ?? 'mean-loss'] };
});
