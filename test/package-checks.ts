import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page, PageQuery, SplitSize } from '@assay/core/contracts/row-source';
import { asDataset } from '@assay/core/datasets/document-dataset';
import type { Plugin } from '@assay/core/plugin/plugin';
import { checkPluginPackage, type PluginWorld } from '@assay/core/testing/plugin-conformance';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import { letters } from './letters.js';

/** What the kit finds wrong with a package. */
export const failedChecks = async (plugin: unknown, world?: PluginWorld): Promise<string[]> =>
  (await checkPluginPackage('it', plugin, world)).flatMap(({ subject, name, reason }) =>
    reason === undefined ? [] : [`${subject}: ${name}: ${reason}`],
  );

interface Asked {
  queries: PageQuery[];
  /** Of all batches. */
  text: string;
}

/** What a dataset of a package asks its source for, and what it makes of the answers. */
export async function asked(
  plugin: Plugin,
  id: string,
  drawn: { seed: bigint; pages: number },
  answer: { row: Page['rows'][number]; splits?: readonly SplitSize[] },
): Promise<Asked> {
  const implementation = plugin.provides.datasets?.[id];
  if (!implementation) throw new Error(`the package has no dataset ${id}`);
  const queries: PageQuery[] = [];
  const rows = {
    description: 'a source',
    maxInFlight: 1,
    page: (query: PageQuery): Promise<Page> => {
      queries.push(query);
      return Promise.resolve({ rows: [answer.row] });
    },
    splits: () => Promise.resolve(answer.splits ?? []),
  };
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const { signal } = new AbortController();
  const deps = {
    rows,
    clock,
    dataDir: mkdtempSync(join(tmpdir(), 'assay-package-')),
    netuid: 9,
    modules: [],
    make: makesNothing,
    environment: {},
    log: () => undefined,
    resolvePath: (path: string) => path,
  };
  const dataset = asDataset(await implementation.create(implementation.options.parse({}), deps, signal));
  const { batches } = await dataset.sample(
    { ...drawn, tokenizer: letters, sequenceLength: 4, batchSize: 1, packSamples: true },
    signal,
  );
  return { queries, text: letters.decode(batches.flat().flatMap((row) => Array.from(row))) };
}
