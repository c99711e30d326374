import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@assay/core/contracts/clock';
import { LocalNetwork, type GenesisInput } from '@assay/plugin-local-chain';
import { afterAll } from 'vitest';

const folders: string[] = [];

/** Gone when the file's tests are through. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-chain-'));
  folders.push(folder);
  return folder;
}

export const newFile = (): string => join(newFolder(), 'chain.db');

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A validator (uid 0), another one (1) and three miners (2 to 4); the head is block 1000. */
export const GENESIS = {
  netuid: 9,
  seed: 'test',
  startBlock: 1000,
  blockTime: 12,
  hyperparameters: {
    weightsRateLimit: 100,
    weightsVersionKey: 5,
    minAllowedWeights: 2,
    maxUids: 6,
    stakeThreshold: '1000000000000',
  },
  neurons: [
    { uid: 0, name: 'validator', stake: '5000000000000', validatorPermit: true, registeredAt: 10 },
    {
      uid: 1,
      name: 'other',
      stake: '1000000000000',
      validatorPermit: true,
      registeredAt: 10,
      incentive: 0.5,
      dividends: 0.25,
      validatorTrust: 1,
    },
    { uid: 2, name: 'alice', derivation: '//miner/1', registeredAt: 20 },
    { uid: 3, name: 'bob', stake: '1000000000000', registeredAt: 30 },
    { uid: 4, hotkey: '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty', registeredAt: 40 },
  ],
  commitments: [
    { who: 'alice', data: 'a:model:0123:hash:1', block: 500 },
    { who: 3, hex: 'ff6162', block: 501 },
    { who: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY', data: 'left long ago', block: 3 },
  ],
  weights: [
    {
      uid: 1,
      row: [
        [2, 65_535],
        [3, 13_107],
      ],
    },
  ],
} satisfies GenesisInput;

export const newNetwork = (change: Partial<GenesisInput> = {}): Promise<LocalNetwork> =>
  LocalNetwork.create(newFile(), { ...GENESIS, ...change });

/** Time that moves by hand. */
export class HandClock implements Clock {
  ms = Date.UTC(2026, 0, 1);

  now(): number {
    return this.ms;
  }

  async sleep(ms: number): Promise<void> {
    this.ms += ms;
  }
}
