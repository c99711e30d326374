// The built-in evaluator, asked for losses as a round asks it: facts first, then samples in a file.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSamples } from '@assay/core/evaluation/write-samples';
import plugin from '@assay/plugin-onnxruntime';
import { median } from './table.js';

const { signal } = new AbortController();
const deps = { log: () => undefined, modules: [] };
const parameters = { padTokenId: 0, packed: true, promptLength: 0, generatedTokens: 1 };

/** What the inspector says of a folder. */
export async function factsOf(directory, options) {
  const { inspector } = plugin.provides;
  const inspecting = await inspector.create(inspector.options.parse(options), deps, signal);
  try {
    return await inspecting.inspect(directory, signal);
  } finally {
    await inspecting.close();
  }
}

/** The answer for some sequences by an evaluator of its own. rows: [sequence][token] */
async function ask(directory, facts, rows, options) {
  const { evaluator } = plugin.provides;
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const evaluating = await evaluator.create(evaluator.options.parse(options), deps, signal);
  try {
    const samples = await writeSamples(
      folder,
      rows.map((row) => [Uint32Array.from(row)]),
    );
    const model = { reference: { namespace: '', name: 'bench', revision: '' }, directory, files: [], facts };
    const tasks = [{ name: 'bench', kind: 'text-loss', samplesDigest: samples.digest, samples, parameters }];
    const request = { id: 'bench', model, tasks, deadlineMs: 3_600_000 };
    return await evaluating.evaluate(request, () => undefined, signal);
  } finally {
    await evaluating.close();
    rmSync(folder, { recursive: true });
  }
}

/**
 * CPU and wall seconds of one sequence: what more sequences cost more, so that start and load do not count.
 * @param rows at least two: [sequence][token]
 * @param options of evaluator and inspector, such as `library`
 */
export async function measured(directory, rows, options = {}) {
  const facts = await factsOf(directory, options);
  const one = await ask(directory, facts, rows.slice(0, 1), options);
  const all = await ask(directory, facts, rows, options);
  const again = await ask(directory, facts, rows, options);
  const runs = [one, all, again];
  const more = rows.length - 1;
  const { losses } = all.results[0];
  return {
    cpu: (all.timings.cpuMs - one.timings.cpuMs) / 1000 / more,
    wall: (all.timings.computeMs - one.timings.computeMs) / 1000 / more,
    loadMs: median(runs.map(({ timings }) => timings.loadMs)),
    anonymous: Math.max(...runs.map(({ timings }) => timings.peakAnonymousBytes)),
    resident: all.timings.peakRssBytes,
    losses,
    identical: JSON.stringify(losses) === JSON.stringify(again.results[0].losses),
  };
}
