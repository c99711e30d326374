import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JudgedRound } from '@assay/core';
import { ruleChoice } from '@assay/core/competition/competition-schema';
import { mergeStandings } from '@assay/core/judging/merge';
import { RuleBook } from '@assay/core/rules/rule-book';
import { eventsOf, firstOf, validator } from '../e2e/validator-process.js';
import { newFolder, ROOT } from '../e2e/world.js';
import { writeFiles, writtenBy } from './page-files.js';

const written = writtenBy('subnet.md');
const DEMO = join('competitions', 'demo');
let fresh: string;

/** The new package with what the page writes for one subject; compiled. */
function packageWith(name: string, files: readonly (readonly [string, string])[]): string {
  const folder = join(newFolder(), name);
  cpSync(fresh, folder, { recursive: true, verbatimSymlinks: true });
  writeFiles(folder, files);
  execFileSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder]);
  return folder;
}

async function roundOf(folder: string): Promise<ReturnType<typeof eventsOf>> {
  execFileSync(process.execPath, [join(ROOT, DEMO, 'dist', 'main.js'), '.data', '--models'], { cwd: folder });
  const run = await validator(['run', '--once', '--json', '--config', 'validator.yaml'], { cwd: folder });
  expect(run.code, run.stderr).toBe(0);
  return eventsOf(run.stdout);
}

const sharesOf = (events: ReturnType<typeof eventsOf>): (readonly [uid: number, share: number])[] =>
  (firstOf(events, 'weights-set')?.weights ?? []).map(({ uid, share }) => [uid, Number(share.toFixed(4))]);

describe('the package that docs/build/subnet.md begins with', () => {
  beforeAll(async () => {
    fresh = join(newFolder(), 'haiku');
    const made = await validator(['subnet', 'new', 'haiku', '--netuid', '40', '--folder', fresh]);
    expect(made.code, made.stderr).toBe(0);
    // In place of npm install: the packages of this checkout.
    mkdirSync(join(fresh, 'node_modules', '@assay'), { recursive: true });
    symlinkSync(join(ROOT, 'core'), join(fresh, 'node_modules', '@assay', 'core'));
    symlinkSync(ROOT, join(fresh, 'node_modules', '@assay', 'validator'));
    symlinkSync(join(ROOT, DEMO), join(fresh, 'node_modules', '@assay', 'competition-demo'));
    symlinkSync(join(ROOT, 'node_modules', 'zod'), join(fresh, 'node_modules', 'zod'));
  }, 60_000);

  it('gets the files that the page names', () => {
    const rules = 'src/rules.ts';
    expect(written.map(([path]) => path)).toEqual([rules, rules, 'src/majority.ts', 'src/index.ts', rules]);
  });

  it('with an average and a floor: who wins once is not paid, who wins twice is', { timeout: 180_000 }, async () => {
    const folder = packageWith('average', written.slice(0, 1));
    const [chosen] = await rulesIn(folder);
    const book = new RuleBook();
    const standing = book.bind('standingRules', chosen?.standing ?? { rule: '' }).rule;
    const merge = (chosen?.merge ?? []).map((choice) => book.bind('mergeRules', choice).rule);
    let state: unknown;
    const paid = [1, 2, 2, 2].map((winner) => {
      state = standing.next(state, roundWonBy(winner)).state;
      const standings = new Map([[1, standing.shares(state, SEATS)]]);
      return mergeStandings({ standings, schedule: [{ id: 1, share: 1 }], seats: SEATS, ownerHotkey: null }, merge);
    });
    expect(paid.map((shares) => shares.map((share) => Number(share.toFixed(3))))).toEqual([
      [0, 1, 0],
      [0, 1, 0],
      [0, 0.81, 0.19],
      [0, 0.729, 0.271],
    ]);
    expect(sharesOf(await roundOf(folder))).toEqual([[2, 1]]);
  });

  it('with a burn: the owner gets a tenth', { timeout: 180_000 }, async () => {
    expect(sharesOf(await roundOf(packageWith('burned', written.slice(1, 2))))).toEqual([
      [0, 0.1],
      [2, 0.9],
    ]);
  });

  it('with a match rule of its own: it is held to its door, and judges', { timeout: 240_000 }, async () => {
    const folder = packageWith('majority', written.slice(2));
    const checked = await validator(['competition', 'check', '.', '--json'], { cwd: folder });
    expect(checked.code, checked.stdout).toBe(0);
    expect(checked.stdout).toContain('match rule majority');
    const events = await roundOf(folder);
    const rows = firstOf(events, 'round-finished')?.rows ?? [];
    expect(rows.find(({ uid }) => uid === 3)?.values).toMatchObject({ better: 0 });
    expect(rows.find(({ uid }) => uid === 2)?.values['better']).toBeGreaterThan(0.6 * 32);
    expect(sharesOf(events)).toEqual([[2, 1]]);
    execFileSync(process.execPath, ['--test', 'test/subnet.test.js'], { cwd: folder, stdio: 'pipe' });
  });
});

const SEATS = [0, 1, 2].map((uid) => ({ uid, hotkey: `hotkey-${uid}` }));
const dated = z.array(z.object({ standing: ruleChoice, merge: z.array(ruleChoice) }));

async function rulesIn(folder: string): Promise<z.infer<typeof dated>> {
  const module: unknown = await import(pathToFileURL(join(folder, 'dist', 'rules.js')).href);
  return z.object({ rules: dated }).parse(module).rules;
}

const roundWonBy = (winner: number): JudgedRound => ({
  contenders: SEATS.slice(1).map(({ uid, hotkey }) => ({
    uid,
    hotkey,
    block: uid,
    digest: hotkey,
    reference: { namespace: 'miner', name: hotkey, revision: '0'.repeat(40) },
    score: 2,
    record: { wins: Number(uid === winner), matches: 1, winRate: Number(uid === winner) },
  })),
  winner,
  seats: SEATS,
  block: 100,
});
