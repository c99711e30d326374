import { setTimeout as sleep } from 'node:timers/promises';
import { ApiPromise, WsProvider } from '@polkadot/api';
import { afterEach, describe, expect, it } from 'vitest';
import { findRecordings } from './recorded-chain.js';
import { ScriptedChain, type ScriptedOptions } from './scripted-chain.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function scripted(options: ScriptedOptions = {}): Promise<{ chain: ScriptedChain; client: WsProvider }> {
  const chain = await ScriptedChain.start(options);
  closing.push(() => chain.close());
  const client = new WsProvider(chain.url, false);
  closing.push(() => client.disconnect());
  await client.connect();
  await client.isReady;
  return { chain, client };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 400; tries += 1) await sleep(5);
  expect(holds()).toBe(true);
}

/** What a subscription tells, as numbers of blocks or versions. */
async function told(client: WsProvider, type: string, method: string): Promise<unknown[]> {
  const seen: unknown[] = [];
  await client.subscribe(type, method, [], (_error, result: { number?: string; specVersion?: number }) => {
    seen.push(result.number === undefined ? result.specVersion : Number(result.number));
  });
  return seen;
}

describe('a scripted chain', () => {
  it('has headers that lead from one to the next', async () => {
    const { chain, client } = await scripted();
    chain.advance(3);
    const hash: unknown = await client.send('chain_getBlockHash', [4]);
    expect(await client.send('chain_getHeader', [hash])).toMatchObject({
      number: '0x4',
      parentHash: chain.blocks.hash(3),
    });
    expect(await client.send('chain_getBlockHash', [5])).toBeNull();
    expect(await client.send('chain_getBlockHash', [[0, 4]])).toEqual([chain.blocks.genesisHash, hash]);
  });

  it('has the hashes of another chain of the same name only', async () => {
    const { chain } = await scripted({ name: 'one' });
    const { chain: same } = await scripted({ name: 'one' });
    const { chain: other } = await scripted({ name: 'two' });
    expect(same.blocks.hash(1)).toBe(chain.blocks.hash(1));
    expect(other.blocks.genesisHash).not.toBe(chain.blocks.genesisHash);
    expect(other.blocks.hash(1)).not.toBe(chain.blocks.hash(1));
  });

  it('tells of heads, final ones later, and of none after the client unsubscribed', async () => {
    const { chain, client } = await scripted();
    chain.finalityLag = 2;
    const heads = await told(client, 'chain_newHead', 'chain_subscribeNewHeads');
    const final = await told(client, 'chain_finalizedHead', 'chain_subscribeFinalizedHeads');
    chain.advance(4);
    await until(() => heads.length === 5 && final.length === 3);
    expect([heads, final]).toEqual([
      [1, 2, 3, 4, 5],
      [1, 2, 3],
    ]);
    expect(await client.send('chain_getFinalizedHead', [])).toBe(chain.blocks.hash(3));
    await client.disconnect();
    await until(() => chain.server.subscriptions === 0);
  });

  it('lags behind, and says that it is syncing', async () => {
    const { chain, client } = await scripted({ firstBlock: 100 });
    chain.advance(20);
    chain.lag = 12;
    chain.syncing = true;
    expect(await client.send('chain_getHeader', [])).toMatchObject({ number: `0x${(108).toString(16)}` });
    expect(await client.send('system_health', [])).toMatchObject({ isSyncing: true });
    expect(await client.send('system_syncState', [])).toMatchObject({ currentBlock: 108, highestBlock: 120 });
  });

  it('keeps storage block by block, and discards old states', async () => {
    const { chain, client } = await scripted();
    chain.blocks.put('0xaa01', '0x01');
    chain.blocks.put('0xaa02', '0x02');
    chain.advance();
    chain.blocks.put('0xaa01', '0x11');
    chain.blocks.put('0xaa02', null);
    const [old, now] = [chain.blocks.hash(1), chain.blocks.hash(2)];
    expect(await client.send('state_getStorage', ['0xaa01', old])).toBe('0x01');
    expect(await client.send('state_getStorage', ['0xaa01'])).toBe('0x11');
    expect(await client.send('state_getKeysPaged', ['0xaa', 1, '0xaa01', old])).toEqual(['0xaa02']);
    expect(await client.send('state_queryStorageAt', [['0xaa01', '0xaa02'], now])).toEqual([
      {
        block: now,
        changes: [
          ['0xaa01', '0x11'],
          ['0xaa02', null],
        ],
      },
    ]);
    chain.statesKept = 0;
    await expect(client.send('state_getStorage', ['0xaa01', old])).rejects.toThrow('State already discarded');
  });

  it('takes blocks back, with what they changed', async () => {
    const { chain, client } = await scripted();
    chain.advance();
    chain.blocks.put('0xaa', '0x01');
    const before = chain.blocks.hash(2);
    chain.reorganise(1, 'fork');
    expect(chain.blocks.hash(2)).not.toBe(before);
    expect(await client.send('state_getStorage', ['0xaa'])).toBeNull();
    expect(await client.send('chain_getHeader', [before])).toBeNull();
  });

  it('changes its runtime at a block, and tells of it', async () => {
    const { chain, client } = await scripted({ runtime: { specName: 'node-subtensor', specVersion: 343 } });
    const versions = await told(client, 'state_runtimeVersion', 'state_subscribeRuntimeVersion');
    chain.upgrade(3, { specName: 'node-subtensor', specVersion: 424 });
    chain.advance(2);
    await until(() => versions.length === 2);
    expect(versions).toEqual([343, 424]);
    expect(await client.send('state_getRuntimeVersion', [chain.blocks.hash(2)])).toMatchObject({ specVersion: 343 });
  });

  it('answers runtime calls from its table, and nothing else', async () => {
    const { client } = await scripted({
      calls: new Map([['Api_one:0x01', '0xff']]),
      instead: (method) => (method === 'system_chain' ? 'Bittensor' : undefined),
    });
    expect(await client.send('state_call', ['Api_one', '0x01'])).toBe('0xff');
    expect(await client.send('system_chain', [])).toBe('Bittensor');
    await expect(client.send('state_call', ['Api_one', '0x02'])).rejects.toThrow('is not found');
    await expect(client.send('author_submitExtrinsic', ['0x'])).rejects.toThrow('Method not found');
  });
});

const recordings = findRecordings();
const why = typeof recordings === 'string' ? ` (skipped: ${recordings})` : '';

describe.skipIf(typeof recordings === 'string')(`a scripted chain with recorded answers${why}`, () => {
  it('gives an independent client its metadata, its hashes and a subnet of 1,024 uids', async () => {
    if (typeof recordings === 'string') return;
    const { metadata343, metadata424, calls } = recordings;
    const { chain } = await scripted({
      firstBlock: 6_852_690,
      runtime: { specName: 'node-subtensor', specVersion: 343, metadata: metadata343 },
      calls,
    });
    chain.upgrade(6_852_692, { specName: 'node-subtensor', specVersion: 424, metadata: metadata424 });
    const api = await ApiPromise.create({ provider: new WsProvider(chain.url), noInitWarn: true });
    closing.push(() => api.disconnect());
    // It takes the metadata from the runtime's own call.
    expect(chain.asked.has('state_getMetadata')).toBe(false);
    expect((await api.rpc.chain.getHeader()).hash.toHex()).toBe(chain.blocks.hash(6_852_690));
    const state = await api.call['subnetInfoRuntimeApi']?.['getSubnetState']?.(1);
    expect(state?.toPrimitive()).toHaveProperty('hotkeys.length', 1024);
    expect(api.call['subnetInfoRuntimeApi']).toHaveProperty('getSelectiveMechagraph');
    chain.advance(3);
    // The client reads a block by the runtime of its parent.
    const at = await api.at(chain.blocks.hash(6_852_693) ?? '');
    expect(at.runtimeVersion.specVersion.toNumber()).toBe(424);
    expect(at.query['commitments']).toHaveProperty('commitmentOf');
  });
});
