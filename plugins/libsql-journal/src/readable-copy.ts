import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TRIES = 5;

/** A copy of a journal and its write-ahead log in a folder that can be written to. */
export class ReadableCopy {
  private constructor(private readonly folder: string) {}

  get file(): string {
    return join(this.folder, 'journal.db');
  }

  /** @returns undefined where the files can't be read, or change during every copy */
  static of(file: string): ReadableCopy | undefined {
    const copy = new ReadableCopy(mkdtempSync(join(tmpdir(), 'assay-journal-')));
    try {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const before = stateOf(file);
        rmSync(`${copy.file}-wal`, { force: true });
        copyFileSync(file, copy.file);
        if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy.file}-wal`);
        if (stateOf(file) === before) return copy;
      }
    } catch {
      // The error of the first try to open the file says more.
    }
    copy.discard();
    return undefined;
  }

  discard(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Sizes and times of the journal and its log. */
function stateOf(file: string): string {
  return [file, `${file}-wal`]
    .map((path) => statSync(path, { throwIfNoEntry: false }))
    .map((found) => (found ? `${found.size} ${found.mtimeMs}` : 'absent'))
    .join();
}
