import type { Evaluator, EvaluationProgress } from '@assay/core/contracts/evaluator';
import { AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { EvaluatorPool } from '@assay/plugin-pool/dist/evaluator-pool.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../error-of.js';
import { crash, lossesOf, NUMERICS, requestFor, Scripted } from './scripted.js';

const never = new AbortController().signal;
const time = { ms: 0 };
const clock = { now: () => time.ms, monotonic: () => time.ms, sleep: () => Promise.resolve() };

const poolOf = (...members: readonly Evaluator[]): EvaluatorPool =>
  new EvaluatorPool(
    members.map((evaluator, index) => ({ name: `m${index}`, evaluator })),
    { clock, log: () => undefined },
  );

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

const lossesBy = async (pool: EvaluatorPool, digest: string): Promise<number[] | undefined> =>
  (await pool.evaluate(requestFor(digest), () => undefined, never)).results[0]?.losses;

describe('a pool', () => {
  it('gives each member one request at a time, and lets the rest wait in order', async () => {
    const members = [new Scripted(), new Scripted()];
    const pool = poolOf(...members);
    const names = ['a', 'bb', 'ccc', 'dddd', 'eeeee'];
    expect(await Promise.all(names.map((name) => lossesBy(pool, name)))).toEqual(names.map(lossesOf));
    expect(members.map(({ mostBusy }) => mostBusy)).toEqual([1, 1]);
    expect(members.map(({ asked }) => asked.length).sort()).toEqual([2, 3]);
    expect(await pool.capacity(never)).toBe(2);
  });

  it('has another member compute what one was killed at, and reports each loss once', async () => {
    const members = [
      new Scripted((_digest, done) => (done === 2 ? crash('signal SIGKILL') : undefined)),
      new Scripted(),
    ];
    const pool = poolOf(...members);
    const told: EvaluationProgress[] = [];
    const { results } = await pool.evaluate(requestFor('model'), (one) => told.push(one), never);
    expect(results[0]?.losses).toEqual(lossesOf('model'));
    expect(told.flatMap(({ losses }) => losses?.values ?? [])).toEqual(lossesOf('model'));
    expect(told.flatMap(({ losses }) => losses?.from ?? [])).toEqual([0, 1, 2, 3]);
    expect(await pool.capacity(never)).toBe(1);
  });

  it.each(['signal SIGSEGV', 'signal SIGABRT', 'exit code 1'])(
    'leaves it to the validator to judge a process that ends by itself (%s)',
    async (exit) => {
      const members = [new Scripted(() => crash(exit)), new Scripted()];
      expect(await errorOf(lossesBy(poolOf(...members), 'model'))).toMatchObject({ code: 'EVALUATOR_CRASHED' });
      expect(members.map(({ asked }) => asked)).toEqual([['model'], []]);
    },
  );

  it('passes a fault of the miner on, and goes on using the member', async () => {
    const fault = new AssayError({ ...crash('x').toReport(), code: 'NON_FINITE_LOSS', fault: 'miner' });
    const members = [new Scripted((digest) => (digest === 'bad' ? fault : undefined)), new Scripted()];
    const pool = poolOf(...members);
    expect(await errorOf(lossesBy(pool, 'bad'))).toMatchObject({ code: 'NON_FINITE_LOSS' });
    expect(await pool.capacity(never)).toBe(2);
  });

  it('sends the parts of a model to the member that holds it, and tells that member when no more come', async () => {
    const members = [new Scripted(), new Scripted()];
    const pool = poolOf(...members);
    const part = (digest: string): Promise<unknown> =>
      pool.evaluate(requestFor(digest, { keep: true }), () => undefined, never);
    for (let round = 0; round < 3; round += 1) await Promise.all([part('king'), part('challenger')]);
    for (const { asked } of members) expect(new Set(asked).size).toBe(1);
    pool.release(requestFor('king').model);
    expect(members.flatMap(({ notices }) => notices)).toEqual(['release king']);
  });

  it('sends requests that come alone to one member, and not to one that has just failed', async () => {
    const members = [
      new Scripted((digest) => (digest === 'four' ? crash('signal SIGABRT') : undefined)),
      new Scripted(),
    ];
    const pool = poolOf(...members);
    await lossesBy(pool, 'three');
    await errorOf(lossesBy(pool, 'four'));
    for (const name of ['canary', 'control', 'four']) await lossesBy(pool, name);
    expect(members.map(({ asked }) => asked)).toEqual([
      ['three', 'four'],
      ['canary', 'control', 'four'],
    ]);
  });

  it('tells a member that has nothing to do of the next model, and asks that one for it', async () => {
    const members = [new Scripted(), new Scripted()];
    const pool = poolOf(...members);
    await lossesBy(pool, 'first');
    const running = lossesBy(pool, 'first');
    await until(() => members[0]?.busy === 1);
    pool.prepare(requestFor('next').model);
    await Promise.all([running, lossesBy(pool, 'next')]);
    expect(members[1]).toMatchObject({ notices: ['prepare next'], asked: ['next'] });
  });

  it('refuses members that compute in different ways, and names what differs', async () => {
    const other = new Scripted();
    other.numericsNow = { ...NUMERICS, device: 'cuda', kernels: 'new' };
    expect(await errorOf(poolOf(new Scripted(), other).numerics(never))).toMatchObject({
      code: 'POOL_NUMERICS_DIFFER',
      fault: 'config',
      payload: { first: 'm0', other: 'm1', keys: ['device', 'kernels'] },
    });
  });

  it('goes on without a member that does not start, and takes it in when it does', async () => {
    time.ms = 0;
    const late = new Scripted();
    late.numericsNow = crash('no device', 'EVALUATOR_START');
    const first = new Scripted();
    const pool = poolOf(first, late);
    expect(await pool.numerics(never)).toEqual(NUMERICS);
    expect(await pool.capacity(never)).toBe(1);
    late.numericsNow = NUMERICS;
    time.ms = 60_000;
    expect(await pool.capacity(never)).toBe(2);
    await Promise.all([lossesBy(pool, 'one'), lossesBy(pool, 'two')]);
    expect([first.asked.length, late.asked.length]).toEqual([1, 1]);
  });

  it('does not mix in the results of a member that comes back with other numerics', async () => {
    time.ms = 0;
    let dies = true;
    const changed = new Scripted(() => (dies ? crash('signal SIGKILL') : undefined));
    const pool = poolOf(changed, new Scripted());
    expect(await lossesBy(pool, 'one')).toEqual(lossesOf('one'));
    dies = false;
    changed.numericsNow = { ...NUMERICS, runtime: 'test 2' };
    time.ms = 60_000;
    await Promise.all([lossesBy(pool, 'two'), lossesBy(pool, 'three')]);
    expect(changed.asked).toEqual(['one']);
  });

  it('rejects with the failure of the last member, and tries again with the one that is soonest back', async () => {
    let dies = true;
    const fails = (): Error | undefined => (dies ? crash('signal SIGKILL') : undefined);
    const pool = poolOf(new Scripted(fails), new Scripted(fails));
    expect(await errorOf(lossesBy(pool, 'one'))).toMatchObject({ code: 'EVALUATOR_CRASHED' });
    dies = false;
    expect(await lossesBy(pool, 'one')).toEqual(lossesOf('one'));
  });

  it('gives up a request that waits, and serves the next one', async () => {
    const pool = poolOf(new Scripted());
    const abort = new AbortController();
    const [first, second] = [lossesBy(pool, 'one'), pool.evaluate(requestFor('two'), () => undefined, abort.signal)];
    const third = lossesBy(pool, 'three');
    abort.abort();
    expect(await errorOf(second)).toMatchObject({ code: 'ABORTED' });
    expect(await Promise.all([first, third])).toEqual([lossesOf('one'), lossesOf('three')]);
  });

  it('settles every request, and hangs on none, where all members may be killed', { timeout: 60_000 }, async () => {
    const kills = fc.array(fc.tuple(fc.nat(1), fc.nat(20)), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(kills, fc.integer({ min: 1, max: 6 }), async (given, models) => {
        let now = 0;
        const pending = new Set(given.map(([member, at]) => `${member} ${at}`));
        const member = (index: number): Scripted =>
          new Scripted(() => (pending.delete(`${index} ${(now += 1)}`) ? crash('signal SIGKILL') : undefined), 0);
        const pool = poolOf(member(0), member(1));
        const names = Array.from({ length: models }, (_none, index) => `model-${index}`);
        const settled = await Promise.allSettled(names.map((name) => lossesBy(pool, name)));
        for (const [index, one] of settled.entries())
          if (one.status === 'fulfilled') expect(one.value).toEqual(lossesOf(names[index] ?? ''));
          else expect(['EVALUATOR_CRASHED', 'POOL_MEMBER_SICK']).toContain(toAssayError(one.reason).code);
      }),
      { numRuns: 150 },
    );
  });

  it('answers every request with the same losses, whichever members are killed when', async () => {
    const kills = fc.array(fc.tuple(fc.nat(2), fc.nat(30)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(kills, fc.integer({ min: 1, max: 8 }), async (given, models) => {
        let now = 0;
        const pending = new Set(given.map(([member, at]) => `${member} ${at}`));
        const member = (index: number): Scripted =>
          new Scripted(
            () => (pending.delete(`${index} ${(now += 1)}`) && index > 0 ? crash('signal SIGKILL') : undefined),
            0,
          );
        // Member 0 lives; the others are killed at any step.
        const pool = poolOf(member(0), member(1), member(2));
        const names = Array.from({ length: models }, (_none, index) => `model-${index}`);
        expect(await Promise.all(names.map((name) => lossesBy(pool, name)))).toEqual(names.map(lossesOf));
      }),
      { numRuns: 60 },
    );
  });
});
