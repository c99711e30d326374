import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@assay/core/contracts/logger';
import { abortError, messageOf } from '@assay/core/errors/describe';
import type { ExclusiveFile } from '@assay/lib-libsql/exclusive-file';
import { z } from 'zod';
import { submitErrors } from './errors.js';

/** What is added to the name of the key's file or of the signer's socket. */
const SUFFIX = '.assay-lock';
/** Milliseconds between two looks at a lock that another process holds, and between two lines of the log about it. */
const LOOK_EVERY = 100;
const SAY_EVERY = 10_000;

const note = z.object({ pid: z.number().int().positive() });

/**
 * Lets one process at a time choose a nonce of a hotkey. The lock lies beside the hotkey's file or the signer's socket, so
 * that every process which signs with it meets it there; where that folder can't be written it lies in a folder of the user
 * below the temporary directory. A file beside the lock names the process that holds it.
 */
export class HotkeyLock {
  readonly #beside: string;

  /** @param beside path of the key's file, or of the signer's socket */
  constructor(
    beside: string,
    private readonly log: Log,
  ) {
    this.#beside = realPath(beside);
  }

  /** Runs `work` while no other process and no other call here holds the lock. @throws ABORTED, LOCK_UNUSABLE */
  async hold<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { file, path } = await this.#open();
    try {
      await this.#take(file, path, signal);
      return await work();
    } finally {
      file.close();
    }
  }

  async #take(file: ExclusiveFile, path: string, signal: AbortSignal): Promise<void> {
    let saidAt = -Infinity;
    while (!isTaken(file, path)) {
      if (performance.now() - saidAt > SAY_EVERY) {
        saidAt = performance.now();
        this.log('info', 'another process sends with this hotkey, and is waited for', { path, pid: holderOf(path) });
      }
      await sleep(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw abortError();
    }
    if (signal.aborted) throw abortError();
    leaveNote(path);
  }

  async #open(): Promise<{ file: ExclusiveFile; path: string }> {
    // The driver is native code, which a command that sends nothing does not load.
    const { ExclusiveFile } = await import('@assay/lib-libsql/exclusive-file');
    const path = `${this.#beside}${SUFFIX}`;
    try {
      return { file: ExclusiveFile.open(path), path };
    } catch (error) {
      const elsewhere = this.#elsewhere();
      this.log('debug', 'the lock lies in the temporary directory', { path: elsewhere, reason: messageOf(error) });
      try {
        return { file: ExclusiveFile.open(elsewhere), path: elsewhere };
      } catch (second) {
        throw unusable(elsewhere, second);
      }
    }
  }

  /** The lock's path below the temporary directory. @throws LOCK_UNUSABLE where the folder belongs to somebody else */
  #elsewhere(): string {
    const folder = join(tmpdir(), `assay-${userInfo().uid}`);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const stats = lstatSync(folder);
      if (!stats.isDirectory() || stats.uid !== userInfo().uid || (stats.mode & 0o022) !== 0)
        throw new Error('the folder does not belong to this user alone');
    } catch (error) {
      throw unusable(folder, error);
    }
    const digest = createHash('sha256').update(this.#beside).digest('hex').slice(0, 16);
    return join(folder, `${basename(this.#beside)}-${digest}${SUFFIX}`);
  }
}

/** Two paths to one key, by a symbolic link, have one lock. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isTaken(file: ExclusiveFile, path: string): boolean {
  try {
    return file.take();
  } catch (error) {
    throw unusable(path, error);
  }
}

const unusable = (path: string, error: unknown): Error =>
  submitErrors.LOCK_UNUSABLE({ path, reason: messageOf(error) }, error);

/** For people only: a holder that can't write it still holds the lock. */
function leaveNote(path: string): void {
  try {
    writeFileSync(`${path}.json.${process.pid}`, `${JSON.stringify({ pid: process.pid })}\n`);
    renameSync(`${path}.json.${process.pid}`, `${path}.json`);
  } catch {
    return;
  }
}

/** The process that holds the lock; undefined where its note is missing or torn. */
function holderOf(path: string): number | undefined {
  try {
    return note.parse(JSON.parse(readFileSync(`${path}.json`, 'utf8'))).pid;
  } catch {
    return undefined;
  }
}
