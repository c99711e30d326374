import { z } from 'zod';
import { configSchema } from '@assay/core/config/schema';
import { checkPlugin } from '@assay/core/plugin/check';
import { CHOSEN_CONTRACT } from '@assay/core/plugin/choice';
import { CONTRACT_NAMES, CONTRACTS, type ContractName } from '@assay/core/plugin/contracts';
import type { Plugin } from '@assay/core/plugin/plugin';
import { COMPETITIONS, DEFAULTS, IMPLEMENTATIONS } from '../built-in-plugins.js';

type JsonSchema = Record<string, unknown>;

/**
 * JSON schema of the config file. Each contract is one of the implementations that come along, told apart by `use`, with
 * the options of its own schema; an implementation of another package may have any options. An option that chooses an
 * implementation (`choiceOf`) is one of the same, by reference.
 * @param more plugins beside those that come along
 */
export async function configJsonSchema(more: readonly Plugin[] = []): Promise<string> {
  const bundled = await Promise.all(
    Object.entries({ ...IMPLEMENTATIONS, ...COMPETITIONS }).map(async ([name, load]) =>
      checkPlugin(name, (await load()).default),
    ),
  );
  const plugins = [...bundled, ...more];
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  const properties: JsonSchema = {
    ...schema.properties,
    subnet: { ...propertyOf(schema, 'subnet'), default: DEFAULTS.subnet },
    ...Object.fromEntries(CONTRACT_NAMES.map((name) => [name, contractSchema(name, plugins)])),
    reporters: { ...propertyOf(schema, 'reporters'), items: { oneOf: reporterSchemas(plugins) } },
    datasets: { ...propertyOf(schema, 'datasets'), properties: datasetSchemas(plugins) },
  };
  const required = (schema.required ?? []).filter((key) => !Object.hasOwn(DEFAULTS, key));
  const nested = new Set<ContractName>();
  const main = withChoices({ ...schema, title: 'Assay config file', properties, required }, nested);
  const definitions: JsonSchema = {};
  // A Set that grows while it is iterated: definitions may choose implementations too.
  for (const name of nested) definitions[name] = withChoices(choiceSchema(name, plugins), nested);
  const whole = { ...(main as JsonSchema), $defs: { ...schema.$defs, ...definitions } };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** With a reference in place of each option that chooses an implementation; their contracts are added to `found`. */
function withChoices(schema: unknown, found: Set<ContractName>): unknown {
  if (Array.isArray(schema)) return schema.map((one) => withChoices(one, found));
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = CONTRACT_NAMES.find((contract) => CHOSEN_CONTRACT in schema && schema[CHOSEN_CONTRACT] === contract);
  if (name !== undefined) {
    found.add(name);
    return { ...('description' in schema && { description: schema.description }), $ref: `#/$defs/${name}` };
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withChoices(value, found)]));
}

function propertyOf({ properties }: { properties?: JsonSchema }, key: string): object {
  const found = properties?.[key];
  return typeof found === 'object' && found !== null ? found : {};
}

/** A contract as the config chooses it: the default needs no `use`, and core reads keys of its own beside it. */
function contractSchema(name: ContractName, plugins: readonly Plugin[]): JsonSchema {
  const { ownOptions } = CONTRACTS[name];
  const beside = ownOptions ? propertiesOf(optionsSchema(ownOptions)) : {};
  return choiceSchema(name, plugins, { fallback: DEFAULTS[name].use, beside });
}

/** One of the implementations that come along, or of another package. */
function choiceSchema(
  name: ContractName,
  plugins: readonly Plugin[],
  { fallback, beside = {} }: { fallback?: string; beside?: object } = {},
): JsonSchema {
  const bundled = plugins.flatMap(({ name: use, provides }) => {
    const implementation = provides[name];
    return implementation ? [{ use, options: optionsSchema(implementation.options) }] : [];
  });
  const known = bundled.map(({ use }) => use);
  return {
    description: CONTRACTS[name].summary,
    oneOf: [
      ...bundled.map(({ use, options }) => ({
        ...options,
        title: `${name}: ${use}`,
        properties: {
          use: { const: use, ...(use === fallback ? { default: use } : {}) },
          ...propertiesOf(options),
          ...beside,
        },
        required: [...(use === fallback ? [] : ['use']), ...requiredOf(options)],
      })),
      {
        title: `${name}: of another package`,
        type: 'object',
        properties: { use: { type: 'string', not: { enum: known } }, ...beside },
        required: ['use'],
      },
    ],
  };
}

/** The reporters of the command line have no options; those of packages that come along have their own. */
function reporterSchemas(plugins: readonly Plugin[]): JsonSchema[] {
  const bundled = [
    ...['text', 'json'].map((use): [string, JsonSchema] => [use, { type: 'object', additionalProperties: false }]),
    ...plugins.flatMap(({ provides }) =>
      Object.entries(provides.reporters ?? {}).map(([use, { options }]): [string, JsonSchema] => [
        use,
        optionsSchema(options),
      ]),
    ),
  ];
  return [
    ...bundled.map(([use, options]) => ({
      ...options,
      title: `reporter: ${use}`,
      properties: { use: { const: use }, ...propertiesOf(options) },
      required: ['use', ...requiredOf(options)],
    })),
    {
      title: 'reporter: of another package',
      type: 'object',
      properties: { use: { type: 'string', not: { enum: bundled.map(([use]) => use) } } },
      required: ['use'],
    },
  ];
}

function datasetSchemas(plugins: readonly Plugin[]): JsonSchema {
  const datasets = plugins.flatMap(({ provides }) => Object.entries(provides.datasets ?? {}));
  return Object.fromEntries(
    // The competition gives these options; the file overrides any of them.
    datasets.map(([id, { options }]) => [id, without(optionsSchema(options), 'required')]),
  );
}

const optionsSchema = (options: z.ZodType): JsonSchema =>
  without({ ...z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }) }, '$schema');

const without = (schema: JsonSchema, key: string): JsonSchema =>
  Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));

const propertiesOf = ({ properties }: JsonSchema): object =>
  typeof properties === 'object' && properties !== null ? properties : {};
const requiredOf = ({ required }: JsonSchema): string[] =>
  Array.isArray(required) ? required.filter((key) => typeof key === 'string') : [];
