import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll } from 'vitest';

export const WRITER = join(import.meta.dirname, 'journal-writer.mjs');

const folders: string[] = [];

/** Gone when the file's tests are through. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-journal-'));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

interface Writer {
  process: ChildProcess;
  /** Lines printed so far, without `ready`. */
  lines: string[];
  /** Resolves once it has acknowledged this many commits. */
  acknowledged(count: number): Promise<void>;
  /** kill -9, and what it had acknowledged last. */
  kill(): Promise<number>;
}

/** Resolves when the child holds the journal. */
export async function startWriter(folder: string, ...what: ['commit' | 'hold'] | ['die', string]): Promise<Writer> {
  const child = spawn(process.execPath, [WRITER, folder, ...what], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const ended = once(reader, 'close');
  await once(reader, 'line');
  reader.on('line', (line) => lines.push(line));
  return {
    process: child,
    lines,
    async acknowledged(count) {
      while (lines.length < count) await once(reader, 'line');
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
      return Number(lines.at(-1) ?? 0);
    },
  };
}
