import type { ChainProxy } from '../../chain-proxy.js';
import { pick, type Random } from '../../frame-faults.js';
import type { PoolNode } from '../../pool-node.js';

/**
 * Where a connection is cut while an extrinsic is submitted: before the node has the request, after it has taken it and
 * before the reply, or while final blocks are followed.
 */
const PLACES = ['request', 'reply', 'following'] as const;
/** `drop` ends the connection, `freeze` leaves it open and carries nothing, `refuse` lets nobody connect for a while. */
const HOWS = ['drop', 'freeze', 'refuse'] as const;

export interface Cut {
  place: (typeof PLACES)[number];
  how: (typeof HOWS)[number];
  /** How long it lasts, and how long after the reply it comes where blocks are followed. */
  ms: number;
  /** Whether the node then has lost what was in its pool, as after a restart. */
  forgets: boolean;
  /** Submissions that are cut, one after another. */
  times: number;
}

export const someCut = (random: Random): Cut => ({
  place: pick(random, PLACES),
  how: pick(random, HOWS),
  ms: Math.ceil(random() * 400),
  forgets: random() < 0.25,
  times: random() < 0.25 ? 2 : 1,
});

const METHOD = '"author_submitExtrinsic"';
const ID = /"id":\s*(\d+)/;

/** Cuts the next submissions that pass the proxy. @returns how many have been cut so far */
export function cutSubmissions(proxy: ChainProxy, node: PoolNode, cut: Cut): () => number {
  const waiting = new Set<string>();
  let done = 0;
  const strike = (): void => {
    done += 1;
    if (cut.forgets) node.forget();
    void hit(proxy, cut);
  };
  proxy.rule(({ data, binary }, direction) => {
    const text = data.toString();
    const id = ID.exec(text)?.[1] ?? '';
    if (done >= cut.times) return [{ data, binary }];
    if (direction === 'up' && text.includes(METHOD)) {
      if (cut.place !== 'request') waiting.add(id);
      else strike();
      return cut.place === 'request' ? [] : [{ data, binary }];
    }
    if (direction !== 'down' || !waiting.delete(id)) return [{ data, binary }];
    if (cut.place === 'reply') strike();
    else setTimeout(strike, cut.ms);
    return cut.place === 'reply' ? [] : [{ data, binary }];
  });
  return () => done;
}

async function hit(proxy: ChainProxy, { how, ms }: Cut): Promise<void> {
  if (how === 'drop') return proxy.apply({ kind: 'drop' });
  await proxy.apply(how === 'freeze' ? { kind: 'freeze', directions: ['up', 'down'] } : { kind: 'refuse' });
  setTimeout(() => void proxy.reopen(), ms);
}
