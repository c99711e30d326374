import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asHotkey, asUid } from '@assay/core/contracts/brands';
import type { WeightsSubmission } from '@assay/core/contracts/chain-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf } from '../error-of.js';
import { writeHotkey } from './hotkey-file.js';
import { openSigner } from './signer.js';
import { missing, startedWorld, titled } from './started.js';
import type { World } from './world.js';

const soon = (): AbortSignal => AbortSignal.timeout(100_000);

/** What the runtime refuses, and how a test brings it about; `mend` takes it back. */
interface Case {
  code: string;
  /** As the chain itself says it, where that is not the code. */
  chain?: RegExp;
  row?: readonly (readonly [uid: number, weight: number])[];
  change?: (world: World) => Promise<void>;
  mend?: (world: World) => Promise<void>;
}

const settings = (name: string, to: unknown, back: unknown): Pick<Case, 'change' | 'mend'> => ({
  change: (world) => world.configure({ [name]: to }),
  mend: (world) => world.configure({ [name]: back }),
});

const CASES: readonly Case[] = [
  { code: 'WeightVecLengthIsLow', ...settings('MinAllowedWeights', 3, 1) },
  { code: 'IncorrectWeightVersionKey', ...settings('WeightsVersionKey', 7, 0) },
  {
    code: 'DuplicateUids',
    row: [
      [2, 5],
      [2, 6],
    ],
  },
  {
    code: 'NotEnoughStakeToSetWeights',
    chain: /custom|NotEnoughStake/i,
    change: (world) => world.node.setStorage([world.entry('StakeThreshold', [], 10n ** 18n)]),
    mend: (world) => world.node.setStorage([world.entry('StakeThreshold', [], 1)]),
  },
  {
    code: 'NeuronNoValidatorPermit',
    change: (world) => world.permit('one'),
    mend: (world) => world.permit('validator'),
  },
  {
    code: 'SettingWeightsTooFast',
    change: async (world) => {
      await world.setWeights('validator', [[2, 1]]);
      await world.configure({ WeightsSetRateLimit: 50 });
    },
  },
];

describe.skipIf(missing !== undefined)(titled('weights that the real runtime refuses'), () => {
  const world = startedWorld();
  const path = mkdtempSync(join(tmpdir(), 'assay-preflight-'));
  let client: ReturnType<typeof openSigner>;

  const submission = (row: NonNullable<Case['row']>): WeightsSubmission => ({
    uids: row.map(([uid]) => asUid(uid)),
    hotkeys: row.map(([uid]) => asHotkey(world().hotkey(['owner', 'validator', 'one', 'two'][uid] ?? '').address)),
    weights: row.map(([, weight]) => weight),
    versionKey: 0n,
  });

  beforeAll(async () => {
    if (missing !== undefined) return;
    mkdirSync(join(path, 'w', 'hotkeys'), { recursive: true });
    writeHotkey(join(path, 'w', 'hotkeys', 'h'), '//hotkey//validator');
    await world().register('validator', 'one', 'two');
    await world().stake('validator', 500);
    await world().permit('validator');
    client = openSigner(world().node.url, path);
  });
  afterAll(async () => {
    if (missing === undefined) await client.close();
    rmSync(path, { recursive: true, force: true });
  });

  it.each(CASES)('$code: before anything is signed, by the name that the chain gives it', async (given) => {
    const row = given.row ?? [
      [2, 5],
      [3, 6],
    ];
    await given.change?.(world());
    await world().node.newBlock();
    try {
      const error = await errorOf(
        client.setWeights(submission(row), soon(), () => Promise.reject(new Error('something was signed'))),
      );
      expect(error).toMatchObject({ code: given.code, fault: 'chain' });
      await expect(world().setWeights('validator', row)).rejects.toThrow(given.chain ?? new RegExp(given.code));
    } finally {
      await given.mend?.(world());
    }
  });

  it('HOTKEYS_CHANGED: where the chain itself would take the weights', async () => {
    const changed = submission([[2, 5]]);
    const error = await errorOf(
      client.setWeights({ ...changed, hotkeys: [asHotkey(world().hotkey('two').address)] }, soon(), () =>
        Promise.reject(new Error('something was signed')),
      ),
    );
    expect(error).toMatchObject({ code: 'HOTKEYS_CHANGED', payload: { uids: [2] } });
  });
});
