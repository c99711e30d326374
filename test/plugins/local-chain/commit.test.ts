import { join } from 'node:path';
import type { ChainClient } from '@assay/core/contracts/chain-client';
import { LocalChainClient, LocalNetwork } from '@assay/plugin-local-chain';
import { describe, expect, it } from 'vitest';
import { GENESIS, HandClock, newFolder } from './networks.js';

const { signal } = new AbortController();
const TEMPO = 20;
const [ALICE, BOB] = ['//miner/1', 'bob'];

async function networkIn(folder: string): Promise<LocalNetwork> {
  const hyperparameters = { ...GENESIS.hyperparameters, tempo: TEMPO };
  return LocalNetwork.create(join(folder, 'chain.db'), { ...GENESIS, blockTime: 0, hyperparameters });
}

async function as(hotkey: string, folder: string): Promise<ChainClient> {
  const network = await networkIn(folder);
  const options = { netuid: 9, blockTime: 0, hotkey, mode: 'validate' } as const;
  return LocalChainClient.init(options, { network, clock: new HandClock() });
}

const committedBy = async (chain: ChainClient, hotkey: string): Promise<{ data: string; block: number } | undefined> =>
  (await chain.snapshot(signal)).commitments.find((commitment) => commitment.hotkey === hotkey);

it('puts a text on chain under the own hotkey, in the next block, where other processes see it', async () => {
  const folder = newFolder();
  const [miner, other] = [await as(ALICE, folder), await as('validator', folder)];
  const { hotkey } = await miner.identity();
  const { number: before } = await miner.head(signal);
  const { at } = await miner.commit('a:model:€', signal);
  expect(at.number).toBe(before + 1);
  expect(await committedBy(other, hotkey)).toMatchObject({ data: 'a:model:€', block: at.number });
  const again = await miner.commit('a:model:€', signal);
  expect(await committedBy(other, hotkey)).toMatchObject({ block: again.at.number });
  await Promise.all([miner.close(), other.close()]);
});

it('takes as many bytes of UTF-8 as it says, and refuses one more without a change', async () => {
  const folder = newFolder();
  const miner = await as(ALICE, folder);
  const most = 'é'.repeat(miner.maxCommitmentBytes / 2);
  await miner.commit(most, signal);
  const { number: head } = await miner.head(signal);
  await expect(miner.commit(`${most}.`, signal)).rejects.toMatchObject({
    code: 'COMMITMENT_TOO_LONG',
    fault: 'config',
    payload: { bytes: 129, limit: 128 },
  });
  expect((await miner.head(signal)).number).toBe(head);
  expect(await committedBy(miner, (await miner.identity()).hotkey)).toMatchObject({ data: most });
  await miner.close();
});

it('refuses a hotkey that is not registered', async () => {
  const folder = newFolder();
  const stranger = await as('//stranger', folder);
  await expect(stranger.commit('text', signal)).rejects.toMatchObject({
    code: 'AccountNotAllowedCommit',
    fault: 'chain',
    retry: 'never',
  });
  await stranger.close();
});

it.each([
  { what: 'short ones, as 100 bytes each', bytes: 1, most: 31 },
  { what: 'long ones, by their bytes', bytes: 128, most: 24 },
])('counts the space of $what, by hotkey and epoch', async ({ bytes, most }) => {
  const folder = newFolder();
  const [miner, other] = [await as(ALICE, folder), await as(BOB, folder)];
  const network = await networkIn(folder);
  // The chain's own blocks must not end the epoch first.
  network.setHyperparameters({ tempo: 5000 });
  for (let count = 0; count < most; count += 1) await miner.commit('x'.repeat(bytes), signal);
  const { number: head } = await miner.head(signal);
  await expect(miner.commit('x'.repeat(bytes), signal)).rejects.toMatchObject({
    code: 'SpaceLimitExceeded',
    fault: 'chain',
    retry: 'backoff',
  });
  expect((await miner.head(signal)).number).toBe(head);
  await other.commit('x', signal);
  await miner.close();
  const restarted = await as(ALICE, folder);
  await expect(restarted.commit('x', signal)).rejects.toMatchObject({ code: 'SpaceLimitExceeded' });
  // Shorter epochs: the present block is in another one.
  network.setHyperparameters({ tempo: TEMPO });
  await restarted.commit('x', signal);
  network.close();
  await Promise.all([restarted.close(), other.close()]);
});

it('says for how many blocks the space is used up', async () => {
  const folder = newFolder();
  const miner = await as(ALICE, folder);
  const network = await networkIn(folder);
  network.setHyperparameters({ tempo: 5000 });
  const untilSpaceIsUsed = async (): Promise<number> => {
    for (;;) {
      try {
        await miner.commit('x'.repeat(100), signal);
      } catch (error) {
        return (error as { payload: { blocksLeft: number } }).payload.blocksLeft;
      }
    }
  };
  const blocksLeft = await untilSpaceIsUsed();
  // A commitment is in the block after the head.
  network.advance(blocksLeft - 1);
  await expect(miner.commit('x', signal)).rejects.toMatchObject({ payload: { blocksLeft: 1 } });
  network.advance(1);
  await miner.commit('x', signal);
  network.close();
  await miner.close();
});

describe('a timelocked commitment', () => {
  it('is hidden until its block, and says which one that is', async () => {
    const folder = newFolder();
    const miner = await as(ALICE, folder);
    const network = await networkIn(folder);
    const text = 'é'.repeat(miner.maxTimelockedBytes / 2);
    const { at, opens } = await miner.commit(text, signal, { revealAfter: 7 });
    expect(opens).toBe(at.number + 7);
    const { hotkey } = await miner.identity();
    network.advance(6);
    const sealed = await miner.snapshot(signal);
    expect([await committedBy(miner, hotkey), sealed.revealed]).toEqual([undefined, []]);
    expect(sealed.unreadable).toContainEqual({
      hotkey,
      block: at.number,
      kind: 'timelocked',
      detail: `opens at block ${opens}`,
    });
    network.advance(1);
    expect((await miner.snapshot(signal)).revealed).toEqual([{ hotkey, data: text, block: opens }]);
    network.close();
    await miner.close();
  });

  it('takes as many bytes of UTF-8 as the client says, and counts as the space that they need', async () => {
    const folder = newFolder();
    const miner = await as(ALICE, folder);
    const most = 'x'.repeat(miner.maxTimelockedBytes);
    await expect(miner.commit(`${most}.`, signal, { revealAfter: 1 })).rejects.toMatchObject({
      code: 'COMMITMENT_TOO_LONG',
      payload: { bytes: 1025, limit: 1024 },
    });
    const network = await networkIn(folder);
    network.setHyperparameters({ tempo: 5000 });
    for (let count = 0; count < 3; count += 1) await miner.commit(most, signal, { revealAfter: 1 });
    await expect(miner.commit('x', signal, { revealAfter: 1 })).rejects.toMatchObject({ code: 'SpaceLimitExceeded' });
    network.close();
    await miner.close();
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity, 100_001])('of %d blocks is refused', async (revealAfter) => {
    const miner = await as(ALICE, newFolder());
    const { number } = await miner.head(signal);
    await expect(miner.commit('text', signal, { revealAfter })).rejects.toMatchObject({
      code: 'REVEAL_AFTER_INVALID',
      fault: 'config',
    });
    expect((await miner.head(signal)).number).toBe(number);
    await miner.close();
  });

  it('that another one replaces never opens, and the log says so', async () => {
    const folder = newFolder();
    const lines: string[] = [];
    const log = (level: string, message: string): void => void lines.push(`${level}: ${message}`);
    const options = { netuid: 9, blockTime: 0, hotkey: ALICE, mode: 'validate' } as const;
    const network = await networkIn(folder);
    const miner = await LocalChainClient.init(options, { network, clock: new HandClock(), log });
    const first = await miner.commit('first', signal, { revealAfter: 5 });
    expect(lines).toEqual([]);
    const second = await miner.commit('second', signal, { revealAfter: 5 });
    await miner.commit('plain', signal);
    expect(lines).toEqual(
      [first, second].map(
        ({ opens }) => `warn: this commitment replaces a timelocked one, which would have opened at block ${opens}`,
      ),
    );
    network.advance(20);
    expect((await miner.snapshot(signal)).revealed).toEqual([]);
    expect(await committedBy(miner, (await miner.identity()).hotkey)).toMatchObject({ data: 'plain' });
    await miner.close();
  });
});
