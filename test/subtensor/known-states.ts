import type { Blockchain } from '@acala-network/chopsticks-core';
import { RpcError } from '../json-rpc-server.js';

/** Where the hash of a block stands among the parameters of the methods that read its state. */
const HASH_AT: Readonly<Record<string, number>> = {
  state_call: 2,
  state_getKeysPaged: 3,
  state_getMetadata: 0,
  state_getRuntimeVersion: 0,
  state_getStorage: 1,
  state_getStorageAt: 1,
  state_queryStorageAt: 1,
};
const UNKNOWN_BLOCK = 4003;

/** The blocks whose state can be read. Chopsticks itself takes every hash that it does not know for genesis. */
export class KnownStates {
  readonly #known = new Set<string>();

  constructor(chain: Blockchain) {
    this.#known.add(`0x${'45'.repeat(32)}`);
    this.#known.add(chain.head.hash);
    chain.headState.subscribeHead((head) => void this.#known.add(head.hash));
  }

  discard(hash: string): void {
    this.#known.delete(hash);
  }

  /** @throws RpcError as a real node words it, when the method reads the state of a block that is not known */
  check(method: string, params: readonly unknown[]): void {
    const position = HASH_AT[method];
    const hash = position === undefined ? undefined : params[position];
    if (typeof hash === 'string' && !this.#known.has(hash))
      throw new RpcError(UNKNOWN_BLOCK, `Client error: UnknownBlock: State already discarded for ${hash}`);
  }
}
