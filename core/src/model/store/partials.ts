import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_SOURCE, repoName, type ModelReference, type RepoFile } from '../../contracts/model.js';
import { isAbsence, statIfAny } from './folder-contents.js';
import { isOfLivingProcess, PROCESS_NAME } from './process-name.js';

/** Owner of a partial file that no transfer works at. */
const FREE = 'free';

/** A partial file that no living process works at. */
interface LeftPartial {
  path: string;
  /** Bytes on disk. */
  size: number;
  /** Milliseconds since 1970. */
  changedMs: number;
}

/**
 * Files that are being received: one for each content, named after it and after the process that works at it. Taking one
 * over is a rename, which one process alone succeeds in.
 */
export class Partials {
  readonly #owner = `${PROCESS_NAME}.${randomUUID()}`;
  /** Contents that this process is about to receive, by key, and for how many fetches. */
  readonly #wanted = new Map<string, number>();

  constructor(private readonly directory: string) {}

  async prepare(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
  }

  /**
   * Name of the content that a file will have: its digest where the source states it, so that one transfer serves every
   * repo that has it.
   */
  keyOf(reference: ModelReference, { path, size, sha256, gitOid }: RepoFile): string {
    if (sha256 !== undefined) return sha256;
    const { source = DEFAULT_SOURCE, revision } = reference;
    const named = [source, repoName(reference), revision, path, size, gitOid ?? ''];
    return createHash('sha256').update(JSON.stringify(named)).digest('hex');
  }

  /** The file in which this process may receive the content, or undefined while another one receives it. */
  async take(key: string): Promise<string | undefined> {
    const mine = join(this.directory, `${key}.${this.#owner}`);
    for (;;) {
      const owners = (await readdir(this.directory)).flatMap((name) =>
        name.startsWith(`${key}.`) ? [name.slice(key.length + 1)] : [],
      );
      if (owners.some((owner) => isOfLivingProcess(owner))) return undefined;
      const [left] = owners;
      if (left === undefined) return mine;
      if (await this.#renamed(join(this.directory, `${key}.${left}`), mine)) return mine;
    }
  }

  /** Leaves a partial file to the next who wants it. */
  async release(key: string): Promise<void> {
    await this.#renamed(join(this.directory, `${key}.${this.#owner}`), join(this.directory, `${key}.${FREE}`));
  }

  /** Removes the partial file of a transfer of this process. */
  async remove(key: string): Promise<void> {
    await rm(join(this.directory, `${key}.${this.#owner}`), { force: true });
  }

  isWanted(key: string): boolean {
    return this.#wanted.has(key);
  }

  /** Says that these contents are about to be received. @returns takes it back */
  want(keys: readonly string[]): () => void {
    for (const key of keys) this.#wanted.set(key, (this.#wanted.get(key) ?? 0) + 1);
    return () => {
      for (const key of keys) {
        const left = (this.#wanted.get(key) ?? 1) - 1;
        if (left > 0) this.#wanted.set(key, left);
        else this.#wanted.delete(key);
      }
    };
  }

  /** Partial files that no living process works at and this process does not want. */
  async left(): Promise<LeftPartial[]> {
    const found: LeftPartial[] = [];
    for (const name of await readdir(this.directory)) {
      const key = name.slice(0, name.indexOf('.'));
      if (isOfLivingProcess(name.slice(key.length + 1)) || this.#wanted.has(key)) continue;
      const path = join(this.directory, name);
      const facts = await statIfAny(path);
      if (facts) found.push({ path, size: Math.min(facts.size, facts.onDisk), changedMs: facts.mtimeMs });
    }
    return found;
  }

  /** Bytes on disk of all partial files, those that this process wants among them or not. */
  async bytes({ wanted }: { wanted: boolean }): Promise<number> {
    let sum = 0;
    for (const name of await readdir(this.directory)) {
      if (!wanted && this.#wanted.has(name.slice(0, name.indexOf('.')))) continue;
      const facts = await statIfAny(join(this.directory, name));
      if (facts) sum += Math.min(facts.size, facts.onDisk);
    }
    return sum;
  }

  async drop({ path }: LeftPartial): Promise<void> {
    await rm(path, { force: true });
  }

  async #renamed(from: string, to: string): Promise<boolean> {
    try {
      await rename(from, to);
      return true;
    } catch (error) {
      if (isAbsence(error)) return false;
      throw error;
    }
  }
}
