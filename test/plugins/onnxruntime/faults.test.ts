import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EvaluationTask } from '@assay/core/contracts/evaluation-task';
import type { EvaluationProgress, Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import type { VerifiedModel } from '@assay/core/contracts/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childrenOf, survivors } from '../../e2e/process-tree.js';
import type { TextSamples } from '../../sample-file.js';
import { tinyFolder } from './folders.js';
import { scratchFolder } from './scratch.js';
import {
  copyOf,
  DEMO,
  detailsOf,
  errorOf,
  evaluate,
  FIXTURES,
  newEvaluator,
  newInspector,
  taskOf,
  verified,
} from './worlds.js';

let inspector: ModelInspector;
let demo: VerifiedModel;
let evaluator: Evaluator;

beforeAll(async () => {
  inspector = await newInspector();
  demo = await verified(inspector, join(DEMO, 'gpt2-1300steps'));
  evaluator = await newEvaluator();
});
afterAll(async () => {
  await Promise.all([inspector.close(), evaluator.close()]);
});

const rows = (batches: number, length: number, token = (index: number): number => index % 30): number[][][] =>
  Array.from({ length: batches }, () => [Array.from({ length }, (_none, index) => token(index))]);
const samples = (batches: number[][][], promptLength = 0): TextSamples => ({
  batches,
  padTokenId: 31,
  packed: true,
  promptLength,
  generatedTokens: 20,
});
/** About ten seconds of work. */
const long = taskOf(samples(rows(500, 512)));
const short = taskOf(samples(rows(2, 32)));

/** Starts the long task in a process of its own, strikes when it computes, and says what became of it. */
async function struck(
  strike: (pid: number) => void,
  deadlineMs = 60_000,
): Promise<{ code: string; fault: string; recovered: number }> {
  const own = await newEvaluator();
  try {
    const before = childrenOf(process.pid);
    await own.numerics(new AbortController().signal);
    const [pid] = childrenOf(process.pid).filter((child) => !before.includes(child));
    if (pid === undefined) throw new Error('there is no evaluator process');
    const work = errorOf(evaluate(own, demo, [long], { deadlineMs }));
    await delay(300);
    strike(pid);
    const { code, fault } = await work;
    await expect(survivors([pid], 2000)).resolves.toEqual([]);
    const again = await evaluate(own, demo, [short]);
    return { code, fault, recovered: detailsOf(again).losses.length };
  } finally {
    await own.close();
  }
}

describe("faults of the process are not the miner's, and the next request finds a new process", () => {
  it('kill -9', async () => {
    await expect(struck((pid) => process.kill(pid, 'SIGKILL'))).resolves.toEqual({
      code: 'EVALUATOR_CRASHED',
      fault: 'validator',
      recovered: 2,
    });
  });

  it('a file that is cut off while it is mapped', async () => {
    const directory = copyOf(join(DEMO, 'gpt2-1300steps'));
    const own = await newEvaluator();
    try {
      let cut = false;
      // Once it computes.
      const onProgress = ({ phase, done }: EvaluationProgress): void => {
        if (cut || phase !== 'score' || done === 0) return;
        truncateSync(join(directory, 'model.safetensors'), 100);
        cut = true;
      };
      const work = errorOf(evaluate(own, await verified(inspector, directory), [long], { onProgress }));
      await expect(work).resolves.toMatchObject({
        code: 'EVALUATOR_CRASHED',
        fault: 'validator',
        payload: { exit: 'signal SIGBUS' },
      });
      expect(detailsOf(await evaluate(own, demo, [short])).losses).toHaveLength(2);
    } finally {
      await own.close();
    }
  });

  it('stopped for good', async () => {
    await expect(struck((pid) => process.kill(pid, 'SIGSTOP'), 1000)).resolves.toEqual({
      code: 'EVALUATOR_DEADLINE',
      fault: 'validator',
      recovered: 2,
    });
  });

  it('too slow', async () => {
    await expect(struck(() => undefined, 1000)).resolves.toEqual({
      code: 'EVALUATOR_DEADLINE',
      fault: 'validator',
      recovered: 2,
    });
  });

  it('over its memory limit', async () => {
    const own = await newEvaluator({ memoryLimit: 20 * 1024 * 1024 });
    await expect(errorOf(evaluate(own, demo, [long]))).resolves.toMatchObject({
      code: 'EVALUATOR_MEMORY',
      fault: 'validator',
    });
    await own.close();
  });

  it('ends when the validator is killed, in the middle of a computation', async () => {
    const parent = spawn(
      process.execPath,
      [join(import.meta.dirname, 'parent.mjs'), join(DEMO, 'llama-2000steps'), String(40_000)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(parent.stdout, 'data');
    // By now it is inside the runtime, where nothing else of it is awake.
    await delay(500);
    const children = parent.pid === undefined ? [] : childrenOf(parent.pid);
    expect(children.length).toBeGreaterThan(0);
    parent.kill('SIGKILL');
    await expect(survivors(children, 2000)).resolves.toEqual([]);
  });
});

describe("requests that can't be answered", () => {
  const llama = (): Promise<VerifiedModel> => verified(inspector, tinyFolder());

  const withFile = (task: EvaluationTask, change: (path: string) => void): EvaluationTask => {
    change(task.samples.path);
    return task;
  };
  const withSamples = (task: EvaluationTask, change: Partial<EvaluationTask['samples']>): EvaluationTask => ({
    ...task,
    samples: { ...task.samples, ...change },
  });
  const fine = (): EvaluationTask => taskOf(samples(rows(3, 8)));

  it.each<[what: string, task: () => EvaluationTask, code: string, fault: string]>([
    ['a token beyond the vocabulary', () => taskOf(samples(rows(1, 8, () => 32))), 'TOKEN_OUT_OF_RANGE', 'miner'],
    ['rows of one token', () => taskOf(samples([[[1]]])), 'SAMPLES_INVALID', 'validator'],
    ['parameters of another kind', () => ({ ...fine(), parameters: { beam: 4 } }), 'SAMPLES_INVALID', 'validator'],
    ['a range beyond the samples', () => ({ ...fine(), range: { from: 2, to: 4 } }), 'SAMPLES_INVALID', 'validator'],
    [
      'a file that is too short',
      () =>
        withFile(fine(), (path) => {
          truncateSync(path, 90);
        }),
      'SAMPLES_DIFFER',
      'validator',
    ],
    [
      'a file that is too long',
      () =>
        withFile(fine(), (path) => {
          appendFileSync(path, 'more');
        }),
      'SAMPLES_DIFFER',
      'validator',
    ],
    [
      'a file of other content',
      () =>
        withFile(fine(), (path) => {
          writeFileSync(path, Buffer.alloc(96, 1));
        }),
      'SAMPLES_DIFFER',
      'validator',
    ],
    ['another digest', () => withSamples(fine(), { digest: '0'.repeat(64) }), 'SAMPLES_DIFFER', 'validator'],
    [
      'a file that is not there',
      () => withSamples(fine(), { path: '/no/such/file' }),
      'SAMPLES_UNREADABLE',
      'validator',
    ],
  ])('%s', async (_what, task, code, fault) => {
    await expect(errorOf(evaluate(evaluator, await llama(), [task()]))).resolves.toMatchObject({ code, fault });
  });

  it('sequences longer than the positions of the model', async () => {
    const gpt2 = await verified(inspector, join(FIXTURES, 'gpt2-default'));
    await expect(errorOf(evaluate(evaluator, gpt2, [taskOf(samples(rows(2, 257)))]))).resolves.toMatchObject({
      code: 'SEQUENCE_TOO_LONG',
      fault: 'miner',
    });
    // 237 + 20 tokens need 256 positions: the last one is never computed with.
    await expect(evaluate(evaluator, gpt2, [taskOf(samples(rows(2, 256), 237))])).resolves.toBeDefined();
    await expect(errorOf(evaluate(evaluator, gpt2, [taskOf(samples(rows(2, 256), 238))]))).resolves.toMatchObject({
      code: 'SEQUENCE_TOO_LONG',
      fault: 'miner',
    });
  });

  it('another kind of task', async () => {
    await expect(
      errorOf(evaluate(evaluator, await llama(), [{ ...short, kind: 'word-error-rate' }])),
    ).resolves.toMatchObject({ code: 'KIND_UNKNOWN', fault: 'config' });
  });

  it('files that are not those that were verified', async () => {
    const model = await verified(inspector, copyOf(join(FIXTURES, 'gpt2-default')));
    const path = join(model.directory, 'config.json');
    writeFileSync(path, `${readFileSync(path, 'utf8')} `);
    await expect(errorOf(evaluate(evaluator, model, [short]))).resolves.toMatchObject({
      code: 'FILES_CHANGED',
      fault: 'validator',
    });
  });

  it('weights that were cut off after they were verified', async () => {
    const model = await verified(inspector, copyOf(join(FIXTURES, 'gpt2-default')));
    truncateSync(join(model.directory, 'model.safetensors'), 1000);
    await expect(errorOf(evaluate(evaluator, model, [short]))).resolves.toMatchObject({
      code: 'FILES_CHANGED',
      fault: 'validator',
    });
  });

  it('a device that is not there', async () => {
    await expect(errorOf(newEvaluator({ device: 'cuda' }))).resolves.toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
      fault: 'config',
    });
  });
});

describe('a folder of links, as the library keeps downloads', () => {
  it('is evaluated like the files themselves', async () => {
    const cache = scratchFolder();
    const [blobs, snapshot] = [join(cache, 'blobs'), join(cache, 'snapshots')];
    renameSync(copyOf(join(FIXTURES, 'llama-rope-llama3-sharded')), blobs);
    mkdirSync(snapshot);
    for (const name of readdirSync(blobs)) symlinkSync(join('..', 'blobs', name), join(snapshot, name));
    const [linked, real] = [await verified(inspector, snapshot), await verified(inspector, blobs)];
    expect(linked.facts).toEqual(real.facts);
    const [ofLinks, ofFiles] = [await evaluate(evaluator, linked, [short]), await evaluate(evaluator, real, [short])];
    expect(ofLinks.results).toEqual(ofFiles.results);
  });
});

describe('progress', () => {
  it('counts the batches of all tasks, upwards to the end', async () => {
    const tasks = [taskOf(samples(rows(2, 48), 16)), taskOf(samples(rows(3, 48)))];
    const events: EvaluationProgress[] = [];
    await evaluator.evaluate(
      { id: 'p', model: demo, tasks, deadlineMs: 60_000 },
      (event) => events.push(event),
      new AbortController().signal,
    );
    expect(new Set(events.map(({ total }) => total))).toEqual(new Set([5]));
    expect(events.filter(({ phase }) => phase === 'score').map(({ done }) => done)).toEqual([1, 2, 3, 4, 5]);
    expect(events.map(({ done }) => done)).toEqual(events.map(({ done }) => done).sort((a, b) => a - b));
    expect(events[0]).toEqual({ phase: 'load', done: 0, total: 5 });
  });
});

describe('a model in parts', () => {
  const part = (task: EvaluationTask, from: number, to: number): EvaluationTask => ({ ...task, range: { from, to } });

  it.each([true, false])('has the losses of the whole, a process for each model: %s', async (processPerModel) => {
    const own = await newEvaluator({ processPerModel });
    try {
      const other = await verified(inspector, join(DEMO, 'gpt2-1300steps'));
      const task = taskOf(
        samples(
          rows(5, 48, (index) => (index * 11) % 97),
          16,
        ),
      );
      const whole = await evaluate(own, demo, [task]);
      const losses: number[] = [];
      for (const [from, to] of [
        [0, 2],
        [2, 3],
        [3, 5],
      ] as const) {
        const answer = await evaluate(own, demo, [part(task, from, to)], { keep: to < 5 });
        losses.push(...detailsOf(answer).losses);
        // The beginnings are continued by the first part.
        expect(detailsOf(answer).generations).toEqual(from === 0 ? detailsOf(whole).generations : []);
        await evaluate(own, other, [part(task, 0, 1)], { keep: true });
      }
      expect(losses).toEqual(detailsOf(whole).losses);
    } finally {
      await own.close();
    }
  });
});

describe('a request that is cancelled', () => {
  it('ends between two samples, and the process goes on with the next one', async () => {
    const own = await newEvaluator({ processPerModel: false });
    try {
      await evaluate(own, demo, [short]);
      const before = childrenOf(process.pid);
      const abort = new AbortController();
      const seen: number[] = [];
      const work = errorOf(
        evaluate(own, demo, [long], {
          signal: abort.signal,
          onProgress: ({ losses }) => {
            seen.push(...(losses?.values ?? []));
            if (seen.length === 2) abort.abort();
          },
        }),
      );
      expect(await work).toMatchObject({ code: 'ABORTED' });
      expect(detailsOf(await evaluate(own, demo, [short])).losses).toHaveLength(2);
      expect(seen.length).toBeLessThan(20);
      expect(childrenOf(process.pid)).toEqual(before);
    } finally {
      await own.close();
    }
  });
});

describe('the same request', () => {
  it('has the same answer, to the last digit', async () => {
    const task = taskOf(samples(rows(4, 96), 40), ['logits-spot']);
    const [first, second] = [await evaluate(evaluator, demo, [task]), await evaluate(evaluator, demo, [task])];
    expect(second.results).toEqual(first.results);
    expect(second.numerics).toEqual(first.numerics);
    expect(first.timings.peakAnonymousBytes).toBeGreaterThan(1024 * 1024);
  });
});
