import { constants } from 'node:fs';
import { chmod, open, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { isAbsence } from './folder-contents.js';
import { bytesIn, unbrokenUpTo, withInterval, type Interval } from './intervals.js';

/** Stored content is shared between models: nothing may write to it. */
const READ_ONLY = 0o444;
/** Bytes behind the content that say which of it is there. */
const NOTE_BYTES = 4096;
/** A killed process loses at most so many bytes of each range that was under way. */
const NOTE_EVERY_BYTES = 4 * 1024 * 1024;

const FLUSH_EVERY_BYTES = 64 * 1024 * 1024;

const noteSchema = z.object({
  size: z.number(),
  version: z.string().optional(),
  done: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().positive()])),
});

/**
 * A file that is being received, its parts in any order. Behind the content lies a note of what is there, so that one file
 * is all that a killed transfer leaves, and all that is needed to go on. What a loss of power does to a note is found by
 * the digest of the whole.
 */
export class PartialFile {
  #done: Interval[] = [];
  #version: string | undefined;
  #unnoted = 0;
  #unflushed = 0;
  #flushing: Promise<void> | undefined;
  #noting: Promise<void> = Promise.resolve();

  private constructor(
    readonly path: string,
    readonly size: number,
    private readonly handle: FileHandle,
  ) {}

  /**
   * Opens the file, with what is there of it, or makes it.
   * @param isNamed whether the digest of the content is known. Without it, and without a version, what is there may be of
   *   another content, and is forgotten.
   */
  static async open(path: string, size: number, isNamed: boolean): Promise<PartialFile> {
    // A process may have died between making the file read-only and moving it into place.
    await chmod(path, 0o644).catch((error: unknown) => {
      if (!isAbsence(error)) throw error;
    });
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    const file = new PartialFile(path, size, handle);
    try {
      await file.#readNote();
      if (!isNamed && file.version === undefined && file.bytes > 0) await file.reset();
    } catch (error) {
      await handle.close();
      throw error;
    }
    return file;
  }

  /** Ascending. */
  get done(): readonly Interval[] {
    return this.#done;
  }

  get bytes(): number {
    return bytesIn(this.#done);
  }

  /** Up to where every byte is there. */
  get unbroken(): number {
    return unbrokenUpTo(this.#done);
  }

  /** Which content of the source this is a part of; undefined where the source has not said. */
  get version(): string | undefined {
    return this.#version;
  }

  /** Notes the content that the parts are of. */
  name(version: string): void {
    this.#version = version;
  }

  /** Forgets every byte. */
  async reset(): Promise<void> {
    this.#done = [];
    this.#version = undefined;
    await this.handle.truncate(0);
    await this.#note();
  }

  /** Several calls may be under way at a time, for different parts. */
  async write(chunks: readonly Uint8Array[], at: number): Promise<void> {
    let end = at;
    for (let rest = chunks; rest.length > 0; rest = chunksAfter(chunks, end - at)) {
      // One write may take less than it was given, as on a disk that is nearly full.
      end += (await this.handle.writev(rest, end)).bytesWritten;
    }
    this.#done = withInterval(this.#done, [at, end]);
    this.#unnoted += end - at;
    this.#flushSoon(end - at);
    if (this.#unnoted >= NOTE_EVERY_BYTES) await this.#note();
  }

  /** Has the disk take what was written while the rest still comes, so that there is little left to wait for at the end. */
  #flushSoon(bytes: number): void {
    this.#unflushed += bytes;
    if (this.#unflushed < FLUSH_EVERY_BYTES || this.#flushing) return;
    this.#unflushed = 0;
    this.#flushing = this.handle
      .datasync()
      // The sync at the end tells what is wrong with the disk.
      .catch(() => undefined)
      .finally(() => {
        this.#flushing = undefined;
      });
  }

  /** Turns the file into its content alone, on disk and read-only, and closes it. */
  async finish(): Promise<void> {
    await this.#noting;
    await this.#flushing;
    await this.handle.truncate(this.size);
    await this.handle.sync();
    await this.handle.close();
    await chmod(this.path, READ_ONLY);
  }

  /** Closes the file, to go on with another time. */
  async close(): Promise<void> {
    try {
      await this.#note();
    } finally {
      await this.#flushing;
      await this.handle.close();
    }
  }

  async #readNote(): Promise<void> {
    const { size: length } = await this.handle.stat();
    if (length === this.size && length > 0) {
      // Finished, but not moved into place: the digest tells whether it is whole.
      this.#done = [[0, length]];
      return;
    }
    const note = length === this.size + NOTE_BYTES ? await this.#parsedNote() : undefined;
    if (note?.size !== this.size) return this.reset();
    this.#done = note.done.filter(([start, end]) => start < end && end <= this.size).reduce(withInterval, []);
    this.#version = note.version;
  }

  async #parsedNote(): Promise<z.infer<typeof noteSchema> | undefined> {
    const { buffer } = await this.handle.read(Buffer.alloc(NOTE_BYTES), 0, NOTE_BYTES, this.size);
    try {
      return noteSchema.parse(JSON.parse(buffer.toString('utf8')));
    } catch {
      return undefined;
    }
  }

  /** One note after the other: an older one must not replace a newer one. */
  async #note(): Promise<void> {
    this.#unnoted = 0;
    const mine = this.#noting.catch(() => undefined).then(() => this.#writeNote());
    this.#noting = mine;
    await mine;
  }

  async #writeNote(): Promise<void> {
    const done = [...this.#done];
    const text = (): string => JSON.stringify({ size: this.size, version: this.#version, done });
    // More parts than the note has room for: the last ones are fetched again after a kill.
    while (Buffer.byteLength(text()) > NOTE_BYTES && done.length > 0) done.pop();
    await this.handle.write(text().padEnd(NOTE_BYTES), this.size);
  }
}

/** Chunks without their first `skipped` bytes. */
function chunksAfter(chunks: readonly Uint8Array[], skipped: number): Uint8Array[] {
  let left = skipped;
  return chunks.flatMap((chunk) => {
    const taken = Math.min(left, chunk.length);
    left -= taken;
    return taken === chunk.length ? [] : [chunk.subarray(taken)];
  });
}
