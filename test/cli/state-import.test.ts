import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { allOf, errorOf, eventsOf, validator, type Answer } from '../e2e/validator-process.js';
import { newFolder, newWorld, type World } from '../e2e/world.js';
import { STATES } from '../libs/python-pickle/files.js';

const STATE = join(STATES, '6.0');
let world: World;

/** `validator state import` into a data folder of its own. */
const imported = (folder: string, dataDir: string, ...flags: string[]): Promise<Answer> =>
  validator(['state', 'import', folder, '--config', world.config, '--data-dir', dataDir, '--json', ...flags]);

const report = ({ stdout }: Answer): unknown => JSON.parse(stdout);

/** A copy of the state with one file changed or gone. */
function changedState(file: string, change: ((bytes: Buffer) => Buffer) | 'gone'): string {
  const folder = join(newFolder(), 'vali-state');
  cpSync(STATE, folder, { recursive: true });
  const path = join(folder, file);
  if (change === 'gone') rmSync(path);
  else writeFileSync(path, change(readFileSync(path)));
  return folder;
}

beforeAll(async () => {
  world = newWorld();
  // The embedded network is made by the first command that is not read-only.
  await imported(STATE, newFolder());
}, 60_000);

describe('validator state import', () => {
  it('takes over standings, results and lists by hotkey, and says what it left', async () => {
    expect(report(await imported(STATE, newFolder()))).toMatchObject({
      dryRun: false,
      claims: 5,
      competitions: [
        { id: 1, name: 'demo-docs', holders: 2, weight: 0.9375, kept: 2, waiting: 1, results: 4 },
        { id: 2, name: 'demo-matches', holders: 1, weight: 0.5, kept: 1, waiting: 0, results: 4 },
      ],
      left: [
        { what: 'weights of competition 6' },
        { what: 'weight 0.0625 of uid 40 in competition 1' },
        { what: 'weight 0.500 of uid 4 in competition 2' },
        { what: '1 hotkeys' },
        { what: 'uid 40, kept in competition 1' },
        { what: 'uid 9, pending in competition 6' },
      ],
      assumed: [expect.stringContaining('Weights and lists name uids') as string],
    });
  });

  it('reads the files of 2024, in which a score is a loss', async () => {
    expect(report(await imported(join(STATES, '2024'), newFolder()))).toMatchObject({
      claims: 2,
      competitions: [
        { id: 1, holders: 1, weight: 1, kept: 1, results: 2 },
        { id: 2, holders: 0 },
      ],
    });
  });

  it('writes nothing in a dry run', async () => {
    const dataDir = join(newFolder(), 'data');
    expect(report(await imported(STATE, dataDir, '--dry-run'))).toMatchObject({ dryRun: true, claims: 5 });
    expect(existsSync(join(dataDir, 'journal.db'))).toBe(false);
  });

  it.each([
    ['model_tracker.pickle', 'each uid is taken for the hotkey that has it now', 3],
    ['competition_tracker.pickle', 'no standing is taken over', 0],
    ['uids.pickle', 'no model counts as kept', 2],
  ])('goes on without %s and says what that means', async (file, said, holders) => {
    const found = report(await imported(changedState(file, 'gone'), newFolder()));
    expect(found).toMatchObject({ competitions: [{ id: 1 }, { id: 2 }] });
    expect(JSON.stringify(found)).toContain(said);
    expect(found).toMatchObject({ competitions: [{ holders: file === 'model_tracker.pickle' ? 2 : holders }, {}] });
  });

  it.each([
    ['a folder without them', () => newFolder(), 'STATE_FOLDER_EMPTY'],
    [
      'a pickle that names a function',
      () => changedState('uids.pickle', () => Buffer.from('cos\nsystem\n(Vid\ntR.')),
      'PICKLE_GLOBAL_REFUSED',
    ],
    ['another shape', () => changedState('uids.pickle', () => Buffer.from('].].')), 'STATE_FILE_UNEXPECTED'],
    [
      'a file that is cut',
      () => changedState('model_tracker.pickle', (bytes) => bytes.subarray(0, 900)),
      'PICKLE_MALFORMED',
    ],
    ['weights that are no shares', () => changedState('competition_tracker.pickle', heavier), 'STATE_FILE_UNEXPECTED'],
    ['a folder in the place of a file', () => withFolder(), 'STATE_FILE_UNREADABLE'],
  ])('refuses %s', async (_what, folder, code) => {
    const dataDir = join(newFolder(), 'data');
    const answer = await imported(folder(), dataDir);
    expect(errorOf(answer)).toMatchObject({ code, fault: 'config' });
    expect(answer.code).toBe(2);
    expect(existsSync(join(dataDir, 'journal.db'))).toBe(false);
  });
});

/** The legacy format has no checksums: the weight of the only holder becomes 2. */
function heavier(): Buffer {
  const file = readFileSync(join(STATES, '2024', 'competition_tracker.pickle'));
  const [one, two] = [Buffer.alloc(4), Buffer.alloc(4)];
  one.writeFloatLE(1);
  two.writeFloatLE(2);
  const place = file.lastIndexOf(one);
  return Buffer.concat([file.subarray(0, place), two, file.subarray(place + 4)]);
}

function withFolder(): string {
  const folder = changedState('uids.pickle', 'gone');
  mkdirSync(join(folder, 'uids.pickle'));
  return folder;
}

describe('a run after an import', () => {
  it(
    'goes on from the standing, looks at what plays, and leaves alone what has lost',
    { timeout: 180_000 },
    async () => {
      const dataDir = join(newFolder(), 'data');
      const run = ['run', '--once', '--json', '--config', world.config, '--data-dir'];
      await imported(STATE, dataDir);
      const { stdout, code } = await validator([...run, dataDir]);
      expect(code).toBe(0);
      const events = eventsOf(stdout);
      const looked = new Set(allOf(events, 'model-checked').map(({ uid }) => uid));
      expect([...looked]).toEqual(expect.arrayContaining([2, 8, 9]));
      expect(looked.has(12)).toBe(false);
      expect(looked.has(13)).toBe(false);
      const [first] = allOf(events, 'round-finished');
      expect(first).toMatchObject({ void: null, competition: { id: 1 } });
      // 0.5 of the imported average and 0.5 of the round, which uid 2 wins.
      const [weights] = allOf(events, 'weights-set');
      const standings = new Map(weights?.weights.map(({ uid, from }) => [uid, from.map(({ standing }) => standing)]));
      expect(standings.get(2)?.[0]).toBeCloseTo(0.5 * 0.75 + 0.5, 6);
      expect(standings.get(8)?.[0]).toBeCloseTo(0.5 * 0.1875, 6);

      // What has rounds takes no other state, and loses nothing by the try.
      expect(errorOf(await imported(STATE, dataDir))).toMatchObject({ code: 'STATE_NOT_EMPTY' });
      expect(errorOf(await imported(STATE, dataDir, '--dry-run'))).toMatchObject({ code: 'STATE_NOT_EMPTY' });

      // A data folder that is copied while nothing runs is the same validator elsewhere.
      const copy = join(newFolder(), 'copy');
      cpSync(dataDir, copy, { recursive: true });
      const verified = await validator(['journal', 'verify', '--json', '--config', world.config, '--data-dir', copy]);
      expect(JSON.parse(verified.stdout)).toMatchObject({ intact: true, counts: { round: 2 } });
      const again = await validator([...run, copy]);
      const [started] = allOf(eventsOf(again.stdout), 'run-started');
      expect(started).toMatchObject({ recordedRounds: 2 });
      // One whose claim had to rest in the first run may be fetched now.
      const held = new Set(
        allOf(events, 'model-checked').flatMap(({ uid, status }) => (status === 'verified' ? uid : [])),
      );
      expect(allOf(eventsOf(again.stdout), 'download-progress').filter(({ uid }) => held.has(uid))).toEqual([]);
      expect(held.size).toBeGreaterThan(2);
    },
  );
});
