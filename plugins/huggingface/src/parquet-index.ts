import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const entries = z.array(
  z.object({ url: z.string(), rows: z.number().int().nonnegative(), bytes: z.number().int().positive() }),
);
export type FileSize = z.infer<typeof entries>[number];

/** Rows and bytes of parquet files, kept on disk: a footer is read once. Files of other contents have other addresses. */
export class ParquetIndex {
  readonly #path: string;
  #known: Map<string, FileSize> | undefined;

  constructor(directory: string, name: readonly string[]) {
    this.#path = join(directory, `${createHash('sha256').update(JSON.stringify(name)).digest('hex')}.json`);
  }

  async get(url: string): Promise<FileSize | undefined> {
    return (await this.#load()).get(url);
  }

  async add(sizes: readonly FileSize[]): Promise<void> {
    const known = await this.#load();
    for (const size of sizes) known.set(size.url, size);
    const draft = `${this.#path}.${randomUUID()}`;
    await mkdir(join(this.#path, '..'), { recursive: true });
    await writeFile(draft, JSON.stringify([...known.values()]));
    await rename(draft, this.#path);
  }

  async #load(): Promise<Map<string, FileSize>> {
    this.#known ??= new Map((await this.#read()).map((size) => [size.url, size]));
    return this.#known;
  }

  async #read(): Promise<FileSize[]> {
    try {
      return entries.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch {
      return [];
    }
  }
}
