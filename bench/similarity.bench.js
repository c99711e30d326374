// What it costs to compare two models of 1.1B parameters, and all contenders of a round: npm run bench -- similarity
// It writes two models of 2.2 GB into a temporary folder, and deletes them.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { similarPairs } from '../core/dist/judging/similar-pairs.js';
import { finish } from '../core/dist/judging/steps.js';
import { elementsOf } from '../core/dist/contracts/model.js';
import { tensorListOf } from '../core/dist/model/tensor-list.js';
import { sampleTensors } from '@assay/lib-model-graph/files/tensor-sample';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import { openModel } from '@assay/lib-model-graph/inspect';
import { parameters, randomLlama } from './random-llama.js';
import { median, printTable } from './table.js';

const SHAPE = { hidden: 2048, inner: 5632, layers: 22, heads: 32, keyValueHeads: 4, vocabulary: 32_000 };
const RUNS = 5;
const WEIGHTS = 'model.safetensors';
const { signal } = new AbortController();

/** The model with the last bit of every second weight changed: what rounding does to bfloat16. */
async function nearCopyOf(directory, copy) {
  mkdirSync(copy);
  cpSync(join(directory, 'config.json'), join(copy, 'config.json'));
  const { tensors } = await openModel(directory, new Registry('4.44'));
  const start = Math.min(...[...tensors.values()].map(({ offset }) => offset));
  const [from, to] = [await open(join(directory, WEIGHTS)), await open(join(copy, WEIGHTS), 'w')];
  const block = Buffer.alloc(2 ** 24);
  for (let position = 0; ;) {
    const length = position < start ? start - position : block.length;
    const { bytesRead } = await from.read(block, 0, length, position);
    if (bytesRead === 0) break;
    for (let at = 0; position >= start && at < bytesRead; at += 4) block[at] ^= 1;
    await to.write(block, 0, bytesRead, position);
    position += bytesRead;
  }
  await to.sync();
  await from.close();
  await to.close();
}

/** Takes the pages of a file out of the memory, as far as the system does so. */
const forget = (path) => spawnSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0']);

async function sampleOf(directory, seed) {
  const found = [];
  for await (const one of sampleTensors(await openModel(directory, new Registry('4.44')), seed, signal))
    found.push(one);
  return found;
}

async function timed(work) {
  const startedAt = performance.now();
  const result = await work();
  return { ms: performance.now() - startedAt, result };
}

const digestOf = (text) => createHash('sha256').update(text).digest('hex');

function contenderOf(uid, sample, tensors) {
  const list = tensorListOf(
    tensors ?? sample.map(({ name, shape }) => ({ name, shape, dtype: 'BF16', digest: digestOf(`${uid}${name}`) })),
  );
  return { uid, hotkey: `hotkey-${uid}`, block: uid, tensorsDigest: String(uid), list, ...(sample ? { sample } : {}) };
}

/** A round of sixty models of 300 tensors that have most of them in common. */
function fieldOf(count) {
  return Array.from({ length: count }, (_none, uid) => {
    const tensors = Array.from({ length: 300 }, (_one, at) => ({
      ...{ name: `t${at}`, dtype: 'BF16', shape: [2048, 2048] },
      digest: digestOf(at % 10 === 0 ? `${uid} ${at}` : String(at)),
    }));
    return contenderOf(uid, undefined, tensors);
  });
}

const folder = mkdtempSync(join(tmpdir(), 'assay-similarity-'));
try {
  const [original, copy] = [join(folder, 'original'), join(folder, 'copy')];
  randomLlama(original, SHAPE);
  await nearCopyOf(original, copy);
  const rows = [];
  let found;
  const times = { cold: [], warm: [], distance: [] };
  for (let run = 0; run < RUNS; run += 1) {
    for (const directory of [original, copy]) forget(join(directory, WEIGHTS));
    const pair = [original, copy].map((directory) => () => sampleOf(directory, String(run)));
    const [a, b] = [await timed(pair[0]), await timed(pair[1])];
    times.cold.push(a.ms, b.ms);
    for (const again of pair) times.warm.push((await timed(again)).ms);
    const contenders = [contenderOf(1, a.result), contenderOf(2, b.result)];
    const compared = await timed(() => finish(similarPairs(contenders, [{ share: 0.9, within: 0.01 }])));
    times.distance.push(compared.ms);
    found = { sample: a.result, pair: compared.result[0] };
  }
  const row = (what, values) =>
    rows.push({ what, 'median ms': median(values).toFixed(1), 'most ms': Math.max(...values).toFixed(1) });
  row('a sample of one model, pages not in memory', times.cold);
  row('a sample of one model, pages in memory', times.warm);
  row('distance of a pair', times.distance);
  for (const count of [60, 256]) {
    const field = fieldOf(count);
    const { ms } = await timed(() => finish(similarPairs(field, [])));
    row(`identical tensors of all pairs of ${count} models`, [ms]);
  }
  const values = found.sample.reduce((sum, one) => sum + one.values.length, 0);
  const weights = found.sample.reduce((sum, { shape }) => sum + elementsOf(shape), 0);
  printTable(`${(parameters(SHAPE) / 1e9).toFixed(2)}B parameters in BF16, ${RUNS} runs`, rows);
  process.stdout.write(
    `\n${values} values of ${found.sample.length} tensors (${(weights / 1e9).toFixed(2)}B weights): ${JSON.stringify(found.pair.distance)}\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
