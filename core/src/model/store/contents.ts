import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isShortage, sha256OfFile } from '../files-intact.js';
import { errnoOf } from './disk-guard.js';
import { statIfAny, syncFolder } from './folder-contents.js';
import { Wanted } from './wanted.js';

/** Errors that say that the file system makes no link here: it has none, there are too many, or two devices are involved. */
const NO_LINK = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);
const NAME = /^[0-9a-f]{64}$/;

/** A content that no model has. */
interface LooseContent {
  sha256: string;
  size: number;
  /** Milliseconds since 1970 at which a name of it was last made or removed. */
  changedMs: number;
}

/** File contents by their sha256, each once. A model has names of its own for them: hard links, or copies where there are none. */
export class Contents {
  /** What the file system said of contents when they were last hashed by this process. */
  readonly #sound = new Map<string, string>();
  /** Digests of contents that fetches of this process are about to use. */
  readonly #wanted = new Wanted();

  constructor(private readonly directory: string) {}

  async prepare(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
  }

  /**
   * Whether the content is here, and of this size: what a source says of its size is not believed. It is hashed unless
   * this process has done so and nothing has written to it since; one whose bytes have changed on disk is removed, so that
   * it spreads no further.
   */
  async has(sha256: string, size: number, signal: AbortSignal): Promise<boolean> {
    const path = this.#path(sha256);
    const state = await this.#stateOf(path);
    if (state === undefined) return false;
    if (this.#sound.get(sha256) !== state) {
      if ((await digestIfReadable(path, signal)) !== sha256) {
        await this.#remove(sha256);
        return false;
      }
      this.#sound.set(sha256, state);
    }
    return state.endsWith(` ${size}`);
  }

  /** Says that bytes of this content were found to be wrong: it is hashed before it is used again. */
  doubt(sha256: string): void {
    this.#sound.delete(sha256);
  }

  /** Says that these contents are about to be used: they are not dropped. @returns takes it back */
  want(digests: readonly string[]): () => void {
    return this.#wanted.add(digests);
  }

  /** Takes in a file that has been hashed and is on disk; it has no other name afterwards. */
  async adopt(file: string, sha256: string, size: number, signal: AbortSignal): Promise<void> {
    if (await this.has(sha256, size, signal)) {
      await rm(file, { force: true });
      return;
    }
    const path = this.#path(sha256);
    await moved(file, path);
    const state = await this.#stateOf(path);
    if (state !== undefined) this.#sound.set(sha256, state);
  }

  /** Gives the content one more name. @returns false where it is gone */
  async linkTo(sha256: string, target: string): Promise<boolean> {
    try {
      await link(this.#path(sha256), target);
      return true;
    } catch (error) {
      const code = errnoOf(error) ?? '';
      if (code === 'ENOENT') return false;
      if (!NO_LINK.has(code)) throw error;
      return this.#copyTo(sha256, target);
    }
  }

  /** Contents without another name. */
  async loose(): Promise<LooseContent[]> {
    const found: LooseContent[] = [];
    for (const sha256 of await this.names()) {
      try {
        const { nlink, size, ctimeMs } = await stat(this.#path(sha256));
        if (nlink <= 1) found.push({ sha256, size, changedMs: ctimeMs });
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
    return found;
  }

  async names(): Promise<string[]> {
    return (await readdir(this.directory)).filter((name) => NAME.test(name));
  }

  /** Removes a content that no model has and no fetch of this process wants. @returns whether it is gone */
  async dropIfLoose(sha256: string): Promise<boolean> {
    const facts = await statIfAny(this.#path(sha256));
    if (!facts || facts.nlink > 1 || this.#wanted.has(sha256)) return false;
    await this.#remove(sha256);
    return true;
  }

  async sync(): Promise<void> {
    await syncFolder(this.directory);
  }

  /** A copy that shares blocks where the file system can. */
  async #copyTo(sha256: string, target: string): Promise<boolean> {
    try {
      await copyFile(this.#path(sha256), target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      await chmod(target, 0o444);
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async #remove(sha256: string): Promise<void> {
    this.#sound.delete(sha256);
    await rm(this.#path(sha256), { force: true });
  }

  /** Equal as long as nothing replaces the file or writes to it; ends with its size. */
  async #stateOf(path: string): Promise<string | undefined> {
    const facts = await statIfAny(path);
    return facts && `${facts.inode} ${facts.mtimeMs} ${facts.size}`;
  }

  #path(sha256: string): string {
    return join(this.directory, sha256);
  }
}

/** Hex sha256; empty where the disk does not give the bytes. */
async function digestIfReadable(path: string, signal: AbortSignal): Promise<string> {
  try {
    return await sha256OfFile(path, signal);
  } catch (error) {
    if (signal.aborted || isShortage(error)) throw error;
    return '';
  }
}

/** A rename, also to another device. */
async function moved(file: string, target: string): Promise<void> {
  try {
    await rename(file, target);
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
    const draft = `${target}.${randomUUID()}`;
    try {
      await copyFile(file, draft);
      await syncFolder(draft);
      await rename(draft, target);
    } catch (cause) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw cause;
    }
    await rm(file, { force: true });
  }
}
