import { allHandlers, type Blockchain } from '@acala-network/chopsticks-core';
import type { Call } from '../json-rpc-server.js';

/** The block `lag` blocks below the head. In chopsticks itself the head is always final. */
async function finalized(chain: Blockchain, lag: number): Promise<string> {
  const block = await chain.getBlockAt(Math.max(0, chain.head.number - lag));
  return (block ?? chain.head).hash;
}

/** The methods about finality, for a chain whose head is final only after some blocks more. */
export function finalityCalls(chain: Blockchain): Record<string, Call> {
  let lag = 0;
  const header = async (hash: string): Promise<unknown> =>
    await allHandlers['chain_getHeader']?.({ chain }, [hash], {
      subscribe: () => () => undefined,
      unsubscribe: () => undefined,
    });
  return {
    dev_setFinalityLag: async (_method, [blocks]) => {
      lag = Number(blocks);
    },
    chain_getFinalizedHead: async () => await finalized(chain, lag),
    chain_subscribeFinalizedHeads: async (_method, _params, peer) => {
      let sent = '';
      const id = chain.headState.subscribeHead(() => void update());
      const send = peer.subscribe('chain_finalizedHead', id, () => {
        chain.headState.unsubscribeHead(id);
      });
      const update = async (): Promise<void> => {
        const hash = await finalized(chain, lag);
        if (hash === sent) return;
        sent = hash;
        send(await header(hash));
      };
      void update();
      return id;
    },
  };
}
