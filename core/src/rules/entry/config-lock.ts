import { z } from 'zod';
import type { EntryCheck, EntryContext, Finding } from '../../contracts/entry-check.js';
import type { Rule } from '../../contracts/rule.js';
import { verificationErrors } from '../../model/errors.js';
import type { JsonObject } from '../../model/json-object.js';
import { pythonEqual } from '../../model/python-equal.js';

/** Keys that say of what shape a model is, as subnet 3 locks them. */
const SHAPE_KEYS = [
  'vocab_size',
  'hidden_size',
  'num_hidden_layers',
  'num_attention_heads',
  'num_key_value_heads',
  'head_dim',
  'intermediate_size',
  'model_type',
  'tie_word_embeddings',
  'rope_theta',
  'max_position_embeddings',
  'max_seq_len',
];
const CLASSES = 'architectures';
/** Characters of a value in a message. */
const SHOWN = 200;

const keyList = z.array(z.string().min(1));
const parameters = z
  .strictObject({
    config: z
      .record(z.string(), z.json())
      .refine((config) => Object.keys(config).length > 0, 'names no key')
      .optional()
      .describe('Keys of config.json and the value that each has to have; null: the key is null or absent.'),
    like: z
      .literal('defender')
      .optional()
      .describe('Keys have to equal those of the model that reigns, and be absent where they are absent there.'),
    keys: keyList
      .optional()
      .describe('With `like`: the keys that are compared; those of the shape of a model when left out.'),
    extraKeys: keyList.optional().describe('With `like`: further keys, compared after the others.'),
  })
  .refine(({ config, like }) => config !== undefined || like !== undefined, 'locks nothing: it needs config or like')
  .refine(({ like, keys, extraKeys }) => like !== undefined || (keys ?? extraKeys) === undefined, {
    message: 'go with like: defender, and with nothing else',
    path: ['keys'],
  });
type Parameters = z.infer<typeof parameters>;

/** Models of one shape: config.json has to say what the subnet says, or what that of the reigning model says. */
export const configLock: Rule<EntryCheck, Parameters> = {
  name: 'config-lock',
  version: 2,
  summary: 'Keys of config.json that have to have a fixed value, or that of the model that reigns.',
  parameters,
  examples: [
    { config: { hidden_size: 2048, tie_word_embeddings: false } },
    { like: 'defender', extraKeys: ['rms_norm_eps'] },
  ],
  bind: ({ config: fixed = {}, like, keys = SHAPE_KEYS, extraKeys = [] }) => ({
    inspected: ({ config }, { defender }) => [
      ...Object.entries(fixed).map(([key, wanted]) =>
        finding(key, wanted === null ? (valueOf(config, key) ?? null) : valueOf(config, key), wanted),
      ),
      ...(like === undefined ? [] : likeness(config, defender, [...keys, ...extraKeys])),
    ],
  }),
};

/** The classes are compared only where both models name some. */
function likeness(config: JsonObject, defender: EntryContext['defender'], keys: readonly string[]): Finding[] {
  if (!defender) return [{ name: 'config', found: 'no model reigns yet', limit: 'not compared' }];
  const [own, wanted] = [valueOf(config, CLASSES), valueOf(defender.config, CLASSES)];
  return [
    ...(isEmpty(own) || isEmpty(wanted) ? [] : [finding(CLASSES, own, wanted)]),
    ...keys.map((key) => finding(key, valueOf(config, key), valueOf(defender.config, key))),
  ];
}

function finding(key: string, has: unknown, wanted: unknown): Finding {
  const [found, limit] = [shown(has), shown(wanted)];
  const error = verificationErrors.CONFIG_LOCKED({ key, found, wanted: limit });
  return { name: key, found, limit, ...(pythonEqual(has, wanted) ? {} : { error }) };
}

/** Undefined where the key is absent, which differs from null. */
const valueOf = (config: JsonObject, key: string): unknown => (Object.hasOwn(config, key) ? config[key] : undefined);

/** What Python takes for false. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  [false, 0, ''].some((empty) => value === empty) ||
  (typeof value === 'object' && Object.keys(value).length === 0);

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  return typeof value === 'number' ? String(value) : JSON.stringify(value).slice(0, SHOWN);
}
