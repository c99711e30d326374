import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asUid } from '@assay/core/contracts/brands';
import type { ChainClient, SubmissionTicket, WeightsSubmission } from '@assay/core/contracts/chain-client';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import plugin from '@assay/plugin-subtensor';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChainProxy } from '../chain-proxy.js';
import { errorOf } from '../error-of.js';
import { random as seededRandom } from '../fuzz/mutations.js';
import { encode, storage } from './client.js';
import { writeHotkey } from './hotkey-file.js';
import { missing, startedWorld, titled } from './started.js';
import { NETUID } from './world.js';

/** Rounds in which the connection is cut. */
const CUTS = Number(process.env['ASSAY_SUBTENSOR_CUTS'] ?? 12);
const soon = (): AbortSignal => AbortSignal.timeout(180_000);

describe.skipIf(missing !== undefined)(titled('submissions on the real runtime'), () => {
  const world = startedWorld();
  const wallets = mkdtempSync(join(tmpdir(), 'assay-submit-'));
  const clients: ChainClient[] = [];
  afterAll(async () => {
    for (const client of clients) await client.close();
    rmSync(wallets, { recursive: true, force: true });
  });

  const open = async (as: string, url = world().node.url, blockTime = 4): Promise<ChainClient> => {
    const { chain } = plugin.provides;
    if (!chain) throw new Error('the plugin provides no chain');
    const wallet = { name: 'kit', hotkey: as, path: wallets };
    const checked: unknown = chain.options.parse({ network: url, wallet, blockTime, callDeadline: 20 });
    const deps = {
      clock: { now: Date.now, sleep: () => Promise.reject(new Error('nobody sleeps by this clock')) },
      dataDir: wallets,
      netuid: NETUID,
      modules: [],
      make: makesNothing,
      environment: process.env,
      log: () => undefined,
      resolvePath: (path: string) => path,
      mode: 'validate' as const,
      readOnly: false,
    };
    const client = await chain.create(checked, deps, soon());
    clients.push(client);
    return client;
  };

  const rowOf = async (
    client: ChainClient,
    uids: readonly number[],
    value = 100,
    versionKey = 0n,
  ): Promise<WeightsSubmission> => {
    const { neurons } = await client.snapshot(soon());
    return {
      uids: uids.map((uid) => asUid(uid)),
      hotkeys: uids
        .map((uid) => neurons.find((neuron) => neuron.uid === uid)?.hotkey ?? neurons[0]?.hotkey)
        .filter((hotkey) => hotkey !== undefined),
      weights: uids.map((_, index) => (index === 0 ? 65_535 : value)),
      versionKey,
    };
  };

  /** The row of the validator by another client, and how many extrinsics of its hotkey blocks hold so far. */
  const seen = async (): Promise<{ row: unknown; nonce: unknown; lastUpdate: unknown }> => {
    const { api } = world();
    const uid = await world().uidOf('validator');
    const account: unknown = (await storage(api, 'system', 'account')(world().hotkey('validator').address)).toJSON();
    const updates: unknown = (await storage(api, 'subtensorModule', 'lastUpdate')(NETUID)).toJSON();
    return {
      row: (await storage(api, 'subtensorModule', 'weights')(NETUID, uid)).toJSON(),
      nonce: typeof account === 'object' && account !== null && 'nonce' in account ? account.nonce : undefined,
      lastUpdate: Array.isArray(updates) ? updates[uid] : undefined,
    };
  };

  let uids: number[] = [];
  beforeAll(async () => {
    if (missing !== undefined) return;
    uids = await world().register('validator', 'poor', 'miner', 'other');
    await world().stake('validator', 100);
    // An epoch would give other permits.
    await world().configure({ Tempo: 30_000 });
    await world().permit('validator');
    mkdirSync(join(wallets, 'kit', 'hotkeys'), { recursive: true });
    for (const name of ['validator', 'poor', 'miner', 'stranger'])
      writeHotkey(join(wallets, 'kit', 'hotkeys', name), `//hotkey//${name}`);
    await world().node.setBlockPause(100);
  });
  beforeEach(async () => {
    if (missing === undefined) await world().permit('validator', 'miner');
  });

  it('weights land, and another client reads them', async () => {
    const client = await open('validator');
    const before = await seen();
    const submission = await rowOf(client, uids.slice(1, 3), 1234);
    const tickets: SubmissionTicket[] = [];
    const receipt = await client.setWeights(submission, soon(), async (ticket) => {
      tickets.push(ticket);
      return Promise.resolve();
    });
    const after = await seen();
    expect(receipt.mode).toBe('set');
    expect(after).toEqual({
      row: [
        [uids[1], 65_535],
        [uids[2], 1234],
      ],
      nonce: Number(before.nonce) + 1,
      lastUpdate: receipt.at.number,
    });
    expect(await client.weightsFate(tickets[0] ?? null, soon())).toEqual({ status: 'set', at: receipt.at });
  }, 240_000);

  it('a commitment lands, and a snapshot shows it from its block on', async () => {
    const client = await open('miner');
    const first = await client.commit('namespace:first:0123', soon());
    const shown = await client.snapshot(soon(), first.at);
    const { hotkey } = await client.identity();
    expect(shown.commitments.find((commitment) => commitment.hotkey === hotkey)).toEqual({
      hotkey,
      data: 'namespace:first:0123',
      block: first.at.number,
    });
    expect((await errorOf((await open('stranger')).commit('x', soon()))).code).toBe('AccountNotAllowedCommit');
    for (const [text, code] of [
      ['x'.repeat(129), 'COMMITMENT_TOO_LONG'],
      ['', 'COMMITMENT_EMPTY'],
    ] as const)
      expect((await errorOf(client.commit(text, soon()))).code).toBe(code);
    // Each commitment counts as 100 bytes or more; the short one before and the first of these fit.
    await world().node.setStorage([encode(world().api, 'commitments', 'maxSpace', [], 300)]);
    await client.commit('x'.repeat(128), soon());
    const error = await errorOf(client.commit('x'.repeat(128), soon()));
    expect(error).toMatchObject({ code: 'SpaceLimitExceeded', fault: 'chain', payload: { limit: 300 } });
    await world().node.setStorage([encode(world().api, 'commitments', 'maxSpace', [], 3100)]);
  }, 400_000);

  it('every refusal has the chain’s own name, and changes nothing', async () => {
    const validator = await open('validator');
    const refused = async (code: string, client: ChainClient, row: WeightsSubmission): Promise<void> => {
      const before = await seen();
      const error = await errorOf(client.setWeights(row, soon(), () => Promise.resolve()));
      expect(error, code).toMatchObject({ code, fault: 'chain' });
      const after = await seen();
      expect([after.row, after.lastUpdate], code).toEqual([before.row, before.lastUpdate]);
    };
    const [first = 0, second = 1] = uids.slice(1);
    const good = await rowOf(validator, [first, second]);
    await refused('HotKeyNotRegisteredInSubNet', await open('stranger'), good);
    await refused('NeuronNoValidatorPermit', await open('poor'), good);
    await refused('DuplicateUids', validator, await rowOf(validator, [first, first]));
    await refused('HOTKEYS_CHANGED', validator, await rowOf(validator, [first, 200]));
    await world().configure({ MinAllowedWeights: 3 });
    await refused('WeightVecLengthIsLow', validator, good);
    await world().configure({ MinAllowedWeights: 1, WeightsVersionKey: 9 });
    await refused('IncorrectWeightVersionKey', validator, good);
    await world().configure({ WeightsVersionKey: 0, WeightsSetRateLimit: 100_000 });
    await refused('SettingWeightsTooFast', validator, good);
    await world().configure({ WeightsSetRateLimit: 0 });
    await world().node.setStorage([world().entry('StakeThreshold', [], 10n ** 18n)]);
    await refused('NotEnoughStakeToSetWeights', validator, good);
    await world().node.setStorage([world().entry('StakeThreshold', [], 0)]);
  }, 400_000);

  it(`weights whose connection is cut land once, each of ${CUTS} times`, async () => {
    const proxy = await ChainProxy.start(world().node.url, { seed: 7 });
    const random = seededRandom(7);
    const client = await open('validator', proxy.url);
    for (let round = 0; round < CUTS; round += 1) {
      const place = Math.floor(random() * 3);
      let cut = false;
      let waits = '';
      proxy.rule((frame, direction) => {
        const text = frame.data.toString();
        const id = /"id":\s*(\d+)/.exec(text)?.[1] ?? '';
        const isSubmission = direction === 'up' && text.includes('"author_submitExtrinsic"');
        if (cut || (!isSubmission && (direction === 'up' || id !== waits || id === ''))) return [frame];
        if (isSubmission && place > 0) {
          waits = id;
          return [frame];
        }
        cut = true;
        if (place === 2) setTimeout(() => void proxy.apply({ kind: 'drop' }), random() * 3000);
        else void proxy.apply({ kind: 'drop' });
        return place === 2 ? [frame] : [];
      });
      const before = await seen();
      const receipt = await client.setWeights(await rowOf(client, uids.slice(1, 3), 1000 + round), soon(), () =>
        Promise.resolve(),
      );
      await world().node.newBlock();
      const after = await seen();
      expect(after, `round ${round}, place ${place}`).toEqual({
        row: [
          [uids[1], 65_535],
          [uids[2], 1000 + round],
        ],
        nonce: Number(before.nonce) + 1,
        lastUpdate: receipt.at.number,
      });
    }
    proxy.close();
  }, 900_000);
});
