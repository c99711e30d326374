import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatasetSample } from '@assay/core/contracts/dataset-provider';
import { systemClock } from '@assay/core/runtime/system-clock';
import { textSeed } from '@assay/lib-numpy-random';
import { TokenShards } from '@assay/plugin-token-shards/dist/dataset.js';
import { shardOptions } from '@assay/plugin-token-shards/dist/options.js';
import { letters } from '../../letters.js';
import { equal, fields, list, Mismatch, number, text, unitOf, type Fields, type Kind } from '../unit.js';
import { materialOf } from './duel-seeds.js';

/** Sequences out of shards, by the dataset as a validator has it, in a folder. */
export const multiSource: Kind = (content) =>
  Promise.all(
    list(content['cases']).map((given, index) => unitOf(`cases[${index}]`, () => drawnAsExpected(fields(given)))),
  );

async function drawnAsExpected(given: Fields): Promise<'reference'> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-shards-'));
  try {
    const refused = given['refused'] !== null;
    const drawn = await drawnIn(folder, given).catch((error: unknown) => {
      if (refused) return undefined;
      throw error;
    });
    if (drawn) compare(drawn, given);
    if (drawn && refused) throw new Mismatch(`expected a refusal: ${String(given['refused'])}`);
    return 'reference';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function drawnIn(folder: string, given: Fields): Promise<DatasetSample> {
  for (const [name, content] of Object.entries(fields(given['files'])))
    writeFileSync(join(folder, name), Buffer.from(text(content), 'base64'));
  const sources = list(given['inputs'])
    .map(fields)
    .map(({ name, weight, seq_len, shards }, index) => {
      const manifest = `${index}.json`;
      writeFileSync(join(folder, manifest), JSON.stringify({ seq_len, shards }));
      return { name, manifest, ...(weight === null ? {} : { weight }) };
    });
  const options = shardOptions.parse({
    sources,
    baseLength: given['seq_len'],
    shardsPerSource: given['shards_per_source'],
    vocabularySize: given['vocab_size'],
  });
  const dataset = new TokenShards(options, {
    clock: systemClock,
    dataDir: folder,
    resolvePath: (path) => join(folder, path),
    log: () => undefined,
  });
  const request = {
    seed: textSeed(materialOf(given)),
    tokenizer: letters,
    sequenceLength: number(given['seq_len']) * number(given['seq_len_multiplier']),
    batchSize: 1,
    pages: 0,
    sequences: number(given['n']),
    packSamples: true,
  };
  return dataset.sample(request, new AbortController().signal);
}

function compare({ batches, pages, clusters = [], source }: DatasetSample, given: Fields): void {
  equal(
    'sequences',
    batches.map(([row = []]) => Array.from(row)),
    given['sequences'],
  );
  // A page is named by its source and its file.
  const named = pages.map((page) => page.split('/'));
  equal(
    'labels',
    clusters.map((cluster) => named[cluster]?.[0]),
    given['labels'],
  );
  const used = list(given['used']).map(fields);
  equal(
    'used',
    named,
    used.flatMap(({ name, shards }) => list(shards).map((shard) => [name, shard])),
  );
  const digest = /tokens sha256:([0-9a-f]{64})$/.exec(source)?.[1];
  equal('digest', digest, given['digest']);
}
