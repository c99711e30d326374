import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventsOf, errorOf, validator, type Answer } from './validator-process.js';
import { newFolder, ROOT } from './world.js';

const DEMO = join(ROOT, 'competitions', 'demo');
const MODELS = join(DEMO, 'assets', 'models');
let config: string;
let first: Answer;

const run = (): Promise<Answer> => validator(['run', '--until-idle', '--json', '--config', config]);

beforeAll(async () => {
  const folder = newFolder();
  execFileSync(process.execPath, [join(DEMO, 'dist', 'main.js'), folder, '--duel']);
  config = join(folder, 'duel.yaml');
  const example = readFileSync(join(ROOT, 'examples', 'demo-duel.yaml'), 'utf8');
  writeFileSync(config, example.replaceAll('../.assay/demo-duel', folder));
  first = await run();
}, 240_000);

describe('npm run demo:duel', () => {
  it('lets challengers come one after the other, and ends when no claim waits', () => {
    expect(first.code, first.stderr).toBe(0);
    const rounds = eventsOf(first.stdout).flatMap((event) => (event.event === 'round-finished' ? [event] : []));
    const challenges = rounds.map(({ rows }) => rows.find(({ values }) => typeof values['verdict'] === 'string'));
    expect(challenges.map((row) => [row?.uid, row?.values['verdict']])).toEqual([
      [2, 'stopped'],
      [3, 'won'],
      [5, 'won'],
      [6, expect.stringMatching(/stopped|lost/)],
      [7, 'lost'],
    ]);
    expect(challenges[3]?.values['difference']).toBe(0);
    expect(challenges[4]?.values['difference']).toBeGreaterThan(0);
    expect(rounds[0]?.saved).toMatchObject({ used: 16, samples: 64 });
    expect(eventsOf(first.stdout).at(-1)).toMatchObject({ event: 'run-stopped', reason: 'idle', rounds: 5 });
  });

  it('refuses each hostile claim for its own reason', () => {
    const left = eventsOf(first.stdout).flatMap((event) =>
      event.event === 'claim-taken-in' && event.error ? [[event.uid, event.error.code]] : [],
    );
    expect(left.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
      [4, 'CONFIG_LOCKED'],
      [8, 'NON_FINITE_WEIGHT'],
      [9, 'OWNER_MARK_MISSING'],
      [10, 'DIGEST_SUBMITTED_BEFORE'],
    ]);
  });

  it('sets weights as kings change: first burned, in the end to the kings in equal parts', () => {
    const set = eventsOf(first.stdout).flatMap((event) => (event.event === 'weights-set' ? [event.weights] : []));
    const shares = set.map((weights) => JSON.stringify(weights.map(({ uid, share }) => [uid, share])));
    const [burned, alone, both] = ['[[0,1]]', '[[3,1]]', '[[3,0.5],[5,0.5]]'];
    // On a busy machine the second dethronement comes before the weights of the first are set.
    expect([
      [burned, alone, both],
      [burned, both],
    ]).toContainEqual(shares);
  });

  it('has nothing to do when it is started again, and that is no failure', { timeout: 60_000 }, async () => {
    const second = await run();
    expect(second.code, second.stderr).toBe(0);
    const events = eventsOf(second.stdout).map(({ event }) => event);
    expect(events).not.toContain('round-finished');
    expect(eventsOf(second.stdout).at(-1)).toMatchObject({ reason: 'idle', rounds: 0 });
  });

  it('replays from its records', { timeout: 60_000 }, async () => {
    for (const round of ['1', '3', '4']) {
      const replayed = await validator(['journal', 'replay', round, '--json', '--config', config]);
      expect(replayed.code, replayed.stdout + replayed.stderr).toBe(0);
    }
  });
});

const duel = z.object({
  wins: z.boolean(),
  values: z.looseObject({ verdict: z.string(), difference: z.number() }),
  samples: z.object({ drawn: z.number(), scored: z.number() }),
  samplesToKnow: z.number().nullable(),
  chance: z.number(),
});
const answer = z.object({ competition: z.object({ duel: duel.nullable(), warnings: z.array(z.looseObject({})) }) });

describe('validator evaluate --against', () => {
  const evaluate = (model: string, ...more: string[]): Promise<Answer> =>
    validator(['evaluate', join(MODELS, model), '--competition', 'duel-demo', '--json', '--config', config, ...more]);
  const duelOf = async (...args: Parameters<typeof evaluate>): Promise<z.infer<typeof duel> | null> => {
    const found = await evaluate(...args);
    return answer.parse(JSON.parse(found.stdout)).competition.duel;
  };

  it('loses against a better king after the first part', { timeout: 120_000 }, async () => {
    expect(await duelOf('llama-250steps', '--against', 'king')).toMatchObject({
      ...{ wins: false, chance: 0, samples: { drawn: 64, scored: 16 }, values: { verdict: 'stopped' } },
    });
  });

  it('wins against a worse one, and says that few samples would do', { timeout: 120_000 }, async () => {
    const found = await duelOf('llama-2000steps', '--against', '3');
    expect(found).toMatchObject({ wins: true, samples: { drawn: 64, scored: 64 }, values: { verdict: 'won' } });
    expect(found?.chance).toBeGreaterThan(0.99);
    expect(found?.samplesToKnow).toBeLessThan(64);
  });

  it('takes a folder, also where the match rule has no parts', { timeout: 120_000 }, async () => {
    const against = ['--competition', 'demo-docs', '--against', join(MODELS, 'llama-250steps')];
    expect((await validator(['evaluate', join(MODELS, 'llama-900steps'), ...against])).stdout).toContain('would win');
  });

  it('says whom to name where nobody is named, and where nobody is known', { timeout: 120_000 }, async () => {
    const alone = answer.parse(JSON.parse((await evaluate('llama-60steps')).stdout)).competition;
    expect(alone).toMatchObject({
      duel: null,
      warnings: [{ code: 'NOBODY_CHALLENGED', hint: expect.stringContaining('--against') as string }],
    });
    expect(errorOf(await evaluate('llama-60steps', '--against', '11'))).toMatchObject({ code: 'DUEL_CLAIM_MALFORMED' });
    expect(errorOf(await evaluate('llama-60steps', '--against', '99'))).toMatchObject({ code: 'CLAIM_MISSING' });
    const nobody = [
      'evaluate',
      join(MODELS, 'llama-60steps'),
      '--competition',
      'demo-docs',
      '--against',
      'king',
      '--json',
    ];
    expect(errorOf(await validator(nobody))).toMatchObject({ code: 'KING_UNKNOWN', fault: 'config' });
  });
});
