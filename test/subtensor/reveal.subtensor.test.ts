import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asHotkey, asUid } from '@assay/core/contracts/brands';
import type { ChainClient, SubmissionTicket, WeightsSubmission } from '@assay/core/contracts/chain-client';
import { upscaleWeights } from '@assay/lib-subtensor-rules';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf } from '../error-of.js';
import { storage } from './client.js';
import { writeHotkey } from './hotkey-file.js';
import { openSigner } from './signer.js';
import { missing, startedWorld, titled } from './started.js';
import { NETUID, type World } from './world.js';

const soon = (): AbortSignal => AbortSignal.timeout(150_000);
const MINERS = ['one', 'two', 'three'];

/** Blocks come until the work is done. */
async function whileBlocksAreMade<T>(world: World, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const done = work.finally(() => {
    over.abort();
  });
  while (!over.signal.aborted) {
    await world.node.newBlock();
    await sleep(100);
  }
  return done;
}

describe.skipIf(missing !== undefined)(titled('weights by commit and reveal on the real runtime'), () => {
  const world = startedWorld();
  const path = mkdtempSync(join(tmpdir(), 'assay-reveal-'));
  let client: ChainClient & Required<Pick<ChainClient, 'revealWeights'>>;
  let uids: number[] = [];

  const row = (...weights: readonly number[]): WeightsSubmission => ({
    uids: uids.map(asUid),
    hotkeys: MINERS.map((name) => asHotkey(world().hotkey(name).address)),
    weights: [...weights],
    versionKey: 0n,
  });
  const inForce = async (): Promise<unknown> =>
    (await storage(world().api, 'subtensorModule', 'weights')(NETUID, await world().uidOf('validator'))).toJSON();
  const commit = async (submission: WeightsSubmission): Promise<SubmissionTicket> => {
    const tickets: SubmissionTicket[] = [];
    const keep = async (ticket: SubmissionTicket): Promise<void> => {
      tickets.push(ticket);
      return Promise.resolve();
    };
    const receipt = await whileBlocksAreMade(world(), client.setWeights(submission, soon(), keep));
    expect(receipt).toMatchObject({ mode: 'committed', reveal: { by: 'validator' } });
    expect(tickets).toHaveLength(1);
    return tickets[0] ?? null;
  };
  const untilFate = async (
    ticket: SubmissionTicket,
    isMet: (block: number, head: number) => boolean,
  ): Promise<void> => {
    for (let block = 0; block < 40; block += 1) {
      const fate = await client.weightsFate(ticket, soon());
      if (fate.status !== 'committed') throw new Error(`It is ${fate.status}`);
      if (isMet(fate.reveal.block, (await client.head(soon())).number)) return;
      await world().node.newBlock();
    }
    throw new Error('The time did not come');
  };

  beforeAll(async () => {
    if (missing !== undefined) return;
    mkdirSync(join(path, 'w', 'hotkeys'), { recursive: true });
    writeHotkey(join(path, 'w', 'hotkeys', 'h'), '//hotkey//validator');
    await world().register('validator', ...MINERS);
    await world().stake('validator', 500);
    await world().permit('validator');
    uids = await Promise.all(MINERS.map((name) => world().uidOf(name)));
    client = openSigner(world().node.url, path);
    // Two epochs of eleven blocks: however many blocks a commit takes to land, its reveal is some blocks off.
    await world().configure({ CommitRevealWeightsEnabled: true, RevealPeriodEpochs: 2 });
    await world().node.newBlock();
  });
  afterAll(async () => {
    if (missing === undefined) await client.close();
    rmSync(path, { recursive: true, force: true });
  });

  it('come into force by the reveal, as another client reads them, and a second reveal is harmless', async () => {
    const weights = [65_535, 300, 1];
    const ticket = await commit(row(...weights));
    expect(await inForce()).toEqual([]);
    expect(await client.weightsFate(ticket, soon())).toMatchObject({
      status: 'committed',
      reveal: { by: 'validator' },
    });
    const early = await errorOf(client.revealWeights(ticket, soon()));
    expect(early).toMatchObject({ code: 'RevealTooEarly', payload: { opensAt: expect.any(Number) as unknown } });
    await untilFate(ticket, (block, head) => head + 1 >= block);
    const revealedAt = await whileBlocksAreMade(world(), client.revealWeights(ticket, soon()));
    expect(await inForce()).toEqual(uids.map((uid, place) => [uid, upscaleWeights(weights)[place]]));
    await world().node.newBlock();
    expect(await client.weightsFate(ticket, soon())).toMatchObject({ status: 'revealed', revealedAt });
    expect(await client.revealWeights(ticket, soon())).toEqual(revealedAt);
    const other = openSigner(world().node.url, path);
    expect(await other.weightsFate(ticket, soon())).toMatchObject({ status: 'revealed', revealedAt });
    await other.close();
  });

  it('are said to be lost when the time of the reveal is over', async () => {
    const ticket = await commit(row(1, 2, 65_535));
    await world().node.newBlock(20);
    await world().node.newBlock(20);
    expect(await client.weightsFate(ticket, soon())).toMatchObject({
      status: 'unrevealed',
      reason: expect.stringMatching(/^they had to be revealed in epoch/) as unknown,
    });
    expect((await errorOf(client.revealWeights(ticket, soon()))).code).toBe('ExpiredWeightCommit');
  });
});
