import { z } from 'zod';
import { configSchema } from '@assay/core/config/schema';
import { IMPLEMENTATIONS } from '../built-in-plugins.js';
import { checkPlugin } from '@assay/core/plugin/check';

/** JSON schema of the config file, with the options of every implementation that comes along under `$defs`. */
export async function configJsonSchema(): Promise<string> {
  const defs: Record<string, unknown> = {};
  for (const [name, load] of Object.entries(IMPLEMENTATIONS)) {
    const { provides } = checkPlugin(name, (await load()).default);
    for (const contract of ['chain', 'store', 'evaluator', 'inspector', 'tokenizer', 'journal'] as const) {
      const implementation = provides[contract];
      if (implementation)
        defs[`${contract}: ${name}`] = z.toJSONSchema(implementation.options, { io: 'input', unrepresentable: 'any' });
    }
    for (const [id, dataset] of Object.entries(provides.datasets ?? {})) {
      defs[`dataset: ${id}`] = z.toJSONSchema(dataset.options, { io: 'input', unrepresentable: 'any' });
    }
  }
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  return `${JSON.stringify({ ...schema, title: 'Assay config file', $defs: defs }, null, 2)}\n`;
}
