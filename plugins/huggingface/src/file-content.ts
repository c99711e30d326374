import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Bytes of one part of a file that have been sent so far. */
export type OnSent = (sent: number) => void;

/**
 * A file, or a part of one, as the content of an upload: read from disk when it is sent, and again when it is sent again.
 * The hub's client takes any Blob.
 */
export class FileContent extends Blob {
  /** Bytes; a property of its own, since that of Blob is of no bytes. */
  override readonly size: number;

  constructor(
    readonly path: string,
    private readonly part: { file: string; start: number; end: number },
    private readonly onSent: OnSent = () => undefined,
  ) {
    super([]);
    this.size = part.end - part.start;
  }

  /** Where in the file it begins. */
  get start(): number {
    return this.part.start;
  }

  override slice(start = 0, end = this.size): FileContent {
    const { file, start: from, end: to } = this.part;
    return new FileContent(this.path, { file, start: from + start, end: Math.min(from + end, to) });
  }

  /** The same bytes; `onSent` hears of them as they are read. */
  telling(onSent: OnSent): FileContent {
    return new FileContent(this.path, this.part, onSent);
  }

  override stream(): ReturnType<Blob['stream']> {
    return Readable.toWeb(Readable.from(this.#chunks()));
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const { file, start } = this.part;
    const bytes = new Uint8Array(this.size);
    const handle = await open(file, 'r');
    try {
      await handle.read(bytes, 0, this.size, start);
    } finally {
      await handle.close();
    }
    return bytes.buffer;
  }

  override async text(): Promise<string> {
    return Buffer.from(await this.arrayBuffer()).toString('utf8');
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    const { file, start, end } = this.part;
    let sent = 0;
    this.onSent(sent);
    if (start === end) return;
    for await (const chunk of createReadStream(file, { start, end: end - 1 })) {
      const bytes = chunk as Buffer;
      yield new Uint8Array(bytes);
      sent += bytes.length;
      this.onSent(sent);
    }
  }
}
