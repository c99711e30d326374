import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RoundRow } from '@assay/core/contracts/reporter';
import { z } from 'zod';
import { beforeAll, describe, expect, it } from 'vitest';
import { allOf, errorOf, eventsOf, firstOf, validator, type Answer } from './validator-process.js';
import { newWorld, type World } from './world.js';

const weightsAnswer = z.object({
  netuid: z.number(),
  validators: z.array(
    z.object({
      uid: z.number(),
      own: z.boolean(),
      lastUpdate: z.number(),
      weights: z.array(z.object({ uid: z.number(), value: z.number(), share: z.number() })),
    }),
  ),
});
const record = z.object({ number: z.number(), position: z.number(), hash: z.string(), signature: z.string() });
const verified = z.object({
  intact: z.boolean(),
  counts: z.object({ round: z.number(), claim: z.number(), submission: z.number() }),
  signatures: z.object({ genuine: z.number(), unsigned: z.number() }),
  attachments: z.object({ checked: z.number(), dropped: z.number() }),
});

/** What the round's table has to say of each miner of the demo that could not be scored. */
const REFUSED = [
  [13, 'UNREASONABLE_OUTPUT'],
  [14, 'COMMITMENT_MALFORMED'],
  [15, 'NO_SAFETENSORS'],
  [16, 'HASH_MISMATCH'],
  [17, 'NON_FINITE_WEIGHT'],
  [18, 'PARAMETERS_OUT_OF_RANGE'],
  [19, 'SAFETENSORS_MALFORMED'],
] as const;

describe('the demo, from an empty folder', () => {
  let world: World;
  let first: Answer;
  let second: Answer;

  beforeAll(async () => {
    world = newWorld();
    first = await validator(['run', '--config', world.config, '--once', '--json']);
    second = await validator(['run', '--config', world.config, '--once', '--json']);
  });

  const command = (...args: string[]): Promise<Answer> => validator([...args, '--config', world.config, '--json']);
  const rowsOf = (answer: Answer): RoundRow[][] =>
    allOf(eventsOf(answer.stdout), 'round-finished').map(({ rows }) => rows);

  it('ends well and tells events only', () => {
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
    const events = eventsOf(first.stdout);
    expect(events[0]).toMatchObject({ event: 'run-started', netuid: 9, mode: [], recordedRounds: 0 });
    expect(events.at(-1)).toMatchObject({ event: 'run-stopped', reason: 'rounds-done', rounds: 2 });
    expect(allOf(events, 'round-finished').map(({ number, competition }) => [number, competition.name])).toEqual([
      [1, 'demo-docs'],
      [2, 'demo-matches'],
    ]);
    expect(allOf(events, 'warning')).toEqual([]);
  });

  it('names the cause beside every miner that was not scored', () => {
    for (const rows of rowsOf(first)) {
      expect(
        rows.flatMap(({ uid, error }) => (error ? [[uid, error.code]] : [])).sort(([a], [b]) => Number(a) - Number(b)),
      ).toEqual(REFUSED);
      for (const { error, score, values, share } of rows) {
        if (error)
          expect({ fault: error.fault, score, stepWeight: values['stepWeight'] ?? 0, share }).toEqual({
            fault: 'miner',
            score: null,
            stepWeight: 0,
            share: 0,
          });
      }
    }
  });

  it('evaluates a copy once, and gives all to the first owner', () => {
    for (const rows of rowsOf(first)) {
      const byUid = new Map(rows.map((row) => [row.uid, row]));
      const original = byUid.get(2);
      expect(original).toMatchObject({ sameAs: null });
      expect(original?.share).toBeGreaterThan(0.999);
      for (const copy of [3, 4]) {
        expect(byUid.get(copy)).toMatchObject({ sameAs: 2, score: original?.score, winRate: null });
        expect(byUid.get(copy)?.share).toBeLessThan(1e-12);
      }
      expect(byUid.get(20)).toMatchObject({ sameAs: null, error: null });
      expect(byUid.get(20)?.score).not.toBe(original?.score);
      expect([21, 22].filter((uid) => byUid.has(uid))).toEqual([]);
    }
  });

  it('lets a fresh commitment rest', () => {
    const resting = allOf(eventsOf(first.stdout), 'model-checked').filter(({ status }) => status === 'resting');
    expect(resting.map(({ repo }) => repo)).toEqual(['patient/newcomer']);
  });

  it('sets weights that the chain then holds', async () => {
    const set = firstOf(eventsOf(first.stdout), 'weights-set');
    expect(set).toMatchObject({ confirmed: true });
    const { validators } = weightsAnswer.parse(JSON.parse((await command('chain', 'weights')).stdout));
    const own = validators.find((row) => row.own);
    expect(own?.uid).toBe(0);
    expect(own?.weights.find(({ uid }) => uid === 2)?.share).toBeGreaterThan(0.999);
    expect(own?.weights.filter(({ uid, value }) => [3, 4].includes(uid) && value > 0)).toEqual([]);
  });

  it('continues where it stopped', () => {
    expect(second.code).toBe(0);
    const events = eventsOf(second.stdout);
    expect(events[0]).toMatchObject({ recordedRounds: 2 });
    expect(allOf(events, 'round-finished').map(({ number }) => number)).toEqual([3, 4]);
    expect(allOf(events, 'weights-set')).toHaveLength(1);
  });

  it('does not fetch again what it keeps', () => {
    const fetched = (run: typeof first): string[] => [
      ...new Set(allOf(eventsOf(run.stdout), 'download-progress').map(({ repo }) => repo)),
    ];
    const kept = fetched(first);
    expect(kept.length).toBeGreaterThan(5);
    // Whoever has rested long enough by then is fetched for the first time.
    expect(fetched(second).filter((repo) => kept.includes(repo))).toEqual([]);
  });

  it('chains the records and agrees with each on replay', async () => {
    const shown = await Promise.all(['1', '2', '3', '4'].map((number) => command('journal', 'show', number)));
    const records = shown.map(({ stdout }) => record.parse(JSON.parse(stdout)));
    expect(records.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    const positions = records.map(({ position }) => position);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    const replays = await Promise.all(records.map(({ number }) => command('journal', 'replay', String(number))));
    expect(replays.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(replays.map(({ stdout }) => JSON.parse(stdout) as unknown)).toMatchObject(
      records.map(({ number, hash }) => ({ number, hash, agrees: true, differences: [] })),
    );
    const last = firstOf(eventsOf(second.stdout).reverse(), 'round-finished');
    expect(last?.hash).toBe(records[3]?.hash);
  });

  it('has every claim and both submissions on record, and all of it verifies', async () => {
    const answer = await command('journal', 'verify');
    expect(answer.code, answer.stdout).toBe(0);
    const { intact, counts, signatures, attachments } = verified.parse(JSON.parse(answer.stdout));
    expect([intact, counts.round, counts.submission, signatures.unsigned]).toEqual([true, 4, 2, 0]);
    expect(counts.claim).toBeGreaterThan(REFUSED.length);
    expect(signatures.genuine).toBe(counts.round + counts.claim + counts.submission);
    expect([attachments.checked > 0, attachments.dropped]).toEqual([true, 0]);
    const replays = ['1', '2'].map((number) => command('journal', 'replay', number, '--type', 'submission'));
    expect((await Promise.all(replays)).map(({ code }) => code)).toEqual([0, 0]);
    const claims = JSON.parse((await command('journal', 'ls', '--type', 'claim', '--limit', '99')).stdout) as unknown;
    expect(claims).toMatchObject({
      claims: expect.arrayContaining([expect.objectContaining({ uid: 16, outcome: 'HASH_MISMATCH' })]) as unknown,
    });
  });

  it('exports a round without its losses that replays as far as it can', async () => {
    const file = join(world.folder, 'small.json');
    const small = ['--output', file, '--without-attachments'];
    expect((await command('journal', 'export', '1', ...small)).code).toBe(0);
    const replayed = JSON.parse((await validator(['journal', 'replay', file, '--json'])).stdout) as unknown;
    expect(replayed).toMatchObject({
      number: 1,
      signature: 'genuine',
      missing: expect.arrayContaining([expect.anything()]) as unknown,
    });
  });

  it('exports a round that replays alone, and refuses it when a digit has changed', async () => {
    const file = join(world.folder, 'round-1.json');
    expect((await command('journal', 'export', '1', '--output', file)).code).toBe(0);
    const replayed = await validator(['journal', 'replay', file, '--json']);
    expect(replayed.code).toBe(0);
    expect(JSON.parse(replayed.stdout)).toMatchObject({ number: 1, agrees: true, signature: 'genuine' });
    const forged = readFileSync(file, 'utf8').replace('"block":1100', '"block":1101');
    expect(forged).not.toBe(readFileSync(file, 'utf8'));
    writeFileSync(file, forged);
    const refused = await validator(['journal', 'replay', file, '--json']);
    expect(refused.code).toBe(2);
    expect(errorOf(refused).code).toBe('JOURNAL_EXPORT_TAMPERED');
  });

  it('names a round that is not there', async () => {
    const answer = await command('journal', 'show', '99');
    expect([answer.code, errorOf(answer).code]).toEqual([2, 'ROUND_UNKNOWN']);
  });
});
