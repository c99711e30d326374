// The evaluator through its own process on random models, beside this machine's matrix multiplication, a plain torch
// forward and the library itself: npm run bench -- evaluator [--quick] [--no-torch] [CASE ...]
// The rivals run in ASSAY_BENCH_PYTHON, /usr/bin/python3 when left out, as far as torch and transformers are there.
import { execFileSync, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { measured } from './asking.js';
import { operations, parameters, randomLlama, uniform } from './random-llama.js';
import { printTable } from './table.js';

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
  '0.6B-262k': {
    shape: {
      hidden: 1024,
      inner: 3072,
      layers: 26,
      heads: 16,
      keyValueHeads: 8,
      vocabulary: 262_144,
      tied: true,
    },
    length: 4096,
    sequences: 2,
  },
  '1.1B': {
    shape: { hidden: 2048, inner: 5632, layers: 22, heads: 32, keyValueHeads: 4, vocabulary: 32_000 },
    length: 1024,
    sequences: 2,
  },
};
const PYTHON = process.env['ASSAY_BENCH_PYTHON'] ?? '/usr/bin/python3';
/** Its script, and what that needs. */
const RIVALS = [
  { script: 'torch_llama.py', needs: 'torch' },
  { script: 'transformers_loss.py', needs: 'transformers' },
];
const MIB = 2 ** 20;

const flags = process.argv.slice(3);
const wanted = flags.filter((flag) => !flag.startsWith('--'));
const names = wanted.length > 0 ? wanted : flags.includes('--quick') ? ['125M-32k'] : Object.keys(CASES);
const threads = availableParallelism();

function sequencesOf({ shape, length, sequences }) {
  const random = uniform(7);
  return Array.from({ length: sequences }, () => Array.from({ length }, () => Math.floor(random() * shape.vocabulary)));
}

function rivalOf(script, directory, { length }, rows) {
  const path = join(import.meta.dirname, 'rivals', script);
  const { status, stdout, stderr } = spawnSync(PYTHON, [path, directory, String(length), '2', String(threads)], {
    input: JSON.stringify(rows.slice(0, 2)),
    maxBuffer: 64 * MIB,
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) },
  });
  if (status !== 0) throw new Error(stderr.slice(-500));
  return JSON.parse(stdout);
}

const scripts = flags.includes('--no-torch')
  ? []
  : RIVALS.filter(({ needs }) => spawnSync(PYTHON, ['-c', `import ${needs}`]).status === 0).map(({ script }) => script);
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
  const ours = await measured(directory, sequences);
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
  for (const script of scripts) {
    const rival = rivalOf(script, directory, test, sequences);
    const cpu = Math.min(...rival.cpuSeconds);
    rivals.push({
      model: name,
      rival: `${script}, ${rival.version}`,
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
}
for (const row of rows) row['of GEMM limit'] = `${Math.round((100 * row['of GEMM limit']) / gemm.perCpuSecond)} %`;
printTable(
  `Evaluator, BF16 weights, float32 numerics, ${threads} threads; GEMM limit ${Math.round(gemm.perSecond)} GFLOP/s, ${Math.round(gemm.perCpuSecond)} for each CPU second`,
  rows,
);
if (rivals.length > 0) {
  process.stdout.write('\n');
  printTable('The same models by programs on torch (bench/rivals)', rivals);
} else
  process.stdout.write(
    `\nno rival: ${flags.includes('--no-torch') ? 'not asked for' : `${PYTHON} can't import torch`}\n`,
  );
process.exit(0);
