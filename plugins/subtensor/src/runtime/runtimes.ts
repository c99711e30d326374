import { isAssayError } from '@assay/core/errors/assay-error';
import { abortError, messageOf } from '@assay/core/errors/describe';
import { untilAborted } from '@assay/core/runtime/until-aborted';
import { subtensorErrors } from '../errors.js';
import { answerAs, malformed } from '../rpc/greeting.js';
import { headerOf } from '../rpc/header.js';
import { bytesOf, hexText } from '../rpc/hex.js';
import type { Link } from '../rpc/link.js';
import { isNoFunction } from '../rpc/refusals.js';
import { Runtime } from './runtime.js';
import { runtimeVersion, type RuntimeVersion } from './version.js';

const METADATA_FUNCTION = 'Metadata_metadata_at_version';
/** Newest version of metadata that is asked for. */
const NEWEST_METADATA = 16;
/** The one that every node gives. It tells of no runtime functions. */
const OLDEST_METADATA = 14;
/** Blocks whose rules are remembered. */
const PLACES_KEPT = 16;
/** Runtimes that are kept: that of now, and one more for the past. Each takes some 30 MB. */
const KEPT = 2;

const hexBytes = hexText.transform(bytesOf);

/** Metadata; undefined where the chain has none of that version. */
type Found = Uint8Array | 'no such function' | undefined;

/** How the state of a block is read. */
export interface RuntimeAt {
  /** Of the rules that have written the state. */
  runtime: Runtime;
  /**
   * Whether its functions may be called at this block. In the block that brings new rules the state is still laid out by
   * the old ones, while a call would run the new ones.
   */
  callable: boolean;
}

/** The version that a block's state is laid out by, and a block whose metadata describes it. */
interface Place {
  version: RuntimeVersion;
  describedAt: string;
}

/** The runtime at each block, read again whenever the chain has a new version of its rules. */
export class Runtimes {
  /** The one that was used last is the last. */
  readonly #kept = new Map<number, Promise<Runtime>>();
  readonly #placed = new Map<string, Place>();

  constructor(private readonly deps: { link: Link }) {}

  /** @throws what `Link.call` throws, ANSWER_MALFORMED, RUNTIME_UNREADABLE */
  async at(block: string, signal: AbortSignal): Promise<RuntimeAt> {
    const { version, describedAt } = this.#placed.get(block) ?? (await this.#place(block, signal));
    return { runtime: await this.#load(version, describedAt, signal), callable: describedAt === block };
  }

  /**
   * The rules by which the block after this one is made, and by which its extrinsics have to be signed. In the block that
   * brings new rules they are the new ones already.
   * @throws what `Link.call` throws, ANSWER_MALFORMED, RUNTIME_UNREADABLE
   */
  async after(block: string, signal: AbortSignal): Promise<Runtime> {
    return this.#load(await this.#version(block, signal), block, signal);
  }

  /**
   * Which rules have written the state of a block. Its own version says so, except in the block that brings new rules:
   * its state is still laid out by those of its parent.
   */
  async #place(block: string, signal: AbortSignal): Promise<Place> {
    const version = await this.#version(block, signal);
    const header = await this.deps.link.call('chain_getHeader', [block], signal);
    if (header === null) throw subtensorErrors.BLOCK_UNKNOWN({ block });
    const { parentHash, number } = await headerOf(block, header);
    const before = number === 0 ? version : await this.#versionBefore(parentHash, version, signal);
    const isUpgrade = before.specVersion !== version.specVersion;
    const place = isUpgrade ? { version: before, describedAt: parentHash } : { version, describedAt: block };
    this.#placed.set(block, place);
    for (const old of [...this.#placed.keys()].slice(0, -PLACES_KEPT)) this.#placed.delete(old);
    return place;
  }

  /** A node that has just discarded the parent's state still has this block's, which then is read by its own version. */
  async #versionBefore(parent: string, version: RuntimeVersion, signal: AbortSignal): Promise<RuntimeVersion> {
    try {
      return await this.#version(parent, signal);
    } catch (error) {
      if (isAssayError(error) && error.code === 'STATE_DISCARDED') return version;
      throw error;
    }
  }

  async #version(block: string, signal: AbortSignal): Promise<RuntimeVersion> {
    const method = 'state_getRuntimeVersion';
    return answerAs(runtimeVersion, method, await this.deps.link.call(method, [block], signal));
  }

  /** Several callers may wait for the same metadata, so it is fetched for none of their signals. */
  async #load(version: RuntimeVersion, block: string, signal: AbortSignal): Promise<Runtime> {
    const { specVersion } = version;
    const loading = this.#kept.get(specVersion) ?? this.#fetch(version, block);
    const isNew = !this.#kept.delete(specVersion);
    this.#kept.set(specVersion, loading);
    if (!isNew) return untilLoaded(loading, signal);
    for (const old of [...this.#kept.keys()].slice(0, -KEPT)) this.#kept.delete(old);
    loading.catch(() => {
      if (this.#kept.get(specVersion) === loading) this.#kept.delete(specVersion);
    });
    return untilLoaded(loading, signal);
  }

  /** The newest version of the metadata that both sides know; a node that can't be asked which gives version 14. */
  async #fetch(version: RuntimeVersion, block: string): Promise<Runtime> {
    for (let wanted = NEWEST_METADATA; wanted > OLDEST_METADATA; wanted -= 1) {
      const metadata = await this.#metadata(wanted, block);
      if (metadata === 'no such function') break;
      if (!metadata) continue;
      const runtime = await this.#read(version, metadata, () => this.#metadata(wanted, block));
      if (runtime) return runtime;
    }
    const method = 'state_getMetadata';
    const answer = await this.deps.link.call(method, [block], this.deps.link.closing);
    return this.#loaded(version, answerAs(hexBytes, method, answer));
  }

  /**
   * Reads metadata; undefined where it is of a kind that can't be read. Metadata that was spoilt on its way is not taken
   * for such: it is asked for a second time, and only the same bytes again mean that an older version has to do.
   */
  async #read(
    version: RuntimeVersion,
    metadata: Uint8Array,
    again: () => Promise<Found>,
  ): Promise<Runtime | undefined> {
    try {
      return await this.#loaded(version, metadata);
    } catch (error) {
      const second = await again();
      if (second instanceof Uint8Array && Buffer.compare(second, metadata) === 0) return undefined;
      const spoilt = malformed(METADATA_FUNCTION, messageOf(error));
      this.deps.link.complain(spoilt);
      if (second instanceof Uint8Array) return this.#loaded(version, second);
      throw spoilt;
    }
  }

  #loaded(version: RuntimeVersion, metadata: Uint8Array): Promise<Runtime> {
    return Runtime.load(this.deps.link.genesis ?? '', version, metadata);
  }

  async #metadata(wanted: number, block: string): Promise<Found> {
    const { link } = this.deps;
    const method = METADATA_FUNCTION;
    const argument = Buffer.alloc(4);
    argument.writeUInt32LE(wanted);
    try {
      const params = [method, `0x${argument.toString('hex')}`, block];
      return unwrapped(answerAs(hexBytes, method, await link.call('state_call', params, link.closing)), method);
    } catch (error) {
      if (isNoFunction(error)) return 'no such function';
      throw error;
    }
  }
}

/** @throws ABORTED */
async function untilLoaded(loading: Promise<Runtime>, signal: AbortSignal): Promise<Runtime> {
  try {
    return await untilAborted(loading, signal);
  } catch (error) {
    throw signal.aborted ? abortError() : error;
  }
}

/** The bytes of an `Option<Vec<u8>>`. */
function unwrapped(option: Buffer, method: string): Uint8Array | undefined {
  if (option.length === 1 && option[0] === 0) return undefined;
  const mode = (option[1] ?? 0) & 3;
  // Metadata takes more than 16 KiB and less than 1 GiB, which SCALE writes with a length of four bytes.
  if (option[0] !== 1 || mode !== 2 || option.length < 5) throw malformed(method, 'it is no metadata');
  const length = option.readUInt32LE(1) >>> 2;
  if (option.length !== 5 + length) throw malformed(method, `${option.length} bytes instead of ${5 + length}`);
  return option.subarray(5);
}
