// What the lower bound of a duel costs, with numpy beside it: npm run bench -- bootstrap
// numpy is that of ASSAY_BENCH_PYTHON, /usr/bin/python3 when left out; without it its columns are left out.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { lowerBound } from '../competitions/duel/dist/match/bootstrap.js';
import { inSlices } from '../core/dist/runtime/slices.js';
import { printTable } from './table.js';

const RESAMPLES = 10_000;
const SIZES = [10_000, 25_000];
const SEED = 0xb007n;
const ALPHA = 0.001;
/** How often a timer asks for its turn while the bound is computed. */
const TICK_MS = 1;

const differencesOf = (count) =>
  Float64Array.from({ length: count }, (_none, index) => ((index * 7919) % 1000) / 99_700 - 0.004);

/** The longest time for which no timer had its turn, while work goes on. */
async function withHold(work) {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, TICK_MS);
  const result = await work();
  clearInterval(timer);
  return { result, held: longest };
}

async function measured(count) {
  const differences = differencesOf(count);
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
  const steps = lowerBound(differences, { resamples: RESAMPLES, seed: SEED, alpha: ALPHA });
  const { result: bound, held } = await withHold(() => inSlices(steps));
  const { user, system } = process.cpuUsage(cpu);
  return { bound, held, wall: (performance.now() - startedAt) / 1000, cpu: (user + system) / 1e6 };
}

function byNumpy() {
  const program = join(import.meta.dirname, 'rivals', 'numpy_bootstrap.py');
  const python = process.env.ASSAY_BENCH_PYTHON ?? '/usr/bin/python3';
  const { status, stdout } = spawnSync(python, [program, String(RESAMPLES), ...SIZES.map(String)], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim().split('\n').map(JSON.parse) : [];
}

const seconds = (value) => `${value.toFixed(2)} s`;
const numpy = byNumpy();
const rows = [];
for (const count of SIZES) {
  const own = await measured(count);
  const rival = numpy.find(({ n }) => n === count);
  rows.push({
    differences: count,
    time: seconds(own.wall),
    'of the processor': seconds(own.cpu),
    'event loop held': `${own.held.toFixed(0)} ms`,
    bound: own.bound,
    ...(rival && {
      [`numpy ${rival.numpy}`]: seconds(rival.wall),
      'its processor time': seconds(rival.cpu),
      'its bound': rival.bound,
    }),
  });
}
printTable(`Lower bound of a mean by ${RESAMPLES} resamples`, rows);
