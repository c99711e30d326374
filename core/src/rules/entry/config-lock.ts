import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { EntryCheck, Finding } from '../../contracts/entry-check.js';
import type { Rule } from '../../contracts/rule.js';
import { verificationErrors } from '../../model/errors.js';

const parameters = z.strictObject({
  config: z
    .record(z.string(), z.json())
    .refine((config) => Object.keys(config).length > 0, 'names no key')
    .describe('Keys of config.json and the value that each has to have; null: the key is null or absent.'),
});

/** Models of one shape: config.json has to say what the subnet says. */
export const configLock: Rule<EntryCheck, z.infer<typeof parameters>> = {
  name: 'config-lock',
  version: 1,
  summary: 'Keys of config.json that have to have a fixed value, so that all models have one shape.',
  parameters,
  examples: [{ config: { hidden_size: 2048, tie_word_embeddings: false } }],
  bind: ({ config: locked }) => ({
    inspected: ({ config }) =>
      Object.entries(locked).map(([key, wanted]): Finding => {
        const has = config[key] ?? null;
        const [found, limit] = [JSON.stringify(has).slice(0, 200), JSON.stringify(wanted).slice(0, 200)];
        const error = verificationErrors.CONFIG_LOCKED({ key, found, wanted: limit });
        return { name: key, found, limit, ...(isDeepStrictEqual(has, wanted) ? {} : { error }) };
      }),
  }),
};
