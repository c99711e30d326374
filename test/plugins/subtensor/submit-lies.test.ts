import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../error-of.js';
import { RpcError } from '../../json-rpc-server.js';
import type { PoolNode } from '../../pool-node.js';
import { missing, titled } from './opened.js';
import { keeper, keepMaking, openSubmitter, rowOf, soon, startNode } from './submitting.js';

/** A node behind a gateway that passes the first submission on and answers with words of its own. */
async function behindGateway(code: number, message: string, before = async (node: PoolNode) => Promise.resolve(node)) {
  const started: { node?: PoolNode } = {};
  let answered = 0;
  const node = await startNode({
    instead: async (method, params) => {
      if (method !== 'author_submitExtrinsic' || !started.node) return undefined;
      answered += 1;
      if (answered > 1) return undefined;
      await started.node.answer(method, params);
      await before(started.node);
      throw new RpcError(code, message);
    },
  });
  started.node = node;
  return node;
}

describe.skipIf(missing !== undefined)(titled('weights that a gateway has passed on'), () => {
  it.each<[code: number, message: string]>([
    [-32_603, 'Internal error'],
    [-32_000, 'upstream request timeout'],
    [504, 'Gateway Timeout'],
  ])('without telling so (%i %s) are set once', async (code, message) => {
    const node = await behindGateway(code, message, async (passed) => {
      // The extrinsic is in a block before it is given to a node again, which then says that its nonce is used.
      passed.advance();
      passed.refuse = () => ({ code: 1010, message: 'Invalid Transaction', data: 'Transaction is outdated' });
      return Promise.resolve(passed);
    });
    const { client } = await openSubmitter([node.chain.url]);
    keepMaking(node);
    const { keep, tickets } = keeper();
    const receipt = await client.setWeights(rowOf(1), soon(), keep);
    expect(tickets).toHaveLength(1);
    expect(node.included).toMatchObject([{ block: receipt.at.number }]);
  });
});

describe.skipIf(missing !== undefined)(titled('a ticket that is asked for several times at once'), () => {
  it.each([2, 3, 4])('(%i times) has one fate, however long the node takes for one block', async (times) => {
    const slow: { block?: string } = {};
    const node = await startNode({
      instead: async (method, params) => {
        if (method !== 'chain_getBlock' || params[0] !== slow.block) return undefined;
        delete slow.block;
        await sleep(300);
        return undefined;
      },
    });
    const { client, path } = await openSubmitter([node.chain.url]);
    keepMaking(node);
    const { keep, tickets } = keeper();
    const { at } = await client.setWeights(rowOf(1), soon(), keep);
    const { client: later } = await openSubmitter([node.chain.url], { path });
    slow.block = at.hash;
    const ask = (): Promise<unknown> => later.weightsFate(tickets[0] ?? null, soon());
    const fates = await Promise.all(Array.from({ length: times }, ask));
    expect(fates).toEqual(Array.from({ length: times }, () => ({ status: 'set', at })));
  });
});

describe.skipIf(missing !== undefined)(titled('a node that can not tell what has become of an extrinsic'), () => {
  it('is not taken for a chain that has refused it', async () => {
    let isForgetful = false;
    const node = await startNode({
      instead: (method) => {
        if (method === 'chain_getBlock' && isForgetful)
          throw new RpcError(4001, 'Client error: UnknownBlock: Header was not found in the database');
        return undefined;
      },
    });
    const { client } = await openSubmitter([node.chain.url], { blockTimeMs: 40 });
    keepMaking(node, 40);
    isForgetful = true;
    const { keep, tickets } = keeper();
    const error = await errorOf(client.setWeights(rowOf(1), soon(), keep));
    expect(error).toMatchObject({ code: 'FATE_UNKNOWN', fault: 'network' });
    isForgetful = false;
    expect(await client.weightsFate(tickets[0] ?? null, soon())).toMatchObject({ status: 'set' });
  });
});
