// A pool of evaluators beside one of them, each process pinned to a core of its own: npm run bench -- pool
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSamples } from '@assay/core/evaluation/write-samples';
import { systemClock } from '@assay/core/runtime/system-clock';
import pool from '@assay/plugin-pool';
import program from '@assay/plugin-process-evaluator';
import { factsOf } from './asking.js';
import { randomLlama, uniform } from './random-llama.js';
import { median, printTable } from './table.js';

const { signal } = new AbortController();
const SHAPE = { hidden: 768, inner: 2048, layers: 12, heads: 12, keyValueHeads: 12, vocabulary: 32_000 };
const LENGTH = 512;
const SEQUENCES = 6;
const MODELS = 2 * availableParallelism();
const RUNS = 3;
const worker = fileURLToPath(new URL('worker.js', import.meta.resolve('@assay/plugin-onnxruntime')));
const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
const deps = { clock: systemClock, log: () => undefined, modules: [], environment: {}, resolvePath: (path) => path };

async function poolOf(count) {
  const members = [];
  const make = async (_contract, { use: _use, ...options }) => {
    const { evaluator } = program.provides;
    const member = await evaluator.create(evaluator.options.parse(options), deps, signal);
    members.push(member);
    return member;
  };
  const of = Array.from({ length: count }, (_none, core) => ({
    use: 'process',
    command: ['taskset', '-c', String(core), process.execPath, worker],
    environment: { ASSAY_EVALUATOR_THREADS: '1', ASSAY_EVALUATOR_MODULES: '[]', ASSAY_EVALUATOR_LIBRARY: '4.44' },
  }));
  const { evaluator } = pool.provides;
  const pooled = await evaluator.create(evaluator.options.parse({ of }), { ...deps, make }, signal);
  await pooled.numerics(signal);
  return { pooled, close: () => Promise.all(members.map((member) => member.close())) };
}

async function secondsOf(pooled, facts, directory, samples) {
  const parameters = { padTokenId: 0, packed: true, promptLength: 0, generatedTokens: 1 };
  const tasks = [{ name: 'bench', kind: 'text-loss', samplesDigest: samples.digest, samples, parameters }];
  const started = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: MODELS }, (_none, index) => {
      const model = {
        reference: { namespace: '', name: `bench-${index}`, revision: '' },
        ...{ directory, files: [], facts: { ...facts, evaluationDigest: `${index}` } },
      };
      return pooled.evaluate({ id: `${index}`, model, tasks, deadlineMs: 3_600_000 }, () => undefined, signal);
    }),
  );
  return Number(process.hrtime.bigint() - started) / 1e9;
}

try {
  const directory = randomLlama(join(folder, 'model'), SHAPE);
  const facts = await factsOf(directory, {});
  const random = uniform(7);
  const rows = Array.from({ length: SEQUENCES }, () =>
    Array.from({ length: LENGTH }, () => Math.floor(random() * SHAPE.vocabulary)),
  );
  const samples = await writeSamples(
    folder,
    rows.map((row) => [Uint32Array.from(row)]),
  );
  const table = [];
  let one = Number.NaN;
  for (let members = 1; members <= availableParallelism(); members += 1) {
    const { pooled, close } = await poolOf(members);
    const seconds = [];
    for (let run = 0; run < RUNS; run += 1) seconds.push(await secondsOf(pooled, facts, directory, samples));
    await close();
    if (members === 1) one = median(seconds);
    const times = one / median(seconds);
    table.push({
      members,
      's, median': median(seconds).toFixed(2),
      times: times.toFixed(2),
      'of N': (times / members).toFixed(3),
    });
  }
  printTable(`${MODELS} models of 134M, ${SEQUENCES} x ${LENGTH} tokens each, ${RUNS} runs`, table);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
