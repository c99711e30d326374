import type { BlockReference, ChainSnapshot } from '@assay/core/contracts/chain-client';
import { readSnapshot } from '@assay/plugin-subtensor/dist/read/snapshot.js';
import { SubtensorClient } from '@assay/plugin-subtensor/dist/client.js';
import { Link } from '@assay/plugin-subtensor/dist/rpc/link.js';
import type { Runtime } from '@assay/plugin-subtensor/dist/runtime/runtime.js';
import { Runtimes } from '@assay/plugin-subtensor/dist/runtime/runtimes.js';

interface Place {
  netuid: number;
  mechanism?: number;
}

export interface Reader {
  client: SubtensorClient;
  /** A snapshot by a runtime that seems to lack these of its functions: it takes another path to the metagraph. */
  without(hidden: readonly string[], at: BlockReference): Promise<ChainSnapshot>;
  /** Names of the calls that have gone to the node, runtime functions by their own names. */
  asked: string[];
}

const signal = (): AbortSignal => AbortSignal.timeout(300_000);

/** The plugin's client of one subnet, over one node. */
export function openReader(url: string, { netuid, mechanism = 0 }: Place): Reader {
  const asked: string[] = [];
  const link = recorded(
    new Link(
      { endpoints: [url], callMs: 120_000, blockTimeMs: 3_600_000, compareMs: 3_600_000 },
      { log: () => undefined },
    ),
    asked,
  );
  const runtimes = new Runtimes({ link });
  const client = new SubtensorClient(
    { netuid, mechanism, network: 'test', learnBlockTime: false },
    {
      link,
      runtimes,
      identity: {
        get: () => Promise.reject(new Error('a reader has no key')),
        key: () => Promise.reject(new Error('a reader has no key')),
        close: () => Promise.resolve(),
      },
      log: () => undefined,
    },
  );
  const place = { netuid, mechanism, chain: 'test' };
  return {
    client,
    asked,
    without: (hidden, at) => readSnapshot(place, at, { link, runtimes: hiding(runtimes, hidden) }, signal()),
  };
}

/** A stand-in for an object that differs in one method alone. */
function instead<T extends object, Name extends keyof T & string>(target: T, name: Name, method: T[Name]): T {
  return new Proxy(target, {
    get(object, property) {
      if (property === name) return method;
      const value: unknown = Reflect.get(object, property, object);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}

function hiding(runtimes: Runtimes, hidden: readonly string[]): Runtimes {
  return instead(runtimes, 'at', async (block, until) => {
    const found = await runtimes.at(block, until);
    const has: Runtime['hasFunction'] = (api, method) =>
      !hidden.includes(method) && found.runtime.hasFunction(api, method);
    return { ...found, runtime: instead(found.runtime, 'hasFunction', has) };
  });
}

function recorded(link: Link, asked: string[]): Link {
  return instead(link, 'call', (method, params, until, repeat) => {
    asked.push(method === 'state_call' ? String(params[0]) : method);
    return link.call(method, params, until, repeat);
  });
}
