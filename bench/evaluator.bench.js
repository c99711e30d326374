// The demo's models through the evaluator's own process, as a run asks it: start, inspection, losses and generation.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import plugin from '@assay/plugin-onnxruntime';
import { median, printTable } from './table.js';

const REPEATS = 5;
const models = join(import.meta.dirname, '..', 'competitions', 'demo', 'assets', 'models');
const { batches } = { batches: JSON.parse(await readFile(join(models, 'eval_batches.json'), 'utf8')) };
const samples = { batches: batches.batches ?? batches, padTokenId: 1023, packed: true, promptLength: 100, generatedTokens: 20 };
const tokens = samples.batches.flat(2).length;
const { signal } = new AbortController();
const deps = { log: () => undefined };

async function measured(work) {
  const start = performance.now();
  const result = await work();
  return { result, ms: performance.now() - start };
}

const rows = [];
for (const name of ['llama-2000steps', 'mistral-450steps', 'qwen2-1300steps', 'gpt2-1300steps']) {
  const { provides } = plugin;
  const directory = join(models, name);
  const inspector = await provides.inspector.create(provides.inspector.options.parse({}), deps, signal);
  const evaluator = await provides.evaluator.create(provides.evaluator.options.parse({}), deps, signal);
  const start = await measured(() => evaluator.numerics(signal));
  const { result: facts, ms: inspection } = await measured(() => inspector.inspect(directory, signal));
  const runs = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const request = {
      id: `${name}-${repeat}`,
      model: { reference: { namespace: '', name, revision: '' }, directory, files: [], facts },
      tasks: [{ name: 'bench', kind: 'text-loss', samplesDigest: '', samples }],
      deadlineMs: 600_000,
    };
    runs.push(await measured(() => evaluator.evaluate(request, () => undefined, signal)));
  }
  const ms = median(runs.map((run) => run.ms));
  const peak = runs.at(-1)?.result.timings.peakRssBytes ?? 0;
  rows.push({
    model: name,
    parameters: facts.parameterCount,
    'process ms': start.ms.toFixed(0),
    'inspect ms': inspection.toFixed(0),
    'evaluate ms': ms.toFixed(0),
    'tokens/s': Math.round((tokens / ms) * 1000),
    'peak RSS MiB': Math.round(peak / 2 ** 20),
  });
  await Promise.all([inspector.close(), evaluator.close()]);
}
printTable(`Evaluator: ${samples.batches.length} sequences of 256 tokens and two continuations, median of ${REPEATS}`, rows);
