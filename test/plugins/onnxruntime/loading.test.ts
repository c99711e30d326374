import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import { CPU } from '../../../plugins/onnxruntime/dist/devices/device.js';
import { inspectModel, openModel } from '@assay/lib-model-graph/inspect';
import { LIBRARIES } from '@assay/lib-model-graph/library';
import { lossSessions, sampleLoss } from '../../../plugins/onnxruntime/dist/running/losses.js';
import { changedFolder, writeChanged } from './changed-folder.js';
import { errorOf, FIXTURES } from './worlds.js';

const library = z.enum(['4.44', '4.57', '5']);
const { rows, cases } = z
  .object({
    rows: z.array(z.array(z.number())),
    cases: z.array(
      changedFolder.extend({
        what: z.string(),
        library: z.record(
          library,
          z.union([z.object({ error: z.string() }), z.object({ loss: z.number(), parameterCount: z.number() })]),
        ),
        here: z.partialRecord(library, z.string()).default({}),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(FIXTURES, '..', 'loading.json'), 'utf8')));
type Case = (typeof cases)[number];

const folders = new Map(cases.map((one) => [one.what, writeChanged(one)]));

describe.each(LIBRARIES)('a folder that is loaded as by %s', (version) => {
  const registry = new Registry(version);
  const scored = async (folder: string): Promise<{ loss: number; parameterCount: number }> => {
    const { parameterCount } = await inspectModel(folder, registry);
    const options = { threads: 1, device: CPU, attention: 'eager' as const };
    const sessions = lossSessions(await openModel(folder, registry), options);
    const loss = await sampleLoss(sessions, rows, { packed: true, padTokenId: 39 });
    await sessions.release();
    return { loss, parameterCount };
  };

  it.each(cases.map((one): [string, Case] => [one.what, one]))('%s', async (what, { library: known, here }) => {
    const folder = folders.get(what) ?? '';
    const [expected, code] = [known[version], here[version]];
    if (code !== undefined && code !== 'scored') {
      expect(await errorOf(inspectModel(folder, registry))).toMatchObject({ code, fault: 'miner', retry: 'never' });
      return;
    }
    const { loss, parameterCount } = await scored(folder);
    if ('error' in expected) return;
    expect(parameterCount).toBe(expected.parameterCount);
    expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-5 * Math.max(1, expected.loss));
  });
});
