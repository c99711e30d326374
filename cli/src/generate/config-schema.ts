import { z } from 'zod';
import { configSchema } from '@assay/core/config/schema';
import { checkPlugin } from '@assay/core/plugin/check';
import { CONTRACT_NAMES, CONTRACTS, type ContractName } from '@assay/core/plugin/contracts';
import type { Plugin } from '@assay/core/plugin/plugin';
import { COMPETITIONS, DEFAULTS, IMPLEMENTATIONS } from '../built-in-plugins.js';

type JsonSchema = Record<string, unknown>;

/**
 * JSON schema of the config file. Each contract is one of the implementations that come along, told apart by `use`, with
 * the options of its own schema; an implementation of another package may have any options.
 */
export async function configJsonSchema(): Promise<string> {
  const plugins = await Promise.all(
    Object.entries({ ...IMPLEMENTATIONS, ...COMPETITIONS }).map(async ([name, load]) =>
      checkPlugin(name, (await load()).default),
    ),
  );
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  const properties: JsonSchema = {
    ...schema.properties,
    subnet: { ...propertyOf(schema, 'subnet'), default: DEFAULTS.subnet },
    ...Object.fromEntries(CONTRACT_NAMES.map((name) => [name, contractSchema(name, plugins)])),
    reporters: { ...propertyOf(schema, 'reporters'), items: { oneOf: reporterSchemas(plugins) } },
    datasets: { ...propertyOf(schema, 'datasets'), properties: datasetSchemas(plugins) },
  };
  const required = (schema.required ?? []).filter((key) => !Object.hasOwn(DEFAULTS, key));
  const whole = { ...schema, title: 'Assay config file', properties, required };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function propertyOf({ properties }: { properties?: JsonSchema }, key: string): object {
  const found = properties?.[key];
  return typeof found === 'object' && found !== null ? found : {};
}

function contractSchema(name: ContractName, plugins: readonly Plugin[]): JsonSchema {
  const { use: fallback } = DEFAULTS[name];
  const bundled = plugins.flatMap(({ name: use, provides }) => {
    const implementation = provides[name];
    return implementation ? [{ use, options: optionsSchema(implementation.options) }] : [];
  });
  const known = bundled.map(({ use }) => use);
  const own = CONTRACTS[name].ownOptions;
  const ownProperties = own ? propertiesOf(optionsSchema(own)) : {};
  return {
    description: CONTRACTS[name].summary,
    oneOf: [
      ...bundled.map(({ use, options }) => ({
        ...options,
        title: `${name}: ${use}`,
        properties: {
          use: { const: use, ...(use === fallback ? { default: use } : {}) },
          ...propertiesOf(options),
          ...ownProperties,
        },
        required: [...(use === fallback ? [] : ['use']), ...requiredOf(options)],
      })),
      {
        title: `${name}: of another package`,
        type: 'object',
        properties: { use: { type: 'string', not: { enum: known } }, ...ownProperties },
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
