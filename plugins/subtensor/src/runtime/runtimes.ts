import { z } from 'zod';
import { isAssayError } from '@assay/core/errors/assay-error';
import { untilAborted } from '@assay/core/runtime/until-aborted';
import { answerAs, headerJson, malformed } from '../rpc/greeting.js';
import type { Link } from '../rpc/link.js';
import { Runtime } from './runtime.js';
import { runtimeVersion, type RuntimeVersion } from './version.js';

/** Newest version of metadata that is asked for. */
const NEWEST_METADATA = 16;
/** The one that every node gives. It tells of no runtime functions. */
const OLDEST_METADATA = 14;
/** Runtimes that are kept: that of now, and one more for the past. Each takes some 30 MB. */
const KEPT = 2;

const hexBytes = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform((text) => Buffer.from(text.slice(2), 'hex'));

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

/** The runtime at each block, read again whenever the chain has a new version of its rules. */
export class Runtimes {
  readonly #kept = new Map<number, Promise<Runtime>>();

  constructor(private readonly deps: { link: Link }) {}

  /** @throws what `Link.call` throws, ANSWER_MALFORMED, RUNTIME_UNREADABLE */
  async at(block: string, signal: AbortSignal): Promise<RuntimeAt> {
    const version = await this.#version(block, signal);
    if (this.#kept.has(version.specVersion))
      return { runtime: await this.#load(version, block, signal), callable: true };
    // A version that is not known yet: it may begin to hold with the very next block.
    const header = await this.deps.link.call('chain_getHeader', [block], signal);
    const { parentHash, number } = answerAs(headerJson, 'chain_getHeader', header);
    const before = number === 0 ? version : await this.#version(parentHash, signal);
    if (before.specVersion === version.specVersion)
      return { runtime: await this.#load(version, block, signal), callable: true };
    return { runtime: await this.#load(before, parentHash, signal), callable: false };
  }

  async #version(block: string, signal: AbortSignal): Promise<RuntimeVersion> {
    const method = 'state_getRuntimeVersion';
    return answerAs(runtimeVersion, method, await this.deps.link.call(method, [block], signal));
  }

  /** Several callers may wait for the same metadata, so it is fetched for none of their signals. */
  async #load(version: RuntimeVersion, block: string, signal: AbortSignal): Promise<Runtime> {
    const { specVersion } = version;
    const known = this.#kept.get(specVersion);
    if (known) return untilAborted(known, signal);
    const loading = this.#fetch(version, block);
    this.#kept.set(specVersion, loading);
    for (const old of [...this.#kept.keys()].slice(0, -KEPT)) this.#kept.delete(old);
    loading.catch(() => {
      if (this.#kept.get(specVersion) === loading) this.#kept.delete(specVersion);
    });
    return untilAborted(loading, signal);
  }

  /** The newest version of the metadata that both sides know; a node that can't be asked which gives version 14. */
  async #fetch(version: RuntimeVersion, block: string): Promise<Runtime> {
    const { link } = this.deps;
    const { signal } = new AbortController();
    const load = (metadata: Uint8Array): Promise<Runtime> => Runtime.load(link.genesis ?? '', version, metadata);
    for (let wanted = NEWEST_METADATA; wanted > OLDEST_METADATA; wanted -= 1) {
      const metadata = await this.#metadata(wanted, block, signal);
      if (metadata === 'no such function') break;
      if (!metadata) continue;
      const runtime = await load(metadata).catch(() => undefined);
      if (runtime) return runtime;
    }
    const method = 'state_getMetadata';
    try {
      return await load(answerAs(hexBytes, method, await link.call(method, [block], signal)));
    } catch (error) {
      link.complain(error);
      throw error;
    }
  }

  async #metadata(
    wanted: number,
    block: string,
    signal: AbortSignal,
  ): Promise<Uint8Array | 'no such function' | undefined> {
    const method = 'Metadata_metadata_at_version';
    const argument = Buffer.alloc(4);
    argument.writeUInt32LE(wanted);
    try {
      const params = [method, `0x${argument.toString('hex')}`, block];
      return unwrapped(answerAs(hexBytes, method, await this.deps.link.call('state_call', params, signal)), method);
    } catch (error) {
      if (isAssayError(error) && error.code === 'CALL_REFUSED') return 'no such function';
      throw error;
    }
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
