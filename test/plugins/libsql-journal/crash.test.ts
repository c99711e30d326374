import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RoundJournal } from '@assay/core/contracts/round-journal';
import { assertChain } from '@assay/core/journal/verify-chain';
import { openJournal } from '@assay/plugin-libsql-journal';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { newFolder, startWriter, WRITER } from './processes.js';

describe('kill -9', () => {
  it('loses nothing that was acknowledged, tears nothing, and leaves no lock behind', async () => {
    const folder = newFolder();
    for (const commits of [1, 3, 10, 25, 40]) {
      const writer = await startWriter(folder, 'commit');
      await writer.acknowledged(commits);
      const acknowledged = await writer.kill();

      const journal = openJournal({ folder, mode: 'write' });
      const { records } = assertChain(journal);
      requireContents(journal);
      // The one commit that was under way may have made it.
      expect(records - acknowledged).toBeOneOf([0, 1]);
      // Record and tables are one change.
      expect(journal.get('last', 'number')).toBe(records);
      await journal.close();
    }
  });
});

describe('kill -9 after each statement of a commit', () => {
  // BEGIN, the attachment, the part, the record, its seal, the row, the seal of the table, COMMIT.
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i leaves a record with its attachments or none', async (statement) => {
    const folder = newFolder();
    const first = openJournal({ folder, mode: 'write' });
    await first.commit({ append: { entry: 0 } });
    await first.close();
    const writer = await startWriter(folder, 'die', String(statement));
    const [code, signal] = (await once(writer.process, 'exit')) as [number | null, string | null];
    expect([code, signal]).toEqual([null, 'SIGKILL']);
    const journal = openJournal({ folder, mode: 'write' });
    expect(assertChain(journal).records).toBe(statement === 8 ? 2 : 1);
    expect(requireContents(journal)).toBe(statement === 8 ? 1 : 0);
    expect(journal.get('last', 'number')).toBe(statement === 8 ? 2 : undefined);
    await journal.close();
  });
});

/** Every record has what it names. @returns how many records name something */
function requireContents(journal: RoundJournal): number {
  const named = [...journal.chain()].flatMap(
    ({ entry }) => z.object({ losses: z.string(), limits: z.string() }).safeParse(entry).data ?? [],
  );
  for (const { losses, limits } of named) {
    expect(journal.attachment(losses)).toBeDefined();
    expect(journal.part(limits)).toBeDefined();
  }
  return named.length;
}

describe('the lock of the data folder', () => {
  it('keeps a second writer out while the first lives, and lets it in after kill -9', async () => {
    const folder = newFolder();
    const first = await startWriter(folder, 'hold');
    const second = (): unknown => openJournal({ folder, mode: 'write' });
    expect(second).toThrow(expect.objectContaining({ code: 'DATA_FOLDER_LOCKED', fault: 'config' }));
    expect(second).toThrow(
      expect.objectContaining({ message: expect.stringContaining(`process ${first.process.pid}`) as string }),
    );
    expect(second).toThrow(expect.objectContaining({ hint: expect.stringContaining(folder) as string }));
    await first.kill();
    const journal = openJournal({ folder, mode: 'write' });
    await expect(journal.commit({ append: { entry: 1 } })).resolves.toMatchObject({ number: 1 });
    await journal.close();
  });

  it('is not lost when a refused writer of the same process goes away', async () => {
    const folder = newFolder();
    const journal = openJournal({ folder, mode: 'write' });
    expect(() => openJournal({ folder, mode: 'write' })).toThrow('Another validator');
    await expect(exitCodeOfSecondWriter(folder)).resolves.toBe(1);
    await journal.close();
    await (await startWriter(folder, 'hold')).kill();
  });

  it('does not concern readers, who see each commit as it is made', async () => {
    const folder = newFolder();
    const writer = await startWriter(folder, 'commit');
    await writer.acknowledged(2);
    const reader = openJournal({ folder, mode: 'read' });
    const before = reader.head()?.number ?? 0;
    expect(before).toBeGreaterThanOrEqual(2);
    await writer.acknowledged(writer.lines.length + 3);
    expect(reader.head()?.number).toBeGreaterThan(before);
    await expect(reader.commit({ append: { entry: 1 } })).rejects.toMatchObject({ code: 'JOURNAL_READ_ONLY' });
    const acknowledged = await writer.kill();
    expect(assertChain(reader).records).toBeGreaterThanOrEqual(acknowledged);
    await reader.close();
  });
});

async function exitCodeOfSecondWriter(folder: string): Promise<number | null> {
  const child = spawn(process.execPath, [WRITER, folder, 'hold'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.exitCode;
}
