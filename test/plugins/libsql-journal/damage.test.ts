import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { digestOf, partDigest } from '@assay/core/journal/hash';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { openJournal } from '@assay/plugin-libsql-journal';
import Database from 'libsql';
import { z } from 'zod';
import { beforeAll, describe, expect, it } from 'vitest';
import { newFolder } from './processes.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const TABLES = ['standings', 'history', 'models', 'contenders', 'weights'];
const coded = (code: string): unknown => expect.objectContaining({ code });

/** A journal of some rounds and rows, closed, so that everything is in one file. */
async function filled(folder: string, rounds = 6): Promise<string> {
  const journal = openJournal({ folder, mode: 'write' });
  for (let round = 1; round <= rounds; round += 1) {
    const content = Buffer.from(`losses ${round} `.repeat(200));
    const value = { limits: 'the same '.repeat(50) };
    await journal.commit({
      append: {
        entry: { round, text: `entry ${round} `.repeat(400), losses: digestOf(content), limits: partDigest(value) },
        attachments: [{ digest: digestOf(content), content }],
        parts: [{ digest: partDigest(value), value }],
      },
      put: TABLES.flatMap((table) =>
        [0, 1, 2].map((key) => ({ table, key: `${key}`, value: { of: `${table}/${key}`, round } })),
      ),
    });
  }
  await journal.close();
  return join(folder, 'journal.db');
}

function edit(file: string, sql: string): void {
  const database = new Database(file);
  database.exec(sql);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

describe('a derived row', () => {
  it.each([
    ['of another value', `UPDATE derived SET value = replace(value, '6', '5') WHERE name = 'standings' AND key = '1'`],
    ['under another key', `UPDATE derived SET key = '7' WHERE name = 'standings' AND key = '1'`],
    [
      'of bytes that are no text',
      `UPDATE derived SET value = CAST(x'22ff22' AS TEXT) WHERE name = 'standings' AND key = '1'`,
    ],
    ['that is gone', `DELETE FROM derived WHERE name = 'standings' AND key = '1'`],
    ['without a checksum', `UPDATE derived SET checksum = NULL WHERE name = 'standings' AND key = '1'`],
  ])('%s is found and dropped, and the others stay', async (_what, sql) => {
    const folder = newFolder();
    edit(await filled(folder), sql);
    const journal = openJournal({ folder, mode: 'write' });
    expect(await journal.dropDamaged()).toEqual(['standings']);
    expect(journal.entries('standings').map(({ key }) => key)).toEqual(['0', '2']);
    expect(journal.get('standings', '1')).toBeUndefined();
    expect(journal.entries('history')).toHaveLength(3);
    expect(await journal.dropDamaged()).toEqual([]);
    await journal.commit({ put: [{ table: 'standings', key: '1', value: 1 }] });
    expect(await journal.dropDamaged()).toEqual([]);
    await journal.close();
  });

  it('that is damaged is never read', async () => {
    const folder = newFolder();
    edit(await filled(folder), `UPDATE derived SET value = replace(value, '6', '5') WHERE name = 'history'`);
    const journal = openJournal({ folder, mode: 'write' });
    expect(() => journal.get('history', '1')).toThrow(coded('JOURNAL_ROW_DAMAGED'));
    expect(() => journal.entries('history')).toThrow(coded('JOURNAL_ROW_DAMAGED'));
    await journal.close();
  });
});

it('a journal of the first schema gets its checksums', async () => {
  const folder = newFolder();
  const file = await filled(folder);
  edit(
    file,
    `DROP TABLE attachments; DROP TABLE parts; DROP INDEX records_by_type; DROP INDEX records_once;
     ALTER TABLE records DROP COLUMN type; ALTER TABLE records DROP COLUMN ordinal; ALTER TABLE records DROP COLUMN once;
     DROP TABLE seals; ALTER TABLE derived DROP COLUMN checksum; PRAGMA user_version = 1`,
  );
  const journal = openJournal({ folder, mode: 'write' });
  expect(await journal.dropDamaged()).toEqual([]);
  expect(journal.entries('standings')).toHaveLength(3);
  await journal.close();
});

describe('a journal', () => {
  it.each([
    [
      'deleted',
      (file: string) => {
        rmSync(file);
      },
    ],
    [
      'cut to nothing',
      (file: string) => {
        truncateSync(file);
      },
    ],
  ])('that was %s does not start as a new one', async (_how, damage) => {
    const folder = newFolder();
    damage(await filled(folder));
    expect(() => openJournal({ folder, mode: 'write' })).toThrow(coded('JOURNAL_LOST'));
    expect(() => openJournal({ folder, mode: 'write' })).toThrow(coded('JOURNAL_LOST'));
    rmSync(join(folder, 'lock.json'));
    const journal = openJournal({ folder, mode: 'write' });
    expect(journal.head()).toBeUndefined();
    await journal.close();
  });

  it('whose write-ahead log was cut is not taken for the newest', async () => {
    const folder = newFolder();
    const file = await filled(folder, 2);
    const older = readFileSync(file);
    const journal = openJournal({ folder, mode: 'write' });
    await journal.commit({ append: { entry: 3 } });
    await journal.close();
    for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
    writeFileSync(file, older);
    expect(() => openJournal({ folder, mode: 'write' })).toThrow(
      expect.objectContaining({
        code: 'JOURNAL_BEHIND',
        payload: expect.objectContaining({ rounds: 2, recorded: 3 }) as unknown,
      }),
    );
  });

  it('that lost its newest records says so', async () => {
    const folder = newFolder();
    edit(await filled(folder), 'DROP TRIGGER records_are_never_deleted; DELETE FROM records WHERE number > 4');
    expect(() => openJournal({ folder, mode: 'write' })).toThrow(coded('JOURNAL_DAMAGED'));
  });

  it('beside a lock that is no database names the file to delete', async () => {
    const folder = newFolder();
    await filled(folder);
    writeFileSync(join(folder, 'lock.db'), 'x'.repeat(5000));
    expect(() => openJournal({ folder, mode: 'write' })).toThrow(coded('LOCK_DAMAGED'));
  });
});

/** Reads everything of journals as a validator does, and prints a line about each. */
const READER = `
  import { openJournal } from '@assay/plugin-libsql-journal';
  import { assertChain } from '@assay/core/journal/verify-chain';
  for (const folder of process.argv.slice(1)) {
    let answer;
    try {
      const journal = openJournal({ folder, mode: 'write' });
      try {
        const mended = await journal.dropDamaged();
        const rows = ${JSON.stringify(TABLES)}.map((table) => journal.entries(table));
        assertChain(journal);
        const contents = [...journal.chain()].flatMap(({ entry: { losses, limits } }) => [
          Buffer.from(journal.attachment(losses) ?? '').toString(),
          journal.part(limits) ?? null,
        ]);
        answer = { mended, rows, contents, head: journal.head() };
        await journal.commit({ append: { entry: 'next' }, put: [{ table: 'standings', key: '0', value: 1 }] });
      } finally {
        await journal.close();
      }
    } catch (error) {
      answer = { code: error.code ?? 'none', message: String(error.stack), hint: error.hint };
    }
    console.log(JSON.stringify(answer));
  }
`;

const said = z.looseObject({
  code: z.string().optional(),
  hint: z.string().optional(),
  mended: z.array(z.string()).optional(),
  rows: z.array(z.array(z.object({ key: z.string(), value: z.unknown() }))).optional(),
  contents: z.array(z.unknown()).optional(),
  head: z.looseObject({ number: z.number() }).optional(),
});
type Said = z.infer<typeof said>;

/** What a process of its own says of each folder; it must live to the end. */
function read(folders: readonly string[]): Said[] {
  const { stdout, stderr, signal, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', READER, ...folders],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  );
  const lines = stdout.split('\n').filter((line) => line !== '');
  expect({ signal, status, stderr, lines: lines.length }).toEqual({
    signal: null,
    status: 0,
    stderr: '',
    lines: folders.length,
  });
  return lines.map((line) => said.parse(JSON.parse(line)));
}

describe('bytes that a disk changed', () => {
  const SEED = 20261126n;
  let source: string;
  let before: Said | undefined;

  beforeAll(async () => {
    source = newFolder();
    await filled(source);
    const whole = newFolder();
    copyFolder(source, whole);
    [before] = read([whole]);
    expect(before?.rows?.map((rows) => rows.length)).toEqual([3, 3, 3, 3, 3]);
  });

  function copyFolder(from: string, to: string): string {
    mkdirSync(to, { recursive: true });
    for (const name of ['journal.db', 'lock.json', 'lock.db'])
      if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
    return join(to, 'journal.db');
  }

  /** Either a coded error, or exactly what was there, less the tables that are said to be mended. */
  function requireHonest(after: Said, what: string): void {
    const context = `${what}: ${JSON.stringify(after).slice(0, 500)}`;
    if (after.code !== undefined) {
      expect(after.code, context).toMatch(/^(JOURNAL|LOCK|DATA)_/);
      expect(after.hint?.length, context).toBeGreaterThan(10);
      return;
    }
    expect(after.head, context).toEqual(before?.head);
    requireHonestContents(after.contents ?? [], context);
    for (const [index, table] of TABLES.entries())
      if (after.mended?.includes(table) !== true) expect(after.rows?.[index], context).toEqual(before?.rows?.[index]);
  }

  /** Damage of the table's index may hide a content, which then counts as dropped; what is read is as it was written. */
  function requireHonestContents(contents: readonly unknown[], context: string): void {
    expect(contents, context).toHaveLength(before?.contents?.length ?? 0);
    for (const [index, content] of contents.entries())
      if (content !== '' && content !== null) expect(content, context).toEqual(before?.contents?.[index]);
  }

  it('end in a coded error or change nothing, wherever they are', { timeout: 180_000 }, () => {
    const random = new PythonRandom(SEED);
    const size = statSync(join(source, 'journal.db')).size;
    const damages = Array.from({ length: 150 }, (_none, count) => {
      const file = copyFolder(source, newFolder());
      const bytes = readFileSync(file);
      const at = Math.floor(random.random() * size);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.random() * 8));
      if (count % 3 === 0) bytes.fill(0xff, at, at + 1 + Math.floor(random.random() * 64));
      writeFileSync(file, bytes);
      return { folder: join(file, '..'), at };
    });
    for (const [index, answer] of read(damages.map(({ folder }) => folder)).entries())
      requireHonest(answer, `byte ${damages[index]?.at}`);
  });

  it('that are missing at the end are missed', { timeout: 180_000 }, () => {
    const random = new PythonRandom(SEED);
    const size = statSync(join(source, 'journal.db')).size;
    const cuts = [1, 16, 100, 511, 512, 4095, 4096, 4097, 8192, size - 4096, size - 1];
    const lengths = [...cuts, ...Array.from({ length: 20 }, () => Math.floor(random.random() * size))];
    const folders = lengths.map((length) => {
      const file = copyFolder(source, newFolder());
      truncateSync(file, length);
      return join(file, '..');
    });
    for (const [index, answer] of read(folders).entries()) {
      requireHonest(answer, `${lengths[index]} bytes`);
      expect(answer.code, `${lengths[index]} bytes`).toBeDefined();
    }
  });
});
