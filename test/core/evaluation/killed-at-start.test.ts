import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessEvaluator } from '@assay/core/evaluation/process-evaluator';
import { expect, it, onTestFinished } from 'vitest';

const PROGRAM = join(import.meta.dirname, 'program.mjs');
const never = new AbortController().signal;

/** An evaluator whose process is killed the first `kills` times, before it says anything. */
function killed(kills: number, how: string): { evaluator: ProcessEvaluator; starts: () => number } {
  const folder = mkdtempSync(join(tmpdir(), 'assay-killed-'));
  const count = join(folder, 'starts');
  const script = `echo >> '${count}'; [ $(wc -l < '${count}') -le ${kills} ] && ${how}; exec '${process.execPath}' '${PROGRAM}' good`;
  const evaluator = new ProcessEvaluator(
    {
      command: ['sh', '-c', script],
      environment: {},
      startDeadlineMs: 20_000,
      memoryLimitBytes: 2 ** 30,
      kinds: ['text-loss'],
      processPerModel: false,
      network: 'allow',
      canary: false,
    },
    { log: () => undefined },
  );
  onTestFinished(async () => {
    await evaluator.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { evaluator, starts: () => readFileSync(count, 'utf8').length };
}

it.each([
  [1, 'kill -9 $$'],
  [3, 'kill -9 $$'],
  [2, 'kill -15 $$'],
  [2, 'exit 137'],
])('an evaluator that is killed %d times at its start by %s is started again', async (kills, how) => {
  const { evaluator, starts } = killed(kills, how);
  await expect(evaluator.numerics(never)).resolves.toBeTypeOf('object');
  expect(starts()).toBe(kills + 1);
});

it('one that is killed every time is no fault of the config', { timeout: 180_000 }, async () => {
  const { evaluator, starts } = killed(100, 'kill -9 $$');
  await expect(evaluator.numerics(never)).rejects.toMatchObject({
    code: 'EVALUATOR_KILLED',
    fault: 'validator',
    payload: { exit: 'signal SIGKILL', tries: 5 },
  });
  expect(starts()).toBe(5);
});

it('one that ends by itself is not started again', async () => {
  const { evaluator, starts } = killed(100, 'exit 1');
  await expect(evaluator.numerics(never)).rejects.toMatchObject({ code: 'EVALUATOR_START', fault: 'config' });
  expect(starts()).toBe(1);
});

it('a stop does not wait for the next start', async () => {
  const { evaluator } = killed(100, 'kill -9 $$');
  const startedAt = performance.now();
  await expect(evaluator.numerics(AbortSignal.timeout(300))).rejects.toMatchObject({ code: 'ABORTED' });
  expect(performance.now() - startedAt).toBeLessThan(1500);
});
