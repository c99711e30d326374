// A mixture of experts beside a dense model in which each token goes through as many weights: npm run bench -- mixture
import { join } from 'node:path';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import { CPU } from '@assay/plugin-onnxruntime/dist/devices/device.js';
import { openModel } from '@assay/lib-model-graph/inspect';
import { commonFeeds, ModelSession } from '@assay/plugin-onnxruntime/dist/running/session.js';
import { measured } from './asking.js';
import { parameters, randomLlama, uniform } from './random-llama.js';
import { median, printTable } from './table.js';

const COMMON = { hidden: 768, layers: 6, heads: 12, keyValueHeads: 4, vocabulary: 8192 };
const [INNER, CHOSEN] = [256, 8];
const MODELS = {
  dense: { ...COMMON, inner: INNER * CHOSEN },
  mixture: { ...COMMON, inner: INNER, experts: 64, chosen: CHOSEN },
};
const LENGTH = 1024;
const SEQUENCES = 4;
const RUNS = 9;
const MIB = 2 ** 20;

/** CPU milliseconds of the logits behind a single token, when the model is loaded. */
async function oneToken(directory) {
  const model = await openModel(directory, new Registry('5'));
  const session = await ModelSession.forLastLogits(model, 1, 1, { device: CPU, attention: 'eager', threads: 1 });
  const times = [];
  for (let run = 0; run < RUNS; run += 1) {
    const before = process.cpuUsage();
    await session.runAll(commonFeeds([[run]]));
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  await session.release();
  return median(times);
}

const random = uniform(7);
const sequences = Array.from({ length: SEQUENCES }, () =>
  Array.from({ length: LENGTH }, () => Math.floor(random() * COMMON.vocabulary)),
);
const folder = join(import.meta.dirname, '..', '.assay', 'bench');
const results = [];
for (const [name, shape] of Object.entries(MODELS)) {
  const directory = randomLlama(join(folder, `mixture-${name}`), shape);
  results.push({
    name,
    shape,
    ...(await measured(directory, sequences, { library: '5' })),
    one: await oneToken(directory),
  });
}
const [dense] = results;
printTable(
  `A mixture of 64 experts, 8 of which are as large as the dense MLP; 1x${LENGTH} tokens, BF16 weights, float32 numerics`,
  results.map(({ name, shape, cpu, one, loadMs, anonymous }) => ({
    model: name,
    'parameters M': Math.round(parameters(shape) / 1e6),
    'CPU ms a token': ((1000 * cpu) / LENGTH).toFixed(2),
    'of dense': `${(cpu / dense.cpu).toFixed(2)}x`,
    'CPU ms for one token': one.toFixed(0),
    'one of dense': `${(one / dense.one).toFixed(2)}x`,
    'load ms': loadMs.toFixed(0),
    'own MiB': Math.round(anonymous / MIB),
  })),
);
process.exit(0);
