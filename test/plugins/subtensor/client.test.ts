import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { asBlockNumber } from '@assay/core/contracts/brands';
import { errorOf } from '../../error-of.js';
import {
  headOf,
  inUse,
  keepAdvancing,
  never,
  openClient,
  startBehindProxy,
  startChain,
  until,
} from './scripted-link.js';

describe('the head', () => {
  it('is the newest final block', async () => {
    const chain = await startChain();
    chain.finalityLag = 3;
    chain.advance(10);
    const { client } = openClient([chain.url]);
    expect(await client.head(never())).toEqual({ number: 8, hash: chain.blocks.hash(8) });
    chain.advance(2);
    expect(await client.head(never())).toEqual({ number: 10, hash: chain.blocks.hash(10) });
  });

  it('does not go back over a node that is a little behind', async () => {
    const [first, second] = [await startBehindProxy({ firstBlock: 100 }), await startChain({ firstBlock: 100 })];
    first.chain.advance(9);
    second.advance(2);
    const { client, link } = openClient([first.proxy.url, second.url]);
    const known = await client.head(never());
    expect(known.number).toBe(109);
    await first.proxy.apply({ kind: 'refuse' });
    await until(() => inUse(link) === 1);
    expect(await client.head(never())).toEqual(known);
    expect(await client.blockHash(known.number, never())).toBe(known.hash);
    second.advance(8);
    expect((await client.head(never())).number).toBe(110);
  });

  it('and the blocks below it stay those that are final, over a node that is behind and on a fork', async () => {
    const [first, second] = [await startBehindProxy({ firstBlock: 100 }), await startChain({ firstBlock: 100 })];
    first.chain.advance(11);
    second.advance(4);
    second.advance(6, 'other');
    second.finalityLag = 6;
    const { client, link } = openClient([first.proxy.url, second.url]);
    const known = await client.head(never());
    expect(known.number).toBe(111);
    await first.proxy.apply({ kind: 'refuse' });
    await until(() => inUse(link) === 1);
    expect(await client.head(never())).toEqual(known);
    const error = await errorOf(client.blockHash(asBlockNumber(107), never()));
    expect(error).toMatchObject({ code: 'BLOCK_UNKNOWN' });
    expect(await client.blockHash(asBlockNumber(101), never())).toBe(first.chain.blocks.hash(101));
  });

  it('does not go back over a node that is far behind, until nothing else has come for 25 block times', async () => {
    const chain = await startChain({ firstBlock: 100 });
    chain.advance(50);
    const { client } = openClient([chain.url], { blockTimeMs: 1000 });
    expect((await client.head(never())).number).toBe(150);
    chain.finalityLag = 30;
    // Its head holds the known block, so that only finality lags.
    expect((await client.head(never())).number).toBe(150);
    chain.reorganise(40, 'other');
    expect(await errorOf(client.head(never()))).toMatchObject({ code: 'ANSWER_MALFORMED', fault: 'network' });
  });

  it('far behind is believed in the end', async () => {
    const chain = await startChain({ firstBlock: 100 });
    chain.advance(50);
    const { client } = openClient([chain.url], { blockTimeMs: 60 });
    expect((await client.head(never())).number).toBe(150);
    chain.reorganise(50, 'other');
    chain.finalityLag = 30;
    keepAdvancing(chain, 300);
    expect((await errorOf(client.head(never()))).code).toBe('ANSWER_MALFORMED');
    await sleep(25 * 60);
    let number = 150;
    for (let tries = 0; number >= 150 && tries < 20; tries += 1) {
      number = await client.head(never()).then(
        (head) => head.number,
        () => 150,
      );
      await sleep(50);
    }
    expect(number).toBeLessThan(130);
  });

  it('above the newest block of its node is not believed', async () => {
    const other = await startChain({ firstBlock: 5000 });
    const chain = await startChain({
      firstBlock: 100,
      instead: (method, params) => {
        if (method === 'chain_getFinalizedHead') return other.blocks.hash(5000);
        return method === 'chain_getHeader' && params[0] === other.blocks.hash(5000)
          ? other.blocks.header(other.blocks.hash(5000) ?? '')
          : undefined;
      },
    });
    const { client } = openClient([chain.url]);
    expect(await errorOf(client.head(never()))).toMatchObject({ code: 'ANSWER_MALFORMED' });
  });

  it.each<[name: string, change: (header: Record<string, unknown>) => unknown]>([
    ['another number', (header) => ({ ...header, number: '0x7' })],
    ['the number 0', (header) => ({ ...header, number: '0x0' })],
    ['another parent', (header) => ({ ...header, parentHash: `0x${'33'.repeat(32)}` })],
    ['one log more', (header) => ({ ...header, digest: { logs: ['0x00'] } })],
    ['no digest', (header) => ({ ...header, digest: undefined })],
    ['a number beyond 32 bits', (header) => ({ ...header, number: '0x1000000001' })],
  ])('with a header that does not come to its hash is refused: %s', async (_name, change) => {
    const chain = await startChain({
      instead: (method, params) =>
        method === 'chain_getHeader' && typeof params[0] === 'string'
          ? change({ ...chain.blocks.header(params[0]) })
          : undefined,
    });
    const { client } = openClient([chain.url]);
    expect(await errorOf(client.head(never()))).toMatchObject({ code: 'ANSWER_MALFORMED', fault: 'network' });
  });

  it('is not told when the chain has stalled, but the connection is', async () => {
    const chain = await startChain({ runtime: { specName: 'node-subtensor', specVersion: 1 } });
    const { client, link } = openClient([chain.url], { blockTimeMs: 50 });
    await headOf(link);
    await until(() => link.sinceHeadMs > 26 * 50);
    expect((await errorOf(client.head(never()))).code).toBe('CHAIN_STALLED');
    expect((await errorOf(client.snapshot(never()))).code).toBe('CHAIN_STALLED');
    expect((await errorOf(client.blockHash(asBlockNumber(1), never()))).code).toBe('CHAIN_STALLED');
    // The script has no metadata: the refusal shows that the connection was looked at, and not the age of the head.
    expect((await errorOf(client.connection(never()))).code).not.toBe('CHAIN_STALLED');
    chain.advance();
    await until(() => link.sinceHeadMs < 500);
    expect((await client.head(never())).number).toBe(2);
  });
});

describe('the hash of a block', () => {
  it('is waited for until the block is final', async () => {
    const chain = await startChain();
    chain.finalityLag = 2;
    chain.advance(4);
    const { client } = openClient([chain.url], { blockTimeMs: 200 });
    let settled = false;
    const waiting = client.blockHash(asBlockNumber(5), never()).finally(() => {
      settled = true;
    });
    await sleep(150);
    expect(settled).toBe(false);
    chain.advance(2);
    expect(await waiting).toBe(chain.blocks.hash(5));
    expect(await client.blockHash(asBlockNumber(2), never())).toBe(chain.blocks.hash(2));
  });

  it.each<[name: string, block: number, code: string]>([
    ['above the newest', 100, 'BLOCK_UNKNOWN'],
    ['that does not become final', 6, 'BLOCK_NOT_FINAL'],
  ])('of one %s is a coded error', async (_name, block, code) => {
    const chain = await startChain();
    chain.advance(5);
    chain.finalityLag = 3;
    const { client } = openClient([chain.url], { blockTimeMs: 60 });
    expect((await errorOf(client.blockHash(asBlockNumber(block), never()))).code).toBe(code);
  });

  it.each(['signal', 'close'] as const)('stops waiting at once: %s', async (how) => {
    const chain = await startChain();
    chain.advance(5);
    chain.finalityLag = 3;
    const { client } = openClient([chain.url], { blockTimeMs: 60_000 });
    const controller = new AbortController();
    const waiting = errorOf(client.blockHash(asBlockNumber(6), controller.signal));
    await sleep(200);
    const began = performance.now();
    if (how === 'signal') controller.abort();
    else await client.close();
    expect((await waiting).code).toBe(how === 'signal' ? 'ABORTED' : 'CHAIN_CLOSED');
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('of another block is refused', async () => {
    const chain = await startChain({
      instead: (method, params) =>
        method === 'chain_getBlockHash' && params[0] === 2 ? chain.blocks.hash(3) : undefined,
    });
    chain.advance(5);
    const { client } = openClient([chain.url]);
    expect((await errorOf(client.blockHash(asBlockNumber(2), never()))).code).toBe('ANSWER_MALFORMED');
  });
});
