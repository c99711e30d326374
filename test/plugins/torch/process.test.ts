import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import type { VerifiedModel } from '@assay/core/contracts/model';
import { childrenOf, survivors } from '../../e2e/process-tree.js';
import { scratchFolder } from '../onnxruntime/scratch.js';
import { DEMO, detailsOf, errorOf, evaluate, newInspector, taskOf, verified } from '../onnxruntime/worlds.js';
import { NO_TORCH, pythons } from './pythons.js';
import { check, newEvaluator } from './worlds.js';

const ENGINE = join(import.meta.dirname, '../../../plugins/torch/python/engine.py');

/** A program that stands for Python. */
function program(text: string): string {
  const path = join(scratchFolder(), 'python');
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

/** A Python whose torch is this module. */
function withTorch(module: string): string {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'torch'));
  writeFileSync(join(folder, 'torch', '__init__.py'), module);
  return program(`#!/bin/sh\nPYTHONPATH=${folder} exec /usr/bin/python3 "$@"\n`);
}

describe('what is checked before a run', () => {
  it.each([
    ['no such program', () => '/no/such/python', 'PYTHON_MISSING'],
    ['a program that is no Python', () => program('#!/bin/sh\necho hello\n'), 'PYTHON_MISSING'],
    ['a program that ends at once', () => program('#!/bin/sh\nexit 3\n'), 'PYTHON_MISSING'],
    ['a Python without torch', () => program('#!/bin/sh\nexec /usr/bin/python3 -S "$@"\n'), 'TORCH_MISSING'],
    ['a torch that is too old', () => withTorch('__version__ = "1.9.0"'), 'TORCH_OLD'],
    ['a torch that lacks a library', () => withTorch('import no_such_library'), 'TORCH_UNUSABLE'],
  ])('%s', async (_what, python, code) => {
    const error = await errorOf(check({ python: python() }));
    expect(error).toMatchObject({ code, fault: 'config' });
    expect(error.hint).toMatch(/^[A-Z][a-z]+ /);
  });

  it.each(pythons)('a device that is not there, on torch $torch', async ({ path }) => {
    await expect(errorOf(check({ python: path, device: 'cuda:9' }))).resolves.toMatchObject({
      code: 'TORCH_UNUSABLE',
      fault: 'config',
    });
  });

  it.each(pythons)('torch $torch is taken', async ({ path }) => {
    await expect(check({ python: path })).resolves.toBeUndefined();
  });

  it.each(['gpu', 'cuda:', 'cuda:x', 'cpu; rm'])('the device %s is refused', (device) => {
    expect(() => newEvaluator({ device })).toThrow('must be cpu, cuda or cuda:N');
  });
});

if (pythons.length === 0) describe.skip(NO_TORCH, () => undefined);

describe.each(pythons.slice(0, 1))('the processes, on torch $torch', ({ path }) => {
  let inspector: ModelInspector;
  let evaluator: Evaluator;
  let demo: VerifiedModel;
  const given = { python: path, threads: 1, processPerModel: false };
  const batch = [Array.from({ length: 256 }, (_none, index) => (index * 37) % 1000)];
  const samples = (count: number) => ({
    batches: Array.from({ length: count }, () => batch),
    packed: true,
    padTokenId: 1023,
    promptLength: 0,
    generatedTokens: 20,
  });

  beforeAll(async () => {
    [inspector, evaluator] = await Promise.all([newInspector(), newEvaluator(given)]);
    demo = await verified(inspector, join(DEMO, 'llama-60steps'));
  });
  afterAll(() => Promise.all([inspector.close(), evaluator.close()]));

  /** The program that speaks the protocol, and the Python that computes for it. */
  async function pair(): Promise<{ worker: number; python: number }> {
    await evaluator.numerics(new AbortController().signal);
    const pairs = childrenOf(process.pid).flatMap((worker) =>
      isTorchWorker(worker) ? childrenOf(worker).map((python) => ({ worker, python })) : [],
    );
    if (!pairs[0]) throw new Error('there is no process that computes');
    return pairs[0];
  }

  it('a killed Python is no fault of the miner, and the next request has a new one', async () => {
    const before = await pair();
    const lost = errorOf(
      evaluate(evaluator, demo, [taskOf(samples(400))], {
        onProgress: ({ phase, done }) => {
          if (phase === 'score' && done === 3) process.kill(before.python, 'SIGKILL');
        },
      }),
    );
    await expect(lost).resolves.toMatchObject({ code: 'ENGINE_ENDED', fault: 'validator', retry: 'next-round' });
    expect(await survivors([before.worker, before.python], 5000)).toEqual([]);
    // This process hears of the end a moment later.
    await delay(200);
    const answer = await evaluate(evaluator, demo, [taskOf(samples(2))]);
    expect(detailsOf(answer).losses).toHaveLength(2);
    expect(await pair()).not.toEqual(before);
  });

  it('Python ends with the program that it computes for, also while it computes', async () => {
    const { worker, python } = await pair();
    const lost = errorOf(
      evaluate(evaluator, demo, [taskOf(samples(400))], {
        onProgress: ({ phase, done }) => {
          if (phase === 'score' && done === 3) process.kill(worker, 'SIGKILL');
        },
      }),
    );
    await expect(lost).resolves.toMatchObject({ fault: 'validator' });
    expect(await survivors([worker, python], 5000)).toEqual([]);
  });

  it('Python ends when nobody asks any more', async () => {
    const engine = spawn(path, [ENGINE, 'cpu', '1'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const [line] = (await once(createInterface({ input: engine.stdout }), 'line')) as unknown[];
    expect(line).toContain('"ready"');
    engine.stdin.end();
    const [code] = (await once(engine, 'exit')) as unknown[];
    expect(code).toBe(0);
  });

  it('a request that is given up is answered at once, and the process stays', async () => {
    const before = await pair();
    const controller = new AbortController();
    const startedAt = Date.now();
    const refused = errorOf(
      evaluate(evaluator, demo, [taskOf(samples(400))], {
        signal: controller.signal,
        onProgress: ({ phase }) => {
          if (phase === 'score') controller.abort();
        },
      }),
    );
    await refused;
    expect(Date.now() - startedAt).toBeLessThan(30_000);
    expect(detailsOf(await evaluate(evaluator, demo, [taskOf(samples(1))])).losses).toHaveLength(1);
    expect(await pair()).toEqual(before);
  });

  it.skipIf(!pythons[0]?.torch.startsWith('1.'))(
    'a type in which this torch can not compute ends the start',
    async () => {
      const half = await newEvaluator({ ...given, computeType: 'float16' });
      try {
        await expect(errorOf(half.numerics(new AbortController().signal))).resolves.toMatchObject({
          code: 'TORCH_UNUSABLE',
          fault: 'config',
        });
      } finally {
        await half.close();
      }
    },
  );

  it('numerics name the version, the type and the rows at a time', async () => {
    const other = await newEvaluator({ ...given, batchTokens: 512 });
    try {
      const signal = new AbortController().signal;
      expect(await evaluator.numerics(signal)).toMatchObject({
        device: 'cpu',
        computeType: 'float32',
        kernels: 'torch',
        batch: 'one row',
      });
      expect(await other.numerics(signal)).toMatchObject({ batch: 'rows of 512 tokens' });
    } finally {
      await other.close();
    }
  });
});

function isTorchWorker(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('plugins/torch/dist/worker.js');
  } catch {
    return false;
  }
}
