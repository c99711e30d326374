import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import { openModel } from '@assay/lib-model-graph/inspect';
import { LIBRARIES } from '@assay/lib-model-graph/library';
import { copyOf, errorOf, FIXTURES } from './worlds.js';

const library = z.enum(['4.44', '4.57', '5']);
const { cases } = z
  .object({
    cases: z.array(
      z.object({
        base: z.string(),
        /** Members of a JSON object: of equal keys the last one counts. */
        text: z.string(),
        library: z.record(library, z.string()),
        here: z.partialRecord(library, z.string()).default({}),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(FIXTURES, '..', 'base-configs.json'), 'utf8')));
type Case = (typeof cases)[number];

const REFUSALS = ['CONFIG_UNSUPPORTED', 'CONFIG_UNREADABLE', 'GENERATION_UNSUPPORTED', 'WEIGHTS_QUANTIZED'];

function folderFor({ base, text }: Case): string {
  const folder = copyOf(join(FIXTURES, '..', 'cases', base, 'model'));
  const path = join(folder, 'config.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/\}\s*$/, `, ${text}}`));
  return folder;
}

describe.each(LIBRARIES)('a config.json under %s', (version) => {
  const registry = new Registry(version);

  it.each(cases.map((one): [string, Case] => [`${one.base}: ${one.text}`, one]))('%s', async (_name, one) => {
    const outcome = one.here[version] ?? one.library[version];
    const opened = openModel(folderFor(one), registry);
    if (outcome === 'scored') {
      await expect(opened).resolves.toMatchObject({ unused: [] });
      return;
    }
    const error = await errorOf(opened);
    expect(REFUSALS).toContain(error.code);
    expect(error).toMatchObject({ fault: 'miner', retry: 'never' });
    const keys = [...one.text.matchAll(/"(\w+)":/g)].map(([, key]) => key ?? '');
    expect(
      keys.some((key) => `${error.message} ${error.hint}`.includes(key)),
      error.message,
    ).toBe(true);
  });
});
