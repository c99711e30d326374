import type { Clock } from '../../contracts/clock.js';
import type { ModelSource, OpenedFile } from '../../contracts/model-store.js';
import type { ModelReference, RepoFile } from '../../contracts/model.js';
import { storeErrors } from '../errors.js';
import { openedBySource } from './disk-guard.js';
import { digestsOf } from './hasher.js';
import type { KeeperOptions } from './keeper-options.js';
import { PartialFile } from './partial-file.js';
import type { StoreFolder } from './store-folder.js';
import { requireStated, retrying, Transfer, type TransferDeps } from './transfer.js';

const POLL_MS = 500;

/** A content that is in the store now. */
interface Obtained {
  sha256: string;
  /** Whether it was here, or another fetch has brought it. */
  found: boolean;
}

/** What of some files has to come. */
export interface Missing {
  bytes: number;
  /** How many of these bytes a file stands for, once it has come; none the second time. */
  came: (file: RepoFile) => number;
  /** Adds a file that has to come after all. @returns its bytes; none where they are among those already */
  add: (file: RepoFile) => number;
  end: () => void;
}

/** All transfers of a keeper. A content that several models want is transferred once. */
export class Transfers {
  /** Transfers of this process by content. */
  readonly #running = new Map<string, Promise<string>>();

  constructor(
    private readonly options: KeeperOptions,
    private readonly deps: Omit<TransferDeps, 'source' | 'requireRoom'> & { folder: StoreFolder; clock: Clock },
  ) {}

  /**
   * What of these files has to come, leaving out what another fetch of this process is about to bring. Until `end` is
   * called, what there is of them is not removed to make room, and in partial files counts as promised, not as used.
   */
  async missing(reference: ModelReference, files: readonly RepoFile[], signal: AbortSignal): Promise<Missing> {
    const { contents, partials } = this.deps.folder;
    const sizes = new Map<string, number>();
    const keys: string[] = [];
    const endContents = contents.want(files.flatMap(({ sha256 }) => sha256 ?? []));
    try {
      for (const file of files) {
        const { sha256, size } = file;
        if (size === 0 || (sha256 !== undefined && (await contents.has(sha256, size, signal)))) continue;
        const key = partials.keyOf(reference, file);
        if (!partials.isWanted(key)) sizes.set(key, size);
        keys.push(key);
      }
    } catch (error) {
      endContents();
      throw error;
    }
    const endPartials = partials.want(keys);
    return {
      bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
      came: (file) => {
        const key = partials.keyOf(reference, file);
        const size = sizes.get(key) ?? 0;
        sizes.delete(key);
        return size;
      },
      add: (file) => {
        const key = partials.keyOf(reference, file);
        if (sizes.has(key)) return 0;
        sizes.set(key, file.size);
        return file.size;
      },
      end: () => {
        endContents();
        endPartials();
      },
    };
  }

  /**
   * Has a content in the store, by a transfer where it is not there.
   * @param on `transfer` is called before one begins; `bytes` gets the bytes that it receives, and those that an earlier one
   *   has left
   */
  async content(
    source: ModelSource,
    reference: ModelReference,
    file: RepoFile,
    on: { transfer: () => Promise<void>; bytes: (bytes: number) => void },
    signal: AbortSignal,
  ): Promise<Obtained> {
    const { contents, partials } = this.deps.folder;
    const key = partials.keyOf(reference, file);
    for (;;) {
      signal.throwIfAborted();
      if (file.sha256 !== undefined && (await contents.has(file.sha256, file.size, signal)))
        return { sha256: file.sha256, found: true };
      const running = this.#running.get(key);
      if (running) {
        const brought = await settled(running, signal);
        if (brought !== undefined && (await contents.has(brought, file.size, signal)))
          return { sha256: brought, found: true };
        continue;
      }
      const mine = on.transfer().then(() => this.#receive(source, reference, file, key, on.bytes, signal));
      this.#running.set(key, mine);
      try {
        const sha256 = await mine;
        if (sha256 !== '') return { sha256, found: false };
      } finally {
        this.#running.delete(key);
      }
    }
  }

  /** A small file, checked against what the source states. */
  async read(source: ModelSource, reference: ModelReference, file: RepoFile, signal: AbortSignal): Promise<Uint8Array> {
    return retrying(this.options, this.deps.clock, signal, async () => {
      const bytes = await readWhole(source, reference, file, signal);
      requireStated(file, digestsOf(bytes));
      return bytes;
    });
  }

  /** @returns sha256 of what has come; empty where another process receives it or has done so: it is to be looked for again */
  async #receive(
    source: ModelSource,
    reference: ModelReference,
    file: RepoFile,
    key: string,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const { folder, clock } = this.deps;
    const path = await folder.partials.take(key);
    if (path === undefined) {
      await clock.sleep(POLL_MS, signal);
      return '';
    }
    // Another process may have brought it between the look for the content and the look for the partial file.
    if (file.sha256 !== undefined && (await folder.contents.has(file.sha256, file.size, signal))) {
      await folder.partials.release(key);
      return '';
    }
    const partial = await PartialFile.open(path, file.size, isNamed(file));
    let finished = false;
    try {
      const requireRoom = (): Promise<void> => folder.room.requireFloor();
      const transfer = new Transfer(
        { reference, file, partial },
        this.options,
        { ...this.deps, source, requireRoom },
        onBytes,
      );
      const { sha256 } = await transfer.run(signal);
      await partial.finish();
      finished = true;
      await folder.contents.adopt(path, sha256, file.size, signal);
      await folder.contents.sync();
      return sha256;
    } finally {
      // What has gone wrong before says more than what goes wrong now.
      if (!finished) await partial.close().catch(() => undefined);
      if (!finished && partial.bytes === 0) await folder.partials.remove(key);
      else await folder.partials.release(key);
    }
  }
}

/** Whether the source says of a file which content it is: only then parts of two runs fit together for certain. */
const isNamed = ({ sha256, gitOid }: RepoFile): boolean => sha256 !== undefined || gitOid !== undefined;

async function readWhole(
  source: ModelSource,
  reference: ModelReference,
  file: RepoFile,
  signal: AbortSignal,
): Promise<Buffer> {
  const { path, size } = file;
  if (size === 0) return Buffer.alloc(0);
  const open = (): Promise<OpenedFile> => source.open(reference, file, { start: 0, end: size }, signal);
  const opened = await openedBySource(path, open, signal);
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of opened.bytes) {
    chunks.push(chunk);
    received += chunk.length;
    if (received > size) break;
  }
  signal.throwIfAborted();
  if (received !== size) throw storeErrors.FILE_SIZE_DIFFERS({ path, expected: size, received });
  return Buffer.concat(chunks);
}

/** What a transfer of somebody else brings, or undefined where it fails: its signal may have been another one. */
async function settled(running: Promise<string>, signal: AbortSignal): Promise<string | undefined> {
  const failed = running.catch(() => undefined);
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
    void failed.then((brought) => {
      signal.removeEventListener('abort', stop);
      resolve(brought === '' ? undefined : brought);
    });
  });
}
