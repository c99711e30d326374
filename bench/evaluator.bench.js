// The evaluator through its own process on random models, beside this machine's matrix multiplication and a plain torch
// forward: npm run bench -- evaluator [--quick] [--no-torch] [CASE ...]
import { execFileSync, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import plugin from '@assay/plugin-onnxruntime';
import { operations, parameters, randomLlama, uniform } from './random-llama.js';
import { median, printTable } from './table.js';

const CASES = {
  '125M-100k': {
    shape: { hidden: 768, inner: 2048, layers: 12, heads: 12, keyValueHeads: 12, vocabulary: 100_277 },
    length: 4096,
    sequences: 3,
  },
  '125M-32k': {
    shape: { hidden: 768, inner: 2048, layers: 12, heads: 12, keyValueHeads: 12, vocabulary: 32_000 },
    length: 1024,
    sequences: 6,
  },
  '1.1B': {
    shape: { hidden: 2048, inner: 5632, layers: 22, heads: 32, keyValueHeads: 4, vocabulary: 32_000 },
    length: 1024,
    sequences: 2,
  },
};
const PYTHON = '/usr/bin/python3';
const MIB = 2 ** 20;

const flags = process.argv.slice(3);
const wanted = flags.filter((flag) => !flag.startsWith('--'));
const names = wanted.length > 0 ? wanted : flags.includes('--quick') ? ['125M-32k'] : Object.keys(CASES);
const threads = availableParallelism();
const { signal } = new AbortController();
const deps = { log: () => undefined, modules: [] };

function sequencesOf({ shape, length, sequences }) {
  const random = uniform(7);
  return Array.from({ length: sequences }, () => Array.from({ length }, () => Math.floor(random() * shape.vocabulary)));
}

/** CPU and wall seconds of one sequence: what more sequences cost more, so that start and load do not count. */
async function measured(name, directory, rows) {
  const { inspector, evaluator } = plugin.provides;
  const inspecting = await inspector.create(inspector.options.parse({}), deps, signal);
  const facts = await inspecting.inspect(directory, signal);
  await inspecting.close();
  const ask = async (batches) => {
    const evaluating = await evaluator.create(evaluator.options.parse({}), deps, signal);
    const samples = { batches, padTokenId: 0, packed: true, promptLength: 0, generatedTokens: 1 };
    const model = { reference: { namespace: '', name, revision: '' }, directory, files: [], facts };
    const request = {
      id: name,
      model,
      tasks: [{ name: 'bench', kind: 'text-loss', samplesDigest: '', samples }],
      deadlineMs: 3_600_000,
    };
    try {
      return await evaluating.evaluate(request, () => undefined, signal);
    } finally {
      await evaluating.close();
    }
  };
  const batches = rows.map((row) => [row]);
  const one = await ask(batches.slice(0, 1));
  const all = await ask(batches);
  const again = await ask(batches);
  const more = rows.length - 1;
  return {
    cpu: (all.timings.cpuMs - one.timings.cpuMs) / 1000 / more,
    wall: (all.timings.computeMs - one.timings.computeMs) / 1000 / more,
    loadMs: median([one, all, again].map(({ timings }) => timings.loadMs)),
    anonymous: Math.max(...[one, all, again].map(({ timings }) => timings.peakAnonymousBytes)),
    resident: all.timings.peakRssBytes,
    losses: all.results[0].details.losses,
    identical: JSON.stringify(all.results[0].details.losses) === JSON.stringify(again.results[0].details.losses),
    numerics: all.numerics,
  };
}

function torch(directory, { length }, rows) {
  const script = join(import.meta.dirname, 'rivals', 'torch_llama.py');
  const { status, stdout, stderr } = spawnSync(PYTHON, [script, directory, String(length), '2', String(threads)], {
    input: JSON.stringify(rows.slice(0, 2)),
    maxBuffer: 64 * MIB,
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) },
  });
  if (status !== 0) throw new Error(stderr.slice(-500));
  return JSON.parse(stdout);
}

const hasTorch = !flags.includes('--no-torch') && spawnSync(PYTHON, ['-c', 'import torch']).status === 0;
/** The best of what was seen: other work on the machine only slows it down. */
const gemm = { perSecond: 0, perCpuSecond: 0 };
function measureGemm() {
  const { perSecond, perCpuSecond } = JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, 'gemm.js'), String(threads)], { encoding: 'utf8' }),
  );
  gemm.perSecond = Math.max(gemm.perSecond, perSecond);
  gemm.perCpuSecond = Math.max(gemm.perCpuSecond, perCpuSecond);
}
measureGemm();
const folder = join(import.meta.dirname, '..', '.assay', 'bench');
const [rows, rivals] = [[], []];
for (const name of names) {
  const test = CASES[name];
  const directory = randomLlama(join(folder, name), test.shape);
  const sequences = sequencesOf(test);
  const ours = await measured(name, directory, sequences);
  const work = operations(test.shape, test.length) / 1e9;
  measureGemm();
  rows.push({
    model: name,
    'parameters M': Math.round(parameters(test.shape) / 1e6),
    tokens: `1x${test.length}`,
    'CPU s/seq': ours.cpu.toFixed(2),
    'wall s/seq': ours.wall.toFixed(2),
    'of GEMM limit': work / ours.cpu,
    'load ms': ours.loadMs.toFixed(0),
    'own MiB': Math.round(ours.anonymous / MIB),
    'with mapped MiB': Math.round(ours.resident / MIB),
    'two runs': ours.identical ? 'identical' : 'DIFFER',
  });
  if (!hasTorch) continue;
  const rival = torch(directory, test, sequences);
  const cpu = Math.min(...rival.cpuSeconds);
  rivals.push({
    model: name,
    torch: rival.version,
    'CPU s/seq': cpu.toFixed(2),
    'wall s/seq': Math.min(...rival.wallSeconds).toFixed(2),
    'load ms': rival.loadMs.toFixed(0),
    'resident MiB': Math.round(rival.peakRssBytes / MIB),
    'its GEMM GFLOP/s': Math.round(rival.gemmGflops),
    'CPU ratio': `${(cpu / ours.cpu).toFixed(1)}x`,
    'memory ratio': `${(rival.peakRssBytes / ours.anonymous).toFixed(1)}x`,
    'loss differs by': Math.abs(rival.losses[0] - ours.losses[0]).toExponential(1),
  });
}
for (const row of rows) row['of GEMM limit'] = `${Math.round((100 * row['of GEMM limit']) / gemm.perCpuSecond)} %`;
printTable(
  `Evaluator, BF16 weights, float32 numerics, ${threads} threads; GEMM limit ${Math.round(gemm.perSecond)} GFLOP/s, ${Math.round(gemm.perCpuSecond)} for each CPU second`,
  rows,
);
if (rivals.length > 0) {
  process.stdout.write('\n');
  printTable('A plain torch forward of the same models (bench/rivals/torch_llama.py)', rivals);
} else
  process.stdout.write(
    `\nno rival: ${flags.includes('--no-torch') ? 'not asked for' : `${PYTHON} can't import torch`}\n`,
  );
process.exit(0);
