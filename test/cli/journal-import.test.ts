import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorOf, validator, type Answer } from '../e2e/validator-process.js';
import { newFolder, newWorld, type World } from '../e2e/world.js';

let world: World;
/** The whole journal of a validator that has judged once. */
let journal: string;

const imported = (file: string, dataDir: string, ...flags: string[]): Promise<Answer> =>
  validator(['state', 'import', file, '--config', world.config, '--data-dir', dataDir, '--json', ...flags]);

/** A journal with its lines changed. */
function changed(change: (lines: string[]) => string[]): string {
  const file = join(newFolder(), 'journal.jsonl');
  const lines = readFileSync(journal, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  writeFileSync(file, `${change(lines).join('\n')}\n`);
  return file;
}

beforeAll(async () => {
  world = newWorld();
  await validator(['run', '--once', '--config', world.config]);
  journal = join(newFolder(), 'journal.jsonl');
  await validator(['journal', 'export', '--all', '-o', journal, '--config', world.config]);
}, 180_000);

describe('validator state import, of the journal of another validator', () => {
  it('takes over the newest standings, and puts on record where they are from', async () => {
    const dataDir = newFolder();
    const dry = await imported(journal, dataDir, '--dry-run');
    expect(JSON.parse(dry.stdout)).toMatchObject({
      dryRun: true,
      rounds: 2,
      competitions: [
        { id: 1, name: 'demo-docs', standing: 'softmax-average', entrants: 'pool', marks: 0 },
        { id: 2, name: 'demo-matches', standing: 'softmax-average' },
      ],
      unchecked: ['The losses are those that the other validator has computed.'],
    });
    expect(existsSync(join(dataDir, 'journal.db'))).toBe(false);
    expect((await imported(journal, dataDir)).code).toBe(0);
    const listed = await validator([
      'journal',
      'ls',
      '--type',
      'history',
      '--config',
      world.config,
      '--data-dir',
      dataDir,
      '--json',
    ]);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      histories: [
        { number: 2, competition: 'demo-matches', source: 'journal' },
        { number: 1, competition: 'demo-docs', source: 'journal' },
      ],
    });
    const verified = await validator(['journal', 'verify', '--config', world.config, '--data-dir', dataDir, '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ intact: true, counts: { history: 2 } });
    // The same file finishes what a kill has cut off; another history is refused.
    expect((await imported(journal, dataDir)).code).toBe(0);
    const shorter = changed((lines) => lines.slice(0, -1));
    expect(errorOf(await imported(shorter, dataDir))).toMatchObject({ code: 'STATE_NOT_EMPTY' });
  });

  it('names what it could not check', async () => {
    const without = join(newFolder(), 'small.jsonl');
    await validator(['journal', 'export', '--all', '--without-attachments', '-o', without, '--config', world.config]);
    expect(JSON.parse((await imported(without, newFolder(), '--dry-run')).stdout)).toMatchObject({
      unchecked: [expect.any(String), 'Records without their losses: round 1, round 2.'],
    });
    const gap = changed((lines) => lines.slice(2));
    expect(JSON.parse((await imported(gap, newFolder(), '--dry-run')).stdout)).toMatchObject({
      unchecked: [expect.any(String), 'Records are missing at 1 to 2 of the chain.'],
    });
  });

  it.each([
    [
      'a verdict that does not follow',
      (line: string) => line.replace(/"score":\d/, '"score":9'),
      'JOURNAL_EXPORT_TAMPERED',
    ],
    [
      'another signature',
      (line: string) => line.replace(/"signature":"0x../, '"signature":"0xff'),
      'JOURNAL_EXPORT_SIGNATURE',
    ],
    ['something that is no record', () => '{"format":"assay-round"}', 'JOURNAL_EXPORT_MALFORMED'],
  ])('refuses %s', async (_what, change, code) => {
    const file = changed((lines) => lines.map(change));
    const answer = await imported(file, newFolder());
    expect([answer.code, errorOf(answer)]).toMatchObject([2, { code }]);
  });

  it('of a subnet that is not judged here takes nothing, and says so', async () => {
    const answer = await imported(journal, newFolder(), '--netuid', '77');
    expect(errorOf(answer)).toMatchObject({
      code: 'FOREIGN_JOURNAL',
      message: expect.stringMatching(/netuid/) as string,
    });
  });
});

it('validator journal export wants a number or --all, and not both', async () => {
  for (const args of [[], ['1', '--all']]) {
    const answer = await validator(['journal', 'export', ...args, '--config', world.config, '--json']);
    expect(errorOf(answer)).toMatchObject({ code: 'EXPORT_UNNAMED' });
  }
});
