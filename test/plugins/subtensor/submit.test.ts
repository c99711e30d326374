import { describe, expect, it } from 'vitest';
import { missing, titled } from './opened.js';
import { keeper, keepMaking, openSubmitter, rowOf, soon, startNode } from './submitting.js';

describe.skipIf(missing !== undefined)(titled('weights'), () => {
  it('land in a final block, once', async () => {
    const node = await startNode();
    const { client } = await openSubmitter([node.chain.url]);
    keepMaking(node);
    const { keep, tickets } = keeper();
    const receipt = await client.setWeights(rowOf(1), soon(), keep);
    expect(node.included).toMatchObject([
      { call: 'subtensorModule.setWeights', block: receipt.at.number, succeeded: true },
    ]);
    expect(receipt).toEqual({
      at: { number: receipt.at.number, hash: node.chain.blocks.hash(receipt.at.number) },
      mode: 'set',
    });
    expect(tickets).toHaveLength(1);
    expect(await client.weightsFate(tickets[0] ?? null, soon())).toEqual({ status: 'set', at: receipt.at });
  });
});
