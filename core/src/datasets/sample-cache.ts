import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import type { DatasetSample } from '../contracts/dataset-provider.js';
import type { Log } from '../contracts/logger.js';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Sets that are kept, the newest: some days of rounds, a few megabytes each before they are packed. */
const KEPT = 256;
const ENDING = '.json.gz';

const stored = z.object({
  key: z.string(),
  sample: z.object({
    batches: z.array(z.array(z.array(z.number().int().nonnegative()))),
    pages: z.array(z.string()),
    clusters: z.array(z.number().int().nonnegative()).optional(),
    source: z.string(),
  }),
});

/**
 * Whole sample sets on disk: a restart, and a second competition on the same seed, fetch nothing twice. A set that can't
 * be read is one that is not there; one that can't be written is not kept, and the log says so.
 */
export class SampleCache {
  constructor(
    private readonly options: { directory: string },
    private readonly deps: { log: Log },
  ) {}

  async get(key: string): Promise<DatasetSample | undefined> {
    try {
      const parsed = stored.parse(JSON.parse((await unpack(await readFile(this.#path(key)))).toString('utf8')));
      return parsed.key === key ? parsed.sample : undefined;
    } catch (error) {
      if (!isAbsent(error)) this.deps.log('warn', 'a kept sample set is damaged and is fetched anew', { key });
      return undefined;
    }
  }

  async put(key: string, sample: DatasetSample): Promise<void> {
    const draft = join(this.options.directory, `${randomUUID()}.draft`);
    try {
      await mkdir(this.options.directory, { recursive: true });
      // A typed array is an object in JSON.
      const batches = sample.batches.map((rows) => rows.map((row) => Array.from(row)));
      await writeFile(draft, await pack(JSON.stringify({ key, sample: { ...sample, batches } })));
      await rename(draft, this.#path(key));
      await this.#dropOldest();
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      this.deps.log('warn', 'a sample set could not be kept', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async #dropOldest(): Promise<void> {
    const names = (await readdir(this.options.directory)).filter(
      (name) => name.endsWith(ENDING) || name.endsWith('.draft'),
    );
    if (names.length <= KEPT) return;
    const aged = await Promise.all(
      names.map(async (name) => ({
        path: join(this.options.directory, name),
        at: (await stat(join(this.options.directory, name))).mtimeMs,
      })),
    );
    aged.sort((a, b) => b.at - a.at);
    await Promise.all(aged.slice(KEPT).map(({ path }) => rm(path, { force: true })));
  }

  #path(key: string): string {
    return join(this.options.directory, `${key}${ENDING}`);
  }
}

const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
