// What drawing samples costs: tokenizing, and fetching pages from a server that takes its time.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode as rivalEncode } from 'gpt-tokenizer/encoding/cl100k_base';
import { rowDataset } from '@assay/core';
import { systemClock } from '@assay/core/runtime/system-clock';
import huggingFace from '@assay/plugin-huggingface';
import tokenizers from '@assay/plugin-tokenizers';
import { TEXTS } from '../competitions/demo/dist/competitions.js';
import { printTable } from './table.js';

const never = new AbortController().signal;
const MEGABYTE = 1_000_000;
const LATENCY_MS = 300;
const PAGES = 22;

const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const deps = {
  clock: systemClock,
  dataDir: folder,
  netuid: 9,
  modules: [],
  environment: {},
  log: () => undefined,
  resolvePath: (path) => path,
};
const loader = await tokenizers.provides.tokenizer.create({}, deps, never);
const cl100k = await loader.load({ kind: 'builtin', name: 'cl100k_base' }, never);

const rows = readFileSync(join(TEXTS, 'heldout.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line).text);
const english = Array.from({ length: 20 }, () => rows.join('\n\n'))
  .join('\n\n')
  .slice(0, MEGABYTE);

function timed(work) {
  const started = performance.now();
  const tokens = work().length;
  return { ms: performance.now() - started, tokens };
}

const asText = { disallowedSpecial: new Set() };
const texts = [
  ['1 MB of English, first time', english],
  ['1 MB of English, again', english],
  ['one letter, 50,000 times', 'a'.repeat(50_000)],
  ['one letter, a million times', 'a'.repeat(MEGABYTE), true],
  ['a million spaces', ' '.repeat(MEGABYTE), true],
];
const tokenRows = texts.map(([name, text, alone]) => {
  const own = timed(() => cl100k.encode(text));
  // The rival needs quadratic time for one long piece: minutes for a megabyte.
  const rival = alone ? undefined : timed(() => rivalEncode(text, asText));
  return {
    text: name,
    tokens: own.tokens,
    ms: own.ms.toFixed(0),
    'gpt-tokenizer ms': rival ? rival.ms.toFixed(0) : 'not run',
    ratio: rival ? (rival.ms / own.ms).toFixed(2) : '',
  };
});
printTable('cl100k_base', tokenRows);
process.stdout.write('\n');

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url, 'http://any');
  const offset = Number(searchParams.get('offset'));
  const answer = JSON.stringify({
    rows: Array.from({ length: 50 }, (_none, index) => ({
      row_idx: offset + index,
      row: { text: rows[(offset + index) % rows.length] },
    })),
  });
  setTimeout(() => response.end(answer), LATENCY_MS);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${server.address().port}`;
const pageRows = [];
for (const maxInFlight of [1, 2, 4, 8, 16]) {
  const { options, create } = huggingFace.provides.rows;
  const source = await create(options.parse({ endpoint, maxInFlight }), deps, never);
  const dataset = await rowDataset({ dataset: 'a/b', lastOffset: 1_000_000 }).create(
    {},
    { ...deps, dataDir: mkdtempSync(join(folder, 'pages-')), rows: source },
    never,
  );
  const request = { seed: 7n, tokenizer: cl100k, sequenceLength: 4096, batchSize: 1, pages: PAGES, packSamples: true };
  const started = performance.now();
  const { batches } = await dataset.sample(request, never);
  const fetched = performance.now() - started;
  const again = performance.now();
  await dataset.sample(request, never);
  pageRows.push({
    'in flight': maxInFlight,
    sequences: batches.length,
    seconds: (fetched / 1000).toFixed(2),
    'from disk': ((performance.now() - again) / 1000).toFixed(3),
  });
}
server.close();
printTable(`${PAGES} pages of a server that takes ${LATENCY_MS} ms`, pageRows);
