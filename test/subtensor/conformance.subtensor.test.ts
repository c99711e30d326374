import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHAIN_CHECKS, checkChain, type ChainFactory } from '@assay/core/testing/chain-conformance';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import plugin from '@assay/plugin-subtensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeHotkey } from './hotkey-file.js';
import { kitWorldOn } from './kit-world.js';
import { missing, startedWorld, titled } from './started.js';
import { NETUID } from './world.js';

/** Checks whose extrinsics land in blocks that the node makes by itself; in all others only the check makes blocks. */
const SUBMITTING = new Set([
  'commits as many bytes as it says, and refuses one more',
  'moves the block of a text that is committed again',
  'refuses a commitment of a hotkey that is not registered',
  'holds the weights that it takes',
  'changes nothing by weights that are refused',
  'gives one ticket, before anything changes',
  'sends nothing whose ticket could not be kept',
  'tells another client what has become of weights',
  'tells what has become of weights that were refused',
  'sends no weights for a uid that has another hotkey',
  'hides committed weights until they are revealed',
  'tells what has become of committed weights, up to their reveal',
  'takes timelocked commitments as long as it says, and refuses one byte more',
  'opens a commitment that it has timelocked',
  'replaces a timelocked commitment of its own by a plain one',
]);

describe.skipIf(missing !== undefined)(titled('the conformance kit on the real runtime'), () => {
  const world = startedWorld();
  const wallets = mkdtempSync(join(tmpdir(), 'assay-kit-'));
  afterAll(() => {
    rmSync(wallets, { recursive: true, force: true });
  });

  let isSubmitting = false;

  const open: ChainFactory = async ({ as, mode }) => {
    const { chain } = plugin.provides;
    if (!chain) throw new Error('the plugin provides no chain');
    const checked: unknown = chain.options.parse({
      network: world().node.url,
      wallet: { name: 'kit', hotkey: as, path: wallets },
      // Where blocks come when the test makes them, a pause is no stall.
      blockTime: isSubmitting ? 4 : 600,
    });
    const deps = {
      clock: { now: Date.now, sleep: () => Promise.reject(new Error('nobody sleeps by this clock')) },
      dataDir: wallets,
      netuid: NETUID,
      modules: [],
      make: makesNothing,
      environment: process.env,
      log: () => undefined,
      resolvePath: (path: string) => path,
      mode,
      readOnly: false,
    };
    return chain.create(checked, deps, new AbortController().signal);
  };

  beforeAll(async () => {
    if (missing !== undefined) return;
    await world().register('validator', 'other', 'miner');
    await world().fund('stranger');
    await world().stake('validator', 100);
    await world().stake('other', 100);
    await world().permit('validator', 'other');
    await world().node.newBlock();
    mkdirSync(join(wallets, 'kit', 'hotkeys'), { recursive: true });
    for (const name of ['validator', 'miner', 'stranger'])
      writeHotkey(join(wallets, 'kit', 'hotkeys', name), `//hotkey//${name}`);
  });

  it.each(Object.keys(CHAIN_CHECKS))(
    '%s',
    async (name) => {
      isSubmitting = SUBMITTING.has(name);
      await world().node.setBlockPause(isSubmitting ? 100 : 0);
      const [result] = await checkChain(open, kitWorldOn(world()), { only: [name], deadlineMs: 240_000 });
      expect(result?.reason).toBeUndefined();
      if (result?.skipped !== undefined)
        expect(result.skipped).toMatch(/the world has no|the client foresees refusals/);
    },
    300_000,
  );
});
