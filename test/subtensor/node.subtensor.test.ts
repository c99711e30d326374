import { setTimeout as sleep } from 'node:timers/promises';
import { Keyring } from '@polkadot/api';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { call, openClient } from './client.js';
import { missing, startedNode, titled } from './started.js';

const Subscribed = z.object({ id: z.literal(3), result: z.string() });

/** A client without any library: sends texts, and keeps every message. */
async function rawClient(
  url: string,
): Promise<{ socket: WebSocket; messages: unknown[]; until: (count: number) => Promise<void> }> {
  const socket = new WebSocket(url);
  const messages: unknown[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const until = async (count: number): Promise<void> => {
    for (let tries = 0; messages.length < count && tries < 400; tries += 1) await sleep(25);
    expect(messages.length).toBeGreaterThanOrEqual(count);
  };
  return { socket, messages, until };
}

describe.skipIf(missing !== undefined)(titled('the node with the real runtime'), () => {
  const node = startedNode();

  it('boots the runtime of spec 293', async () => {
    expect(await node().send('state_getRuntimeVersion', [])).toMatchObject({
      specName: 'node-subtensor',
      specVersion: 293,
    });
    expect(await node().send('chain_getBlockHash', [0])).toBe(`0x${'45'.repeat(32)}`);
    const peak = node().peakMemory();
    process.stderr.write(`boot ${Math.round(node().bootMs)} ms, peak ${Math.round(peak / 2 ** 20)} MiB\n`);
    expect(peak).toBeGreaterThan(2 ** 27);
  });

  it('makes blocks on command, each on top of the last', async () => {
    const api = await openClient(node().url);
    const before = await api.rpc.chain.getHeader();
    const hash = await node().newBlock(2);
    const after = await api.rpc.chain.getHeader(hash);
    expect(after.number.toNumber()).toBe(before.number.toNumber() + 2);
    const parent = await api.rpc.chain.getHeader(after.parentHash);
    expect(parent.parentHash.toHex()).toBe(before.hash.toHex());
    await api.disconnect();
  });

  it('tells two clients of new and final heads, and forgets one that went', async () => {
    const [one, two] = await Promise.all([openClient(node().url), openClient(node().url)]);
    const seen: Record<string, number[]> = { one: [], two: [], final: [] };
    await one.rpc.chain.subscribeNewHeads((head) => void seen['one']?.push(head.number.toNumber()));
    await two.rpc.chain.subscribeNewHeads((head) => void seen['two']?.push(head.number.toNumber()));
    await two.rpc.chain.subscribeFinalizedHeads((head) => void seen['final']?.push(head.number.toNumber()));
    const head = (await one.rpc.chain.getHeader()).number.toNumber();
    await sleep(200);
    const held = await node().usage();
    await node().newBlock(2);
    await sleep(200);
    for (const numbers of Object.values(seen)) expect(numbers.slice(-3)).toEqual([head, head + 1, head + 2]);
    await two.disconnect();
    await sleep(200);
    expect(await node().usage()).toMatchObject({
      connections: held.connections - 1,
      subscriptions: held.subscriptions - 3,
    });
    await one.disconnect();
  });

  it('lets a block become final only after some more', async () => {
    await node().setFinalityLag(2);
    const api = await openClient(node().url);
    const hash = await node().newBlock();
    const number = (await api.rpc.chain.getHeader(hash)).number.toNumber();
    const final = async (): Promise<number> =>
      (await api.rpc.chain.getHeader(await api.rpc.chain.getFinalizedHead())).number.toNumber();
    expect(await final()).toBe(number - 2);
    await node().newBlock(2);
    expect((await api.rpc.chain.getFinalizedHead()).toHex()).toBe(hash);
    await node().setFinalityLag(0);
    await api.disconnect();
  });

  it('answers a batch in one message, and a subscription before its notifications', async () => {
    const { socket, messages, until } = await rawClient(node().url);
    socket.send('[{"jsonrpc":"2.0","id":1,"method":"system_chain"},{"jsonrpc":"2.0","id":2,"method":"no_such"},7]');
    await until(1);
    expect(messages[0]).toMatchObject([
      { id: 1, result: 'bittensor' },
      { id: 2, error: { code: -32601 } },
      { error: { code: -32600 } },
    ]);
    socket.send('{"jsonrpc":"2.0","id":3,"method":"state_subscribeRuntimeVersion","params":[]}');
    await until(3);
    const { result: subscription } = Subscribed.parse(messages[1]);
    expect(messages[2]).toMatchObject({
      method: 'state_runtimeVersion',
      params: { subscription, result: { specVersion: 293 } },
    });
    socket.send('{"broken');
    await until(4);
    expect(messages[3]).toMatchObject({ id: null, error: { code: -32700 } });
    socket.terminate();
  });

  it('answers runtime calls, and refuses those of an unknown block', async () => {
    expect(await node().send('state_call', ['AccountNonceApi_account_nonce', `0x${'00'.repeat(32)}`])).toBe(
      '0x00000000',
    );
    await expect(node().send('state_call', ['Core_version', '0x', `0x${'ab'.repeat(32)}`])).rejects.toThrow(
      'State already discarded',
    );
  });

  it('discards the state of a block on command', async () => {
    const old = await node().newBlock();
    await node().newBlock();
    expect(await node().send('state_getRuntimeVersion', [old])).toMatchObject({ specVersion: 293 });
    await node().discardState(old);
    await expect(node().send('state_getRuntimeVersion', [old])).rejects.toThrow('State already discarded');
    expect(await node().send('chain_getHeader', [old])).toHaveProperty('number');
  });

  it('goes back to an earlier block and forks', async () => {
    const api = await openClient(node().url);
    const base = await node().newBlock();
    const left = await node().newBlock();
    const number = (await api.rpc.chain.getHeader(left)).number.toNumber();
    expect(await node().setHead(base)).toBe(base);
    // Without an extrinsic in it the new block would be the old one, with the same hash.
    await call(api, 'system', 'remark', '0x01').signAndSend(new Keyring({ type: 'sr25519' }).addFromUri('//Alice'), {
      era: 0,
    });
    const right = await node().newBlock();
    expect((await api.rpc.chain.getHeader(right)).number.toNumber()).toBe(number);
    expect(right).not.toBe(left);
    expect((await api.rpc.chain.getBlockHash(number)).toHex()).toBe(right);
    await api.disconnect();
  });

  it('stands still while frozen, with its sockets open, and goes on', async () => {
    const { socket, messages, until } = await rawClient(node().url);
    node().freeze();
    socket.send('{"jsonrpc":"2.0","id":1,"method":"system_chain"}');
    await sleep(1500);
    expect(messages).toEqual([]);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    node().thaw();
    await until(1);
    expect(messages[0]).toMatchObject({ id: 1, result: 'bittensor' });
    socket.terminate();
  });
});
