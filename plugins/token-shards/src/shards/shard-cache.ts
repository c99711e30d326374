import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '@assay/core/contracts/clock';
import { isAssayError } from '@assay/core/errors/assay-error';
import { shardErrors } from '../errors.js';
import type { OpenedBytes } from '../places/opened.js';
import { Retries } from '../places/retrying.js';
import { fileDigest } from './file-shard.js';

/** A draft that has not been written to for so long belongs to a process that has ended. */
const ABANDONED_MS = 120_000;

const note = z.object({ version: z.string(), size: z.number(), sha256: z.string().optional() });
type Note = z.infer<typeof note>;

/** A whole shard that is to be kept. */
export interface WantedShard {
  shard: string;
  /** Names the place. */
  id: string;
  /** Undefined where the server does not say it. */
  size: number | undefined;
  version: string;
  sha256: string | undefined;
  /** Its bytes from there on; the answer may begin at 0. */
  openAt: (start: number, signal: AbortSignal) => Promise<OpenedBytes>;
}

/**
 * Whole shards in one folder: those of servers that answer no ranges, and those whose manifest gives a hash. Names in the folder
 * are hashes of places, whatever a manifest says. The least recently used ones make room.
 */
export class ShardCache {
  readonly #underWay = new Map<string, Promise<FileHandle>>();

  constructor(
    private readonly options: { folder: string; maxBytes: number },
    private readonly deps: { clock: Clock },
  ) {}

  /** A kept shard of this version; undefined where there is none, or the server says nothing of versions. */
  async find({ id, size, version, sha256 }: Omit<WantedShard, 'openAt' | 'shard'>): Promise<FileHandle | undefined> {
    const path = this.#path(id);
    if (version === '' && sha256 === undefined) return undefined;
    try {
      const noted = note.parse(JSON.parse(await readFile(`${path}.json`, 'utf8')));
      const isSame = noted.version === version && (size ?? noted.size) === noted.size;
      if (!isSame || (sha256 ?? noted.sha256) !== noted.sha256) return undefined;
      if ((await stat(path)).size !== noted.size) return undefined;
      const file = await open(path, 'r');
      const now = new Date();
      await utimes(path, now, now);
      return file;
    } catch {
      // A kept shard that can't be read is fetched again.
      return undefined;
    }
  }

  /**
   * Fetches a shard and opens it; a transfer that was cut goes on where it ended.
   * @throws SHARD_TOO_LARGE, SHARD_DAMAGED, SHARD_CHANGED, SHARDS_NOT_KEPT, errors of the source
   */
  async fetch(wanted: WantedShard, signal: AbortSignal): Promise<FileHandle> {
    const { size, shard, id } = wanted;
    const { folder } = this.options;
    this.#requireRoom(shard, size ?? 0);
    // Two tasks may want the same shard: the second one waits and finds it.
    await this.#underWay.get(id)?.catch(() => undefined);
    const known = await this.find(wanted);
    if (known) return known;
    const fetching = this.#fetched(wanted, signal);
    this.#underWay.set(id, fetching);
    try {
      return await fetching;
    } catch (error) {
      if (isAssayError(error) || !(error instanceof Error && 'syscall' in error)) throw error;
      throw shardErrors.SHARDS_NOT_KEPT({ folder, reason: error.message }, error);
    } finally {
      this.#underWay.delete(id);
    }
  }

  async #fetched(wanted: WantedShard, signal: AbortSignal): Promise<FileHandle> {
    const { id, size, version, sha256, shard } = wanted;
    await mkdir(this.options.folder, { recursive: true });
    const draft = await this.#draft(id, version);
    await this.#makeRoom(size ?? 0, draft);
    const file = await open(draft, 'a+');
    try {
      await this.#fill(file, wanted, signal);
      const found = sha256 === undefined ? undefined : await fileDigest(file, signal);
      if (found !== sha256) {
        await rm(draft, { force: true });
        throw shardErrors.SHARD_DAMAGED({ shard, expected: sha256 ?? '', found: found ?? '' });
      }
      const { size: kept } = await file.stat();
      await this.#makeRoom(kept, draft);
      const noted: Note = { version, size: kept, ...(sha256 === undefined ? {} : { sha256 }) };
      // A note of another version must never stand beside this content.
      await rm(`${this.#path(id)}.json`, { force: true });
      await rename(draft, this.#path(id));
      await writeFile(`${this.#path(id)}.json`, JSON.stringify(noted));
      return file;
    } catch (error) {
      await file.close();
      // What has come is taken over by the next attempt.
      await utimes(draft, 0, 0).catch(() => undefined);
      throw error;
    }
  }

  /** Appends until the file is whole. */
  async #fill(file: FileHandle, wanted: WantedShard, signal: AbortSignal): Promise<void> {
    const retries = new Retries(this.deps.clock, signal);
    for (;;) {
      try {
        const { size: have } = await file.stat();
        if (have === wanted.size) return;
        await this.#append(file, wanted, have, retries, signal);
        if (wanted.size === undefined) return;
      } catch (error) {
        if (isAssayError(error) && error.code === 'SHARD_CHANGED') await file.truncate(0);
        await retries.after(error);
      }
    }
  }

  async #append(
    file: FileHandle,
    { size, version, shard, openAt }: WantedShard,
    have: number,
    retries: Retries,
    signal: AbortSignal,
  ): Promise<void> {
    const opened = await openAt(have, signal);
    try {
      const isChanged = opened.version !== version || opened.size !== size || have > (size ?? have);
      if (isChanged) throw shardErrors.SHARD_CHANGED({ shard });
      // The answer may hold the whole file: what has come so far is dropped.
      if (opened.start !== have) await file.truncate(opened.start);
      let length = opened.start;
      for await (const chunk of opened.bytes) {
        length += chunk.length;
        this.#requireRoom(shard, length);
        await file.appendFile(chunk);
        retries.progressed();
      }
    } finally {
      await opened.close();
    }
  }

  /** @throws SHARD_TOO_LARGE */
  #requireRoom(shard: string, bytes: number): void {
    const { maxBytes } = this.options;
    if (bytes > maxBytes) throw shardErrors.SHARD_TOO_LARGE({ shard, bytes, limit: maxBytes });
  }

  /** A draft of our own: a fresh one, or what an ended process has left of this version. */
  async #draft(id: string, version: string): Promise<string> {
    const stem = `${nameOf(`${id} ${version}`)}.`;
    const own = join(this.options.folder, `${stem}${randomUUID()}.part`);
    // Without a version nothing tells that what is left is of the same content.
    for (const name of version === '' ? [] : await readdir(this.options.folder)) {
      if (!name.startsWith(stem) || !name.endsWith('.part')) continue;
      const left = join(this.options.folder, name);
      const { mtimeMs } = await stat(left).catch(() => ({ mtimeMs: Date.now() }));
      if (Date.now() - mtimeMs < ABANDONED_MS) continue;
      // Of two processes that find it, one renames it.
      const isOurs = await rename(left, own).then(
        () => true,
        () => false,
      );
      if (isOurs) break;
    }
    return own;
  }

  /** Drops what was used longest ago until there is room for so many bytes. A file that is open can still be read. */
  async #makeRoom(bytes: number, draft: string): Promise<void> {
    const { folder, maxBytes } = this.options;
    const names = (await readdir(folder)).filter((name) => name.endsWith('.npy') || name.endsWith('.part'));
    const found = await Promise.all(
      names.map(async (name) => {
        const path = join(folder, name);
        const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
        return { path, size, mtimeMs, isInUse: name.endsWith('.part') && Date.now() - mtimeMs < ABANDONED_MS };
      }),
    ).then((all) => all.filter(({ path }) => path !== draft));
    let total = found.reduce((sum, { size }) => sum + size, bytes);
    for (const { path, size } of found.filter(({ isInUse }) => !isInUse).sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (total <= maxBytes) return;
      await Promise.all([rm(path, { force: true }), rm(`${path}.json`, { force: true })]);
      total -= size;
    }
  }

  #path(id: string): string {
    return join(this.options.folder, `${nameOf(id)}.npy`);
  }
}

const nameOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
