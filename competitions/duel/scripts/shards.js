// Writes assets/shards: the texts of the demo as token ids, in the layout that the validators of subnet 3 draw from.
//   node competitions/duel/scripts/shards.js
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tokenizers from '@assay/plugin-tokenizers';

const demo = join(import.meta.dirname, '..', '..', 'demo', 'assets');
const folder = join(import.meta.dirname, '..', 'assets', 'shards');
/** Tokens of a record: a sequence of the demo joins two of them. */
const RECORD = 128;
/** Shards of each source, and the records of each shard. */
const SOURCES = [
  { name: 'reference', weight: 3, shards: [110, 110] },
  { name: 'articles', weight: 1, shards: [50, 50] },
];

/** An array of uint32 as numpy.save writes it. */
function npy(tokens) {
  const text = `{'descr': '<u4', 'fortran_order': False, 'shape': (${tokens.length},), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`, 'latin1');
  const start = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.alloc(2), header]);
  start.writeUInt16LE(header.length, 8);
  return Buffer.concat([start, Buffer.from(Uint32Array.from(tokens).buffer)]);
}

const { signal } = new AbortController();
const loader = await tokenizers.provides.tokenizer.create({}, { log: () => undefined, resolvePath: (path) => path });
const tokenizer = await loader.load({ kind: 'folder', path: join(demo, 'tokenizer') }, signal);
const texts = readFileSync(join(demo, 'texts', 'heldout.jsonl'), 'utf8')
  .trim()
  .split('\n');
const stream = texts.flatMap((line) => [...tokenizer.encode(JSON.parse(line).text), tokenizer.eosTokenId]);

rmSync(folder, { recursive: true, force: true });
let taken = 0;
for (const { name, shards } of SOURCES) {
  mkdirSync(join(folder, name), { recursive: true });
  const entries = shards.map((records, index) => {
    const key = `shard_${String(index).padStart(6, '0')}.npy`;
    const content = npy(stream.slice(taken, (taken += records * RECORD)));
    writeFileSync(join(folder, name, key), content);
    return { key, sha256: createHash('sha256').update(content).digest('hex') };
  });
  writeFileSync(
    join(folder, name, 'manifest.json'),
    `${JSON.stringify({ seq_len: RECORD, shards: entries }, null, 2)}\n`,
  );
}
const sources = SOURCES.map(({ name, weight }) => ({
  name,
  weight,
  manifest_url: `${name}/manifest.json`,
  enabled: true,
}));
writeFileSync(join(folder, 'bundle.json'), `${JSON.stringify({ sources }, null, 2)}\n`);
process.stdout.write(`${taken} of ${stream.length} tokens\n`);
process.exit();
