import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asBlockNumber } from '@assay/core/contracts/brands';
import type { ChainClient } from '@assay/core/contracts/chain-client';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import { deriveHotkey, verifySignature } from '@assay/lib-sr25519';
import plugin, { LocalNetwork } from '@assay/plugin-local-chain';
import { describe, expect, it } from 'vitest';
import { GENESIS, HandClock, newFolder } from './networks.js';

const { signal } = new AbortController();
const folderWithGenesis = (): string => {
  const folder = newFolder();
  writeFileSync(join(folder, 'genesis.json'), JSON.stringify(GENESIS));
  return folder;
};

const keepNothing = (): Promise<void> => Promise.resolve();

interface Change {
  clock?: HandClock;
  mode?: 'validate' | 'read';
  netuid?: number;
  options?: Record<string, unknown>;
}

async function client(
  folder: string,
  { clock = new HandClock(), mode = 'validate', netuid = 9, options = {} }: Change = {},
): Promise<ChainClient> {
  const factory = plugin.provides.chain;
  if (!factory) throw new Error('the plugin provides no chain');
  const checked: unknown = factory.options.parse({ file: 'chain.db', genesis: 'genesis.json', ...options });
  const deps = {
    clock,
    dataDir: folder,
    netuid,
    modules: [],
    make: makesNothing,
    environment: {},
    log: () => undefined,
    resolvePath: (path: string) => join(folder, path),
    mode,
    readOnly: false,
  };
  return factory.create(checked, deps, signal);
}

describe('time', () => {
  it('passes while a validator has the network open, at the genesis’ speed', async () => {
    const [folder, clock] = [folderWithGenesis(), new HandClock()];
    const chain = await client(folder, { clock });
    expect((await chain.head(signal)).number).toBe(1000);
    clock.ms += 11_999;
    expect((await chain.head(signal)).number).toBe(1000);
    clock.ms += 1;
    expect((await chain.head(signal)).number).toBe(1001);
    clock.ms += 12_000 * 10 + 6_000;
    expect((await chain.snapshot(signal)).at.number).toBe(1011);
    clock.ms += 6_000;
    expect(await chain.blockHash(asBlockNumber(1012), signal)).toMatch(/^0x/);
    await chain.close();
  });

  it('stands still while nobody validates, and goes on where it stood', async () => {
    const [folder, clock] = [folderWithGenesis(), new HandClock()];
    const first = await client(folder, { clock });
    clock.ms += 120_000;
    expect((await first.head(signal)).number).toBe(1010);
    await first.close();
    clock.ms += 3_600_000;
    const second = await client(folder, { clock });
    expect((await second.head(signal)).number).toBe(1010);
    clock.ms += 12_000;
    expect((await second.head(signal)).number).toBe(1011);
    await second.close();
  });

  it('is seen by readers, who do not make it pass', async () => {
    const [folder, clock] = [folderWithGenesis(), new HandClock()];
    const validator = await client(folder, { clock });
    const reader = await client(folder, { clock, mode: 'read' });
    clock.ms += 60_000;
    expect((await reader.head(signal)).number).toBe(1000);
    await validator.head(signal);
    expect((await reader.head(signal)).number).toBe(1005);
    await expect(
      reader.setWeights({ uids: [], hotkeys: [], weights: [], versionKey: 5n }, signal, keepNothing),
    ).rejects.toMatchObject({
      code: 'NETWORK_IO',
    });
    await reader.close();
    await validator.close();
  });

  it('passes at another speed, or only by hand', async () => {
    const [fastFolder, handFolder, clock] = [folderWithGenesis(), folderWithGenesis(), new HandClock()];
    const fast = await client(fastFolder, { clock, options: { blockTime: 0.25 } });
    const hand = await client(handFolder, { clock, options: { blockTime: 0 } });
    clock.ms += 60_000;
    expect([(await fast.head(signal)).number, (await hand.head(signal)).number]).toEqual([1240, 1000]);
    const network = LocalNetwork.open(join(handFolder, 'chain.db'), 'write');
    network.advance(30);
    expect((await hand.head(signal)).number).toBe(1030);
    network.close();
    await fast.close();
    await hand.close();
  });

  it('goes on after the clock was set back', async () => {
    const [folder, clock] = [folderWithGenesis(), new HandClock()];
    const chain = await client(folder, { clock });
    clock.ms -= 3_600_000;
    expect((await chain.head(signal)).number).toBe(1000);
    clock.ms += 12_000;
    expect((await chain.head(signal)).number).toBe(1001);
    await chain.close();
  });
});

describe('the validator’s key', () => {
  it('is found by name, derivation or address, and signs what its hotkey verifies', async () => {
    const folder = folderWithGenesis();
    const message = new Uint8Array(32).fill(3);
    const validator = await deriveHotkey('//validator');
    for (const hotkey of [undefined, 'validator', '//validator', validator]) {
      const chain = await client(folder, { options: hotkey === undefined ? {} : { hotkey } });
      const identity = await chain.identity();
      expect(identity.hotkey).toBe(validator);
      const signature = await identity.sign?.(message);
      expect(await verifySignature(message, signature ?? new Uint8Array(), validator)).toBe(true);
      expect(await verifySignature(message.fill(4), signature ?? new Uint8Array(), validator)).toBe(false);
      message.fill(3);
      await chain.close();
    }
    expect(await verifySignature(message, new Uint8Array(3), 'nonsense')).toBe(false);
  });

  it('does not sign where only its address is known', async () => {
    const address = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';
    const chain = await client(folderWithGenesis(), { options: { hotkey: address } });
    expect(await chain.identity()).toEqual({ hotkey: address });
    await chain.close();
  });

  it.each(['nobody', '//', '///x', '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694tx'])(
    'is refused as %s',
    async (hotkey) => {
      await expect(client(folderWithGenesis(), { options: { hotkey } })).rejects.toMatchObject({
        code: 'HOTKEY_UNKNOWN',
        payload: { known: ['alice', 'bob', 'other', 'validator'] },
      });
    },
  );
});

describe('the client', () => {
  it('says what it is', async () => {
    const folder = folderWithGenesis();
    const chain = await client(folder);
    expect(chain.description).toBe(`local network in ${join(folder, 'chain.db')}, not Bittensor`);
    expect(chain.netuid).toBe(9);
    await chain.close();
  });

  it('obeys its signal and can be closed twice', async () => {
    const chain = await client(folderWithGenesis());
    const aborted = AbortSignal.abort();
    for (const call of [
      chain.head(aborted),
      chain.snapshot(aborted),
      chain.blockHash(asBlockNumber(1), aborted),
      chain.setWeights({ uids: [], hotkeys: [], weights: [], versionKey: 0n }, aborted, keepNothing),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
    }
    await chain.close();
    await chain.close();
    await expect(chain.head(signal)).rejects.toMatchObject({ code: 'CHAIN_CLOSED' });
  });

  it('sets weights under the chain’s rules', async () => {
    const chain = await client(folderWithGenesis());
    const { neurons } = await chain.snapshot(signal);
    const targets = neurons.slice(2, 4);
    const to = { uids: targets.map(({ uid }) => uid), hotkeys: targets.map(({ hotkey }) => hotkey), versionKey: 5n };
    const receipt = await chain.setWeights({ ...to, weights: [65_535, 7] }, signal, keepNothing);
    const after = await chain.snapshot(signal);
    expect(after.at).toEqual(receipt.at);
    expect([...after.weights.values()][0]).toEqual([
      [2, 65_535],
      [3, 7],
    ]);
    await expect(chain.setWeights({ ...to, weights: [1, 1] }, signal, keepNothing)).rejects.toMatchObject({
      code: 'SettingWeightsTooFast',
      fault: 'chain',
    });
    await chain.close();
  });

  it('refuses another netuid, a missing network and a broken genesis', async () => {
    const folder = folderWithGenesis();
    await expect(client(folder, { mode: 'read' })).rejects.toMatchObject({ code: 'NETWORK_MISSING' });
    await expect(client(folder, { netuid: 1 })).rejects.toMatchObject({ code: 'NETUID_MISMATCH', fault: 'config' });
    writeFileSync(join(folder, 'genesis.json'), '{');
    await expect(client(folder)).rejects.toMatchObject({ code: 'GENESIS_INVALID' });
    await expect(client(folder, { options: { genesis: 'none.json', file: 'none.db' } })).rejects.toMatchObject({
      code: 'NETWORK_MISSING',
    });
    // The network is there already and needs no genesis.
    await (await client(folder, { options: { genesis: 'none.json' } })).close();
  });
});

describe('one file in several processes', () => {
  it('gives each snapshot one moment, and keeps what was acknowledged before kill -9', async () => {
    const folder = folderWithGenesis();
    const chain = await client(folder, { options: { blockTime: 0 } });
    const child = spawn(process.execPath, [join(import.meta.dirname, 'committer.mjs'), join(folder, 'chain.db')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      acknowledged = Math.max(acknowledged, ...chunk.toString().trim().split('\n').map(Number));
    });
    await once(child.stdout, 'data');
    while (acknowledged < 1040) {
      const { at, commitments } = await chain.snapshot(signal);
      // The committer writes to each commitment the block that it expects to be in.
      const newest = Math.max(...commitments.filter(({ data }) => data.startsWith('#')).map(({ block }) => block));
      for (const { data, block } of commitments) if (data.startsWith('#')) expect(data).toBe(`#${block}`);
      expect(newest).toBe(at.number);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGKILL');
    await once(child.stdout, 'close');
    expect((await chain.head(signal)).number - acknowledged).toBeOneOf([0, 1]);
    await chain.close();
  });
});
