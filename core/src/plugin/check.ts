import { z } from 'zod';
import { configErrors } from '../config/errors.js';
import { issuesOf } from '../config/resolve.js';
import { competitionSchema } from '../competition/competition-schema.js';
import { profileSchema } from '../competition/profile-schema.js';
import { forEachContract } from './contracts.js';
import { forEachDoor } from '../rules/doors.js';
import { PLUGIN_API_VERSION, type CheckedPlugin } from './plugin.js';

const isFunction = z.custom((value) => typeof value === 'function', 'must be a function');

const question = z
  .strictObject({
    key: z.string().regex(/^[A-Za-z]\w*(?:\.[A-Za-z]\w*)*$/, 'keys with dots between them'),
    question: z.string().min(1),
    kind: z.enum(['text', 'number', 'boolean', 'path', 'choice']),
    choices: z.array(z.string()).min(2).optional(),
    default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  })
  .refine(({ kind, choices }) => (kind === 'choice') === (choices !== undefined), {
    path: ['choices'],
    message: 'stand beside the kind "choice", and no other',
  });

const optionPath = z
  .string()
  .regex(/^[A-Za-z]\w*(?:\.[A-Za-z]\w*)*$/, 'keys with dots between them')
  .refine((path) => path !== 'use', 'is no option');

const setting = z.strictObject({
  option: optionPath,
  flags: z.array(z.string().regex(/^--[a-z][\w.-]*$/, 'a flag with its two dashes')).optional(),
  variables: z.array(z.string().regex(/^[A-Za-z_]\w*$/, 'the name of a variable')).optional(),
  files: z.array(z.strictObject({ path: z.string().min(1), key: z.string().min(1) })).optional(),
  kind: z.enum(['text', 'path', 'list']).optional(),
  insteadOf: z.array(optionPath).optional(),
});

const implementation = z.object({
  options: z.custom<z.ZodType>(
    (value) => typeof value === 'object' && value !== null && 'safeParse' in value,
    'must be a zod schema (safeParse is missing)',
  ),
  create: isFunction,
  check: isFunction.optional(),
  questions: z.array(question).optional(),
  settings: z.array(setting).optional(),
});

const credential = z.strictObject({
  variables: z.array(z.string()).min(1),
  page: z.url(),
  files: z.array(z.string()).optional(),
});

const ruleSchema = z.looseObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  version: z.number().int().positive(),
  summary: z.string().min(1),
  parameters: implementation.shape.options,
  examples: z.array(z.record(z.string(), z.unknown())).min(1),
  bind: isFunction,
});

const pluginSchema = z.object({
  apiVersion: z.number(),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  provides: z
    .object({
      ...forEachContract(() => implementation.optional()),
      chain: implementation.extend({ verifySignature: isFunction }).optional(),
      datasets: z
        .record(
          z.string(),
          implementation.extend({
            credentials: z
              .union([
                z.array(credential),
                z.custom((value) => typeof value === 'function', 'must be a list or a function'),
              ])
              .optional(),
          }),
        )
        .optional(),
      reporters: z
        .record(
          z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
          implementation.extend({ remote: z.boolean().optional() }),
        )
        .optional(),
      ...forEachDoor(() => z.array(ruleSchema).optional()),
      competitions: z.array(competitionSchema).superRefine(namesDiffer).optional(),
      modules: z.record(z.string(), z.array(z.string().startsWith('file:', 'must be a file URL'))).optional(),
      checkModule: isFunction.optional(),
      profiles: z.record(z.string(), profileSchema).optional(),
    })
    .strict(),
});

/** A package that has a name twice would stop the start, and be told of two packages. */
function namesDiffer(competitions: readonly { name: string }[], context: z.RefinementCtx): void {
  const names = competitions.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    const first = names.indexOf(name);
    if (first !== index)
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `competition ${first} of this package is called ${name} already`,
      });
  }
}

/** A package's default export as a plugin, or a coded error that says what is wrong with it. Runs nothing of it. */
export function checkPlugin(packageName: string, exported: unknown): CheckedPlugin {
  if (typeof exported === 'object' && exported !== null && 'apiVersion' in exported) {
    const { apiVersion } = exported;
    if (apiVersion !== PLUGIN_API_VERSION) {
      throw configErrors.PLUGIN_API_VERSION({ plugin: packageName, apiVersion, wanted: PLUGIN_API_VERSION });
    }
  }
  const checked = pluginSchema.safeParse(exported);
  if (!checked.success) throw configErrors.PLUGIN_MALFORMED({ package: packageName, issues: issuesOf(checked.error) });
  // zod has checked the shape; the functions' own types can only be promised by the plugin.
  const plugin = exported as CheckedPlugin;
  const { competitions, profiles } = checked.data.provides;
  return {
    ...plugin,
    provides: { ...plugin.provides, ...(competitions && { competitions }), ...(profiles && { profiles }) },
  };
}
