import { EventEmitter } from 'node:events';
import type { ApiOptions } from '@polkadot/api/types';
import type { RuntimeVersion } from './version.js';

type ProviderInterface = NonNullable<ApiOptions['provider']>;
type Listening = Parameters<ProviderInterface['on']>;

/**
 * Answers the questions that polkadot's ApiPromise asks at its start out of what is known already, and none after that:
 * the ApiPromise then translates between values and bytes, and whatever goes to a node goes over our own link.
 */
export class OfflineProvider implements ProviderInterface {
  readonly hasSubscriptions = false;
  readonly isClonable = false;
  readonly isConnected = true;
  readonly #events = new EventEmitter();
  readonly #answers: Readonly<Record<string, unknown>>;

  constructor(genesis: string, version: RuntimeVersion) {
    this.#answers = {
      chain_getBlockHash: genesis,
      rpc_methods: { methods: [] },
      state_getRuntimeVersion: { implName: '', authoringVersion: 0, implVersion: 0, apis: [], ...version },
      system_chain: 'Subtensor',
      system_properties: { ss58Format: 42, tokenDecimals: 9, tokenSymbol: 'TAO' },
    };
  }

  /** Lets the ApiPromise start. */
  begin(): void {
    this.#events.emit('connected');
  }

  clone(): this {
    return this;
  }

  async connect(): Promise<void> {
    return Promise.resolve();
  }

  async disconnect(): Promise<void> {
    this.#events.removeAllListeners();
    return Promise.resolve();
  }

  on(type: Listening[0], sub: Listening[1]): () => void {
    this.#events.on(type, sub);
    return () => this.#events.off(type, sub);
  }

  // The answers have the type that the caller says, as those of a node would.

  async send<T>(method: string): Promise<T> {
    if (method in this.#answers) return Promise.resolve(this.#answers[method] as T);
    return Promise.reject(new Error(`${method} is asked of no node`));
  }

  async subscribe(): Promise<number | string> {
    return Promise.reject(new Error('nothing can be subscribed to without a node'));
  }

  async unsubscribe(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
