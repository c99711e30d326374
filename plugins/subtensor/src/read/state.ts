import { z } from 'zod';
import { answerAs, malformed } from '../rpc/greeting.js';
import type { Link } from '../rpc/link.js';
import { isNotServed } from '../rpc/refusals.js';

/** Keys asked for in one call, and values. A node limits the first to 1,000. */
const KEYS_AT_ONCE = 1000;
const VALUES_AT_ONCE = 500;
/** Entries of one map that are read at most: a subnet has 2,500 uids, and accounts that have left remain in some maps. */
const MOST_ENTRIES = 100_000;

const hex = z.string().regex(/^0x(?:[0-9a-fA-F]{2})*$/);
const keyList = z.array(hex).max(KEYS_AT_ONCE);
const changeSets = z.array(z.looseObject({ changes: z.array(z.tuple([hex, hex.nullable()])) }));

/** Raw storage and runtime calls at one block: keys and values as 0x and hex. */
export class BlockState {
  constructor(
    readonly hash: string,
    private readonly deps: { link: Link; signal: AbortSignal },
  ) {}

  /** Values by their keys; null where the chain has none. @throws ANSWER_MALFORMED, what `Link.call` throws */
  async values(wanted: readonly string[]): Promise<Map<string, string | null>> {
    const keys = [...new Set(wanted)];
    const found = new Map<string, string | null>();
    for (let start = 0; start < keys.length; start += VALUES_AT_ONCE)
      for (const [key, value] of await this.#some(keys.slice(start, start + VALUES_AT_ONCE))) found.set(key, value);
    return found;
  }

  /** Every entry whose key begins so, in the order of the keys. @throws ANSWER_MALFORMED, what `Link.call` throws */
  async entries(prefix: string): Promise<Map<string, string>> {
    const method = 'state_getKeysPaged';
    const keys: string[] = [];
    for (;;) {
      const last = keys.at(-1) ?? prefix;
      const page = answerAs(keyList, method, await this.#call(method, [prefix, KEYS_AT_ONCE, last, this.hash]));
      for (const key of page) {
        if (!key.startsWith(prefix)) throw malformed(method, 'a key of another map');
        // Keys that go back would be read without end.
        if (key <= (keys.at(-1) ?? prefix)) throw malformed(method, 'keys out of order');
        keys.push(key);
      }
      if (page.length < KEYS_AT_ONCE) return this.#present(keys);
      if (keys.length >= MOST_ENTRIES) throw malformed(method, `more than ${MOST_ENTRIES} entries in one map`);
    }
  }

  /** Values of keys that the node itself has named. */
  async #present(keys: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const [key, value] of await this.values(keys)) {
      if (value === null) throw malformed('state_getKeysPaged', 'a key that has no value');
      found.set(key, value);
    }
    return found;
  }

  /** A runtime function, with arguments and answer as bytes. @throws ANSWER_MALFORMED, what `Link.call` throws */
  async call(name: string, argument: string): Promise<string> {
    return answerAs(hex, name, await this.#call('state_call', [name, argument, this.hash]));
  }

  async #some(keys: readonly string[]): Promise<Iterable<[string, string | null]>> {
    const method = 'state_queryStorageAt';
    let answer: unknown;
    try {
      answer = await this.#call(method, [keys, this.hash]);
    } catch (error) {
      if (isNotServed(error)) return this.#oneByOne(keys);
      throw error;
    }
    const changes = answerAs(changeSets, method, answer).flatMap((set) => set.changes);
    const found = new Map(changes);
    if (found.size !== keys.length || keys.some((key) => !found.has(key)))
      throw malformed(method, 'other keys than those that were asked for');
    return found;
  }

  /** Where a node does not serve the call for many keys. */
  async #oneByOne(keys: readonly string[]): Promise<[string, string | null][]> {
    const method = 'state_getStorage';
    return Promise.all(
      keys.map(async (key): Promise<[string, string | null]> => {
        return [key, answerAs(hex.nullable(), method, await this.#call(method, [key, this.hash]))];
      }),
    );
  }

  #call(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.deps.link.call(method, params, this.deps.signal);
  }
}
