import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EvaluationTask } from '@assay/core/contracts/evaluation-task';
import type { EvaluationAnswer, EvaluationProgress, EvaluationRequest } from '@assay/core/contracts/evaluator';
import { withoutNetwork, type NetworkAccess } from '@assay/core/evaluation/network-isolation';
import { ProcessEvaluator } from '@assay/core/evaluation/process-evaluator';
import { afterEach, describe, expect, it } from 'vitest';
import { childrenOf, survivors } from '../../e2e/process-tree.js';
import { errorOf } from '../../error-of.js';

const MIB = 1024 * 1024;
const open: ProcessEvaluator[] = [];
const logged: string[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((evaluator) => evaluator.close()));
  logged.length = 0;
});

function evaluatorThat(
  mode: string,
  limits: { memory?: number; start?: number; perModel?: boolean; network?: NetworkAccess; port?: number } = {},
): ProcessEvaluator {
  const evaluator = new ProcessEvaluator(
    {
      command: [process.execPath, join(import.meta.dirname, 'program.mjs'), mode],
      environment: { OWN: '1', ...(limits.port === undefined ? {} : { PORT: String(limits.port) }) },
      startDeadlineMs: limits.start ?? 20_000,
      memoryLimitBytes: limits.memory ?? 1024 * MIB,
      kinds: ['text-loss'],
      processPerModel: limits.perModel ?? false,
      network: limits.network ?? 'allow',
      canary: false,
    },
    { log: (_level, _message, context) => logged.push(String(context?.['text'])) },
  );
  open.push(evaluator);
  return evaluator;
}

const facts = {
  architecture: 'A',
  parameterCount: 1,
  vocabularySize: 1,
  evaluationDigest: 'd',
  tensorsDigest: 't',
  unusedTensors: [],
  dtypes: [],
};
const model = { reference: { namespace: 'n', name: 'm', revision: 'r' }, directory: '/nowhere', files: [], facts };
const SAMPLES = { path: '/nowhere', digest: '0'.repeat(64), shapes: [{ samples: 3, rows: 1, length: 4 }] };
const task: EvaluationTask = { name: 'task', kind: 'text-loss', samplesDigest: 's', samples: SAMPLES, parameters: {} };
const request = (deadlineMs = 20_000): EvaluationRequest => ({ id: 'one', model, tasks: [task], deadlineMs });

const never = new AbortController().signal;

function ask(evaluator: ProcessEvaluator, deadlineMs?: number, signal = never): Promise<EvaluationAnswer> {
  return evaluator.evaluate(request(deadlineMs), () => undefined, signal);
}

describe('a program that behaves', () => {
  it('answers, and tells of its progress', async () => {
    const progress: unknown[] = [];
    const answer = await evaluatorThat('good').evaluate(request(), (event) => progress.push(event), never);
    expect(answer).toMatchObject({
      id: 'one',
      results: [{ name: 'task', kind: 'text-loss', losses: [0.5, 1.5, 2.5] }],
      numerics: { runtime: 'test 1' },
    });
    expect(progress).toEqual([
      { phase: 'load', done: 0, total: 3 },
      { phase: 'score', task: 'task', done: 3, total: 3, losses: { from: 0, values: [0.5, 1.5, 2.5] } },
    ]);
  });

  it('passes losses on as they come', async () => {
    const progress: EvaluationProgress[] = [];
    const { results } = await evaluatorThat('one-by-one').evaluate(request(), (event) => progress.push(event), never);
    expect(progress.map(({ done, losses }) => [done, losses])).toEqual(
      [0, 1, 2].map((from) => [from + 1, { from, values: [from + 0.5] }]),
    );
    expect(results[0]?.losses).toEqual([0.5, 1.5, 2.5]);
  });

  it('scores the part that is asked for', async () => {
    const evaluator = evaluatorThat('one-by-one');
    const tasks = [{ ...task, range: { from: 1, to: 3 } }];
    const { results } = await evaluator.evaluate({ ...request(), tasks }, () => undefined, never);
    expect(results[0]?.losses).toEqual([1.5, 2.5]);
  });

  it('says nothing that is a verdict: such members do not arrive', async () => {
    const { results } = await ask(evaluatorThat('verdicts'));
    expect(Object.keys(results[0] ?? {}).sort()).toEqual(['details', 'kind', 'losses', 'name']);
    expect(results[0]?.losses).toEqual([0.5, 1.5, 2.5]);
  });

  it('is asked one thing at a time, however many its program could do', async () => {
    const evaluator = evaluatorThat('several-at-a-time');
    await expect(evaluator.numerics(never)).resolves.toBeDefined();
    expect(evaluator).not.toHaveProperty('capacity');
  });

  it('is asked for two tasks of one name by mistake only', async () => {
    const tasks = [task, task];
    await expect(evaluatorThat('good').evaluate({ ...request(), tasks }, () => undefined, never)).rejects.toThrow(
      'the same name',
    );
  });

  it('is asked one thing at a time, by the same process', async () => {
    const evaluator = evaluatorThat('good');
    const answers = await Promise.all([ask(evaluator), ask(evaluator), ask(evaluator)]);
    expect(new Set(answers.map(({ results }) => JSON.stringify(results[0]?.details))).size).toBe(1);
  });

  it("sees nothing of the validator's environment that it was not given", async () => {
    process.env['HF_ACCESS_TOKEN'] = 'secret';
    process.env['NODE_OPTIONS'] = '--no-warnings';
    try {
      const answer = await ask(evaluatorThat('good'));
      expect(answer.results[0]?.details).toMatchObject({ env: expect.arrayContaining(['OWN', 'PATH']) as unknown });
      expect(JSON.stringify(answer)).not.toMatch(/HF_ACCESS_TOKEN|NODE_OPTIONS|VITEST/);
    } finally {
      delete process.env['HF_ACCESS_TOKEN'];
      delete process.env['NODE_OPTIONS'];
    }
  });

  it('blames whom it blames', async () => {
    await expect(errorOf(ask(evaluatorThat('fault')))).resolves.toMatchObject({
      code: 'NON_FINITE_LOSS',
      fault: 'miner',
      retry: 'never',
      payload: { batch: 1 },
    });
  });

  it('may answer and leave', async () => {
    const evaluator = evaluatorThat('answer-then-exit');
    await expect(ask(evaluator)).resolves.toMatchObject({ id: 'one' });
    await delay(100);
    await expect(ask(evaluator)).resolves.toMatchObject({ id: 'one' });
  });
});

describe.skipIf(process.platform !== 'linux')('a program that misses its deadline', () => {
  it.each([
    ['of itself', false],
    ['because a signal has stopped it', true],
  ])('%s', async (_why, stopped) => {
    const evaluator = evaluatorThat('hang');
    await evaluator.numerics(never);
    const failed = errorOf(ask(evaluator, 1500));
    await delay(200);
    for (const child of stopped ? childrenOf(process.pid) : []) process.kill(child, 'SIGSTOP');
    await delay(600);
    // Going on again before the deadline hides nothing.
    for (const child of stopped ? childrenOf(process.pid) : []) process.kill(child, 'SIGCONT');
    expect(await failed).toMatchObject({ code: 'EVALUATOR_DEADLINE', payload: { stopped } });
  });
});

describe('a program that does not', () => {
  it.each([
    ['silent', 'EVALUATOR_START', 'config'],
    ['exit-at-once', 'EVALUATOR_START', 'config'],
    ['garbage-hello', 'EVALUATOR_START', 'config'],
    ['protocol-1', 'EVALUATOR_VERSION', 'config'],
    ['protocol-3', 'EVALUATOR_VERSION', 'config'],
    ['no-architectures', 'EVALUATOR_HELLO', 'config'],
    ['no-numerics', 'EVALUATOR_HELLO', 'config'],
    ['half-numerics', 'EVALUATOR_HELLO', 'config'],
    ['no-capacity', 'EVALUATOR_HELLO', 'config'],
    ['other-kind', 'EVALUATOR_UNABLE', 'config'],
    ['hang', 'EVALUATOR_DEADLINE', 'validator'],
    ['hang-ignoring-signals', 'EVALUATOR_DEADLINE', 'validator'],
    ['busy', 'EVALUATOR_DEADLINE', 'validator'],
    ['crash', 'EVALUATOR_CRASHED', 'validator'],
    ['exit-mid-answer', 'EVALUATOR_CRASHED', 'validator'],
    ['cut-mid-stream', 'EVALUATOR_CRASHED', 'validator'],
    ['losses-missing', 'EVALUATOR_PROTOCOL', 'validator'],
    ['losses-twice', 'EVALUATOR_PROTOCOL', 'validator'],
    ['losses-out-of-order', 'EVALUATOR_PROTOCOL', 'validator'],
    ['losses-too-many', 'EVALUATOR_PROTOCOL', 'validator'],
    ['losses-of-another-task', 'EVALUATOR_PROTOCOL', 'validator'],
    ['losses-null', 'EVALUATOR_PROTOCOL', 'validator'],
    ['losses-text', 'EVALUATOR_PROTOCOL', 'validator'],
    ['losses-empty', 'EVALUATOR_PROTOCOL', 'validator'],
    ['cancelled-unasked', 'EVALUATOR_PROTOCOL', 'validator'],
    ['close-output', 'EVALUATOR_CRASHED', 'validator'],
    ['garbage', 'EVALUATOR_PROTOCOL', 'validator'],
    ['nan', 'EVALUATOR_PROTOCOL', 'validator'],
    ['infinite', 'EVALUATOR_PROTOCOL', 'validator'],
    ['wrong-id', 'EVALUATOR_PROTOCOL', 'validator'],
    ['wrong-task', 'EVALUATOR_PROTOCOL', 'validator'],
    ['facts', 'EVALUATOR_PROTOCOL', 'validator'],
    ['second-hello', 'EVALUATOR_PROTOCOL', 'validator'],
    ['endless-line', 'EVALUATOR_PROTOCOL', 'validator'],
    ['other-numerics', 'EVALUATOR_PROTOCOL', 'validator'],
  ])('%s: %s, never the miner', async (mode, code, fault) => {
    const evaluator = evaluatorThat(mode, mode === 'silent' ? { start: 300 } : {});
    const before = childrenOf(process.pid);
    const deadline = code === 'EVALUATOR_DEADLINE' ? 300 : 20_000;
    await expect(errorOf(ask(evaluator, deadline))).resolves.toMatchObject({ code, fault });
    await evaluator.close();
    const started = childrenOf(process.pid).filter((pid) => !before.includes(pid));
    await expect(survivors(started, 2000)).resolves.toEqual([]);
  });

  it.each([
    ['no-architectures', ['architectures']],
    ['no-numerics', ['numerics']],
    ['half-numerics', ['architectures', 'numerics.computeType', 'numerics.runtime', 'numerics.attention']],
    ['no-capacity', ['capacity']],
  ])('%s: each member is named', async (mode, members) => {
    const { payload, message } = await errorOf(ask(evaluatorThat(mode)));
    const issues = payload['issues'] as string[];
    expect(issues.map((issue) => issue.split(':')[0]).sort()).toEqual([...members].sort());
    for (const member of members) expect(message).toContain(member);
  });

  it('of protocol 1 hears what to do', async () => {
    const error = await errorOf(ask(evaluatorThat('protocol-1')));
    expect(error).toMatchObject({ payload: { version: 1, wanted: 2 } });
    expect(error.hint).toMatch(/^Update the evaluator to protocol 2/);
  });

  it.each(['memory', 'memory-of-a-child'])('%s: killed at its limit', async (mode) => {
    await expect(errorOf(ask(evaluatorThat(mode, { memory: 300 * MIB })))).resolves.toMatchObject({
      code: 'EVALUATOR_MEMORY',
      fault: 'validator',
    });
  });

  it('says on stderr what went wrong, and the error repeats it', async () => {
    await expect(errorOf(ask(evaluatorThat('crash')))).resolves.toMatchObject({
      payload: { exit: 'signal SIGSEGV', stderr: 'tensor of doom\n' },
    });
    await expect(errorOf(ask(evaluatorThat('exit-at-once')))).resolves.toMatchObject({
      message: expect.stringContaining('no such device') as unknown,
    });
  });

  it('a command that is not there', async () => {
    const evaluator = new ProcessEvaluator(
      {
        command: ['/no/such/program'],
        environment: {},
        startDeadlineMs: 1000,
        memoryLimitBytes: MIB,
        kinds: ['text-loss'],
        processPerModel: false,
        network: 'allow',
        canary: false,
      },
      { log: () => undefined },
    );
    await expect(errorOf(ask(evaluator))).resolves.toMatchObject({ code: 'EVALUATOR_START', fault: 'config' });
    await evaluator.close();
  });

  it('is replaced at the next request, however fast that comes', async () => {
    const evaluator = evaluatorThat('hang');
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await expect(errorOf(ask(evaluator, 50))).resolves.toMatchObject({ code: 'EVALUATOR_DEADLINE' });
    }
  });

  it('takes its descendants along', async () => {
    const evaluator = evaluatorThat('grandchild');
    await expect(errorOf(ask(evaluator, 1000))).resolves.toMatchObject({ code: 'EVALUATOR_DEADLINE' });
    const grandchild = Number(/grandchild (\d+)/.exec(logged.join(''))?.[1]);
    expect(grandchild).toBeGreaterThan(0);
    await expect(survivors([grandchild], 2000)).resolves.toEqual([]);
  });
});

describe('giving up', () => {
  it('an abort ends the wait and the process at once', async () => {
    const evaluator = evaluatorThat('busy');
    await evaluator.numerics(never);
    const before = childrenOf(process.pid);
    const controller = new AbortController();
    const work = errorOf(ask(evaluator, 60_000, controller.signal));
    await delay(100);
    const abortedAt = Date.now();
    controller.abort();
    await expect(work).resolves.toMatchObject({ code: 'ABORTED' });
    expect(Date.now() - abortedAt).toBeLessThan(1000);
    await expect(survivors(before, 2000)).resolves.toEqual([]);
  });

  it('a program that can cancel is told to, and stays', async () => {
    const evaluator = evaluatorThat('cancels');
    await evaluator.numerics(never);
    const before = childrenOf(process.pid);
    const controller = new AbortController();
    const seen: number[] = [];
    const work = errorOf(
      evaluator.evaluate(
        request(60_000),
        ({ done }) => {
          seen.push(done);
          controller.abort();
        },
        controller.signal,
      ),
    );
    await expect(work).resolves.toMatchObject({ code: 'ABORTED' });
    // Long after the time that a program has for it.
    await delay(2500);
    expect(childrenOf(process.pid)).toEqual(before);
    expect(seen).toEqual([1]);
    const next = new AbortController();
    const again = evaluator.evaluate(
      request(60_000),
      () => {
        next.abort();
      },
      next.signal,
    );
    await expect(errorOf(again)).resolves.toMatchObject({ code: 'ABORTED' });
  });

  it('one that says so and does not is killed', async () => {
    const evaluator = evaluatorThat('ignores-cancel');
    await evaluator.numerics(never);
    const before = childrenOf(process.pid);
    const controller = new AbortController();
    const work = errorOf(
      evaluator.evaluate(
        request(60_000),
        () => {
          controller.abort();
        },
        controller.signal,
      ),
    );
    await expect(work).resolves.toMatchObject({ code: 'ABORTED' });
    await expect(survivors(before, 4000)).resolves.toEqual([]);
  });

  it('so does one while another request is under way, and that one goes on', async () => {
    const evaluator = evaluatorThat('good');
    const controller = new AbortController();
    const [first, second] = [ask(evaluator), errorOf(ask(evaluator, 60_000, controller.signal))];
    controller.abort();
    await expect(second).resolves.toMatchObject({ code: 'ABORTED' });
    await expect(first).resolves.toMatchObject({ id: 'one' });
  });

  it('closing ends what is under way, and nothing starts afterwards', async () => {
    const evaluator = evaluatorThat('hang');
    const work = errorOf(ask(evaluator));
    await delay(200);
    await evaluator.close();
    await expect(work).resolves.toMatchObject({ code: 'ABORTED' });
    await expect(errorOf(ask(evaluator))).resolves.toMatchObject({ code: 'ABORTED' });
  });
});

const detailsOf = (answer: EvaluationAnswer): unknown => answer.results[0]?.details;

describe('a process for each model', () => {
  it('is another one each time, and none is left in the end', async () => {
    const evaluator = evaluatorThat('good', { perModel: true });
    const pids: unknown[] = [];
    for (let model = 0; model < 3; model += 1) pids.push((detailsOf(await ask(evaluator)) as { pid: number }).pid);
    expect(new Set(pids).size).toBe(3);
    const [spare] = childrenOf(process.pid);
    await evaluator.close();
    await expect(survivors([...(pids as number[]), ...(spare === undefined ? [] : [spare])], 2000)).resolves.toEqual(
      [],
    );
  });

  it('is started and told of its model while the one before is computed', async () => {
    const evaluator = evaluatorThat('prepares', { perModel: true });
    await evaluator.numerics(never);
    const first = ask(evaluator);
    evaluator.prepare({ ...model, facts: { ...facts, evaluationDigest: 'second' } });
    expect(detailsOf(await first)).toMatchObject({ prepared: [] });
    expect(detailsOf(await ask(evaluator))).toMatchObject({ prepared: ['second'] });
  });

  const pidOf = async (evaluator: ProcessEvaluator, digest: string, keep: boolean): Promise<unknown> => {
    const of = { ...model, facts: { ...facts, evaluationDigest: digest } };
    const answer = await evaluator.evaluate({ ...request(), model: of, keep }, () => undefined, never);
    return (detailsOf(answer) as { pid: number }).pid;
  };

  it('stays for the other parts of its model, beside that of another model', async () => {
    const evaluator = evaluatorThat('good', { perModel: true });
    const pids: unknown[] = [];
    for (const [digest, keep] of [
      ['a', true],
      ['b', true],
      ['a', true],
      ['b', true],
      ['a', false],
      ['a', false],
    ] as const)
      pids.push(await pidOf(evaluator, digest, keep));
    const [a, b] = pids;
    expect(a).not.toBe(b);
    expect(pids.slice(0, 5)).toEqual([a, b, a, b, a]);
    expect(pids[5]).not.toBe(a);
    await expect(survivors([a as number, pids[5] as number], 2000)).resolves.toEqual([]);
    await evaluator.close();
    await expect(survivors([b as number], 2000)).resolves.toEqual([]);
  });

  it('ends when its model is released, or when two others are kept', async () => {
    const evaluator = evaluatorThat('good', { perModel: true });
    const a = await pidOf(evaluator, 'a', true);
    evaluator.release({ ...model, facts: { ...facts, evaluationDigest: 'a' } });
    await expect(survivors([a as number], 2000)).resolves.toEqual([]);
    const [b] = [
      await pidOf(evaluator, 'b', true),
      await pidOf(evaluator, 'c', true),
      await pidOf(evaluator, 'd', true),
    ];
    await expect(survivors([b as number], 2000)).resolves.toEqual([]);
  });

  it('is not told where it does not list prepare', async () => {
    const evaluator = evaluatorThat('good');
    evaluator.prepare(model);
    expect(detailsOf(await ask(evaluator))).toMatchObject({ prepared: [] });
  });

  it('goes on with a fresh one after a crash', async () => {
    const evaluator = evaluatorThat('crash', { perModel: true });
    await expect(errorOf(ask(evaluator))).resolves.toMatchObject({ code: 'EVALUATOR_CRASHED' });
    await expect(errorOf(ask(evaluator))).resolves.toMatchObject({ code: 'EVALUATOR_CRASHED' });
  });
});

describe('the network', () => {
  const reach = async (network: NetworkAccess): Promise<unknown> => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      return detailsOf(await ask(evaluatorThat('connects', { network, port: (server.address() as AddressInfo).port })));
    } finally {
      server.close();
    }
  };

  it('is there where it is allowed', async () => {
    await expect(reach('allow')).resolves.toMatchObject({ outcome: 'connected' });
  });

  const possible = withoutNetwork() !== undefined;
  it.skipIf(!possible)(
    `is gone where it is denied${possible ? '' : ': skipped, no user namespaces on this machine'}`,
    async () => {
      await expect(reach('deny')).resolves.toMatchObject({ outcome: 'ENETUNREACH' });
    },
  );
});

it('a program that refuses to start says why in its first line', async () => {
  await expect(errorOf(ask(evaluatorThat('refuses')))).resolves.toMatchObject({
    code: 'DEVICE_DIFFERS',
    fault: 'config',
  });
});
