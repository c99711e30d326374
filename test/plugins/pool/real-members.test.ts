import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Evaluator } from '@assay/core/contracts/evaluator';
import type { VerifiedModel } from '@assay/core/contracts/model';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { systemClock } from '@assay/core/runtime/system-clock';
import { MODELS } from '@assay/competition-demo/dist/competitions.js';
import onnxruntime from '@assay/plugin-onnxruntime';
import pool from '@assay/plugin-pool';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { childrenOf } from '../../e2e/process-tree.js';
import { sampleFileOf } from '../../sample-file.js';

const never = new AbortController().signal;
const NAMES = ['llama-2000steps', 'llama-900steps', 'qwen2-1300steps', 'mistral-450steps', 'llama-250steps'];
const closing: Evaluator[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((evaluator) => evaluator.close()));
});

const deps = (folder: string, make: PluginDeps['make']): PluginDeps => ({
  ...{ clock: systemClock, dataDir: folder, netuid: 9, modules: [], make, environment: {} },
  ...{ log: () => undefined, resolvePath: (path: string) => path },
});

/** A pool of evaluators of the CPU with one thread each. */
async function poolOf(folder: string, count: number): Promise<Evaluator> {
  const made: PluginDeps['make'] = async (_contract, { threads }) => {
    const { evaluator } = onnxruntime.provides;
    if (!evaluator) throw new Error('onnxruntime provides an evaluator');
    const one = await evaluator.create(evaluator.options.parse({ threads }), deps(folder, made), never);
    closing.push(one);
    return one;
  };
  const of = Array.from({ length: count }, () => ({ use: 'onnxruntime', threads: 1 }));
  const { evaluator } = pool.provides;
  if (!evaluator) throw new Error('pool provides an evaluator');
  return evaluator.create(evaluator.options.parse({ of }), deps(folder, made), never);
}

function modelAt(name: string): VerifiedModel {
  const directory = join(MODELS, name);
  const files = readdirSync(directory)
    .filter((path) => path !== 'golden.json')
    .map((path) => {
      const content = readFileSync(join(directory, path));
      const sha256 = createHash('sha256').update(content).digest('hex');
      return { path, size: statSync(join(directory, path)).size, sha256 };
    });
  const { architectures } = z
    .object({ architectures: z.array(z.string()) })
    .parse(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')));
  const facts = {
    ...{ architecture: architectures[0] ?? '', parameterCount: 1, vocabularySize: 1024, tensorsDigest: name },
    ...{ evaluationDigest: name, unusedTensors: [], dtypes: [] },
  };
  return { reference: { namespace: 'demo', name, revision: '0'.repeat(40) }, directory, files, facts };
}

async function scoreAll(evaluator: Evaluator, folder: string): Promise<number[][]> {
  const random = new PythonRandom(17n);
  const batches = Array.from({ length: 6 }, () => [Array.from({ length: 128 }, () => random.randint(0, 1022))]);
  const samples = sampleFileOf(folder, batches);
  const parameters = { padTokenId: 1023, packed: true, promptLength: 0, generatedTokens: 1 };
  const task = { name: 'random', kind: 'text-loss', samplesDigest: samples.digest, samples, parameters };
  const answers = NAMES.map((name) =>
    evaluator.evaluate({ id: name, model: modelAt(name), tasks: [task], deadlineMs: 120_000 }, () => undefined, never),
  );
  return (await Promise.all(answers)).map(({ results }) => results[0]?.losses ?? []);
}

describe('a pool of processes', () => {
  it('scores what one process scores, while its processes are killed at random', { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-pool-'));
    const expected = await scoreAll(await poolOf(folder, 1), folder);
    const pooled = await poolOf(folder, 3);
    await pooled.numerics(never);
    const random = new PythonRandom(5n);
    let kills = 0;
    const killer = setInterval(() => {
      const children = childrenOf(process.pid);
      // Two at most, so that one member is always left.
      if (kills >= 2 || children.length === 0) return;
      kills += 1;
      process.kill(random.choice(children), 'SIGKILL');
    }, 150);
    try {
      expect(await scoreAll(pooled, folder)).toEqual(expected);
      expect(kills).toBeGreaterThan(0);
    } finally {
      clearInterval(killer);
    }
  });
});
