import type { Clock } from '@assay/core/contracts/clock';
import type { ByteRange, FetchProgress, ModelSource, OpenedFile } from '@assay/core/contracts/model-store';
import type { ModelReference, RepoFile, StoredModel } from '@assay/core/contracts/model';
import { ModelKeeper } from '@assay/core/model/store/keeper';
import { onTestFinished } from 'vitest';
import { newFolder } from '../folders.js';

export const never: AbortSignal = new AbortController().signal;
const silent = (): void => undefined;

export function model(name: string): ModelReference {
  return { namespace: 'miner', name, revision: 'a'.repeat(40) };
}

/** How a source answers for a file; whole files are cut to the range that was asked for. */
export type Open = (file: RepoFile, range: ByteRange, signal: AbortSignal) => Promise<OpenedFile>;

/** A source that has the bytes of whole files, in whatever chunks. */
export const whole =
  (bytesOf: (file: RepoFile) => AsyncIterable<Uint8Array>): Open =>
  (file) =>
    Promise.resolve({ start: 0, bytes: bytesOf(file) });

export type Texts = Readonly<Record<string, string>>;

export const listing = (texts: Texts): RepoFile[] =>
  Object.entries(texts).map(([path, text]) => ({ path, size: Buffer.byteLength(text) }));

/** A source of texts, in ranges. */
export const texts =
  (contents: Texts): Open =>
  (file, range) =>
    Promise.resolve({ start: range.start, bytes: parts(Buffer.from(contents[file.path] ?? '').subarray(range.start)) });

async function* parts(bytes: Buffer): AsyncGenerator<Buffer> {
  await Promise.resolve();
  yield bytes.subarray(0, 3);
  yield bytes.subarray(3);
}

/** The clock of the system, ahead by as much as the test says; pauses take no time. */
export class HurriedClock implements Clock {
  lead = 0;
  slept: number[] = [];

  now(): number {
    return Date.now() + this.lead;
  }

  monotonic(): number {
    return performance.now() + this.lead;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.slept.push(ms);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export interface Kept {
  keeper: ModelKeeper;
  /** May be changed. */
  source: ModelSource;
  clock: HurriedClock;
  root: string;
  /** Fetches files that the source has. */
  add: (name: string, contents: Texts) => Promise<StoredModel>;
  /** Fetches from another source. */
  fetch: (
    name: string,
    files: readonly RepoFile[],
    open: Open,
    signal?: AbortSignal,
    onProgress?: (progress: FetchProgress) => void,
  ) => Promise<StoredModel>;
}

type KeeperOptions = Partial<Parameters<typeof ModelKeeper.open>[0]>;

/** A keeper on a folder, fed by whatever source a test has at a moment. */
export async function kept(options: KeeperOptions = {}, root = newFolder(), given?: Clock): Promise<Kept> {
  const hurried = new HurriedClock();
  const clock = given ?? hurried;
  const opens = new Map<string, Open>();
  const source: ModelSource = {
    description: 'a source of this test',
    list: () => Promise.reject(new Error('nothing is listed')),
    open: (reference, file, range, signal) => {
      const open = opens.get(reference.name);
      return open ? open(file, range, signal) : Promise.reject(new Error(`nothing has ${reference.name}`));
    },
  };
  const keeper = await ModelKeeper.open({ directory: root, ...options }, { source, clock });
  onTestFinished(() => keeper.close());
  const fetch: Kept['fetch'] = (name, files, open, signal = never, onProgress = silent) => {
    opens.set(name, open);
    return keeper.fetch(model(name), files, onProgress, signal);
  };
  return {
    keeper,
    source,
    clock: hurried,
    root,
    fetch,
    add: (name, contents) => fetch(name, listing(contents), texts(contents)),
  };
}
