// What it costs the validator to ask about many long sequences, computing left out: npm run bench -- protocol [SAMPLES LENGTH]
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessEvaluator } from '@assay/core/evaluation/process-evaluator';
import { writeSamples } from '@assay/core/evaluation/write-samples';
import { printTable } from './table.js';

const [samples = 10_000, length = 8192] = process.argv.slice(3).map(Number);
const MIB = 2 ** 20;
const TICK_MS = 2;
const SCHEDULER = `/proc/self/task/${process.pid}/schedstat`;
const { signal } = new AbortController();

/** Rows of ids as a dataset would hand them out, one at a time. */
function* rows() {
  const row = new Uint32Array(length);
  for (let sample = 0; sample < samples; sample += 1) {
    for (let index = 0; index < length; index += 1) row[index] = (sample * 7919 + index * 31) % 100_277;
    yield [row];
  }
}

/** Milliseconds that the main thread has been on a processor: other programs on a busy machine do not count. Linux. */
const onProcessor = () =>
  existsSync(SCHEDULER) ? Number(readFileSync(SCHEDULER, 'utf8').split(' ')[0]) / 1e6 : Number.NaN;

/** Runs work and tells how long it took, how long it held the event loop, and how much memory came on top. */
async function watched(step, work) {
  const before = process.memoryUsage.rss();
  const now = () => [performance.now(), onProcessor()];
  let [peak, last] = [before, now()];
  const held = [];
  const look = setInterval(() => {
    const next = now();
    held.push(next.map((value, index) => value - last[index]));
    last = next;
    peak = Math.max(peak, process.memoryUsage.rss());
  }, TICK_MS);
  const startedAt = performance.now();
  const value = await work();
  const seconds = (performance.now() - startedAt) / 1000;
  clearInterval(look);
  const most = (index) => Math.max(...held.map((one) => one[index])).toFixed(1);
  const row = {
    step,
    seconds: seconds.toFixed(2),
    'loop held at most, CPU ms': most(1),
    'between two ticks, ms': most(0),
    'memory on top, MiB': Math.round((peak - before) / MIB),
  };
  return { row, value };
}

const folder = mkdtempSync(join(tmpdir(), 'assay-protocol-'));
const evaluator = new ProcessEvaluator(
  {
    command: [process.execPath, join(import.meta.dirname, 'protocol-program.js')],
    environment: {},
    startDeadlineMs: 60_000,
    memoryLimitBytes: 64 * 2 ** 30,
    kinds: ['text-loss'],
    processPerModel: false,
    network: 'allow',
    canary: false,
  },
  { log: () => undefined },
);
try {
  await evaluator.numerics(signal);
  const written = await watched('samples into a file', () => writeSamples(folder, rows()));
  const file = written.value;
  const facts = {
    architecture: '',
    parameterCount: 1,
    evaluationDigest: '',
    tensorsDigest: '',
    unusedTensors: [],
    dtypes: [],
  };
  const model = { reference: { namespace: '', name: '', revision: '' }, directory: folder, files: [], facts };
  const task = { name: 'bench', kind: 'text-loss', samplesDigest: '', samples: file, parameters: {} };
  const request = { id: 'bench', model, tasks: [task], deadlineMs: 3_600_000 };
  let streamed = 0;
  const asked = await watched('asked, every loss by itself', () =>
    evaluator.evaluate(request, ({ losses }) => (streamed += losses?.values.length ?? 0), signal),
  );
  if (streamed !== samples) throw new Error(`${streamed} losses came`);
  const bytes = samples * length * 4;
  printTable(`${samples} samples of ${length} ids, ${Math.round(bytes / MIB)} MiB`, [written.row, asked.row]);
  const { peakRssBytes } = asked.value.timings;
  process.stdout.write(`\nthe program: at most ${Math.round(peakRssBytes / MIB)} MiB in memory\n`);
} finally {
  await evaluator.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
