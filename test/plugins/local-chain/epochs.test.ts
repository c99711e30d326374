import type { ChainSnapshot, WeightRow } from '@assay/core/contracts/chain-client';
import type { GenesisInput, LocalNetwork } from '@assay/plugin-local-chain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newNetwork } from './networks.js';

const U16 = 65_535;
const TOKEN = 1_000_000_000n;
const TEMPO = 10;

interface Validator {
  /** Tokens. */
  stake: number;
  row: WeightRow;
  permit?: boolean;
  registeredAt?: number;
  lastUpdate?: number;
}

interface Subnet {
  validators: readonly Validator[];
  /** Block at which each miner registered; their uids follow those of the validators. */
  miners: readonly number[];
  hyperparameters?: GenesisInput['hyperparameters'];
}

const STARTED = 1000;

/** A subnet whose owner is nobody in it, unless `hyperparameters` says otherwise. */
const genesisOf = ({ validators, miners, hyperparameters = {} }: Subnet): Partial<GenesisInput> => ({
  startBlock: STARTED,
  hyperparameters: { tempo: TEMPO, ownerUid: 60_000, ...hyperparameters },
  neurons: [
    ...validators.map(({ stake, permit = true, registeredAt = 1, lastUpdate = 900 }, uid) => ({
      ...{ uid, derivation: `//v/${uid}`, registeredAt, lastUpdate, validatorPermit: permit },
      stake: (BigInt(stake) * TOKEN).toString(),
    })),
    ...miners.map((registeredAt, index) => ({
      uid: validators.length + index,
      derivation: `//m/${index}`,
      registeredAt,
    })),
  ],
  commitments: [],
  weights: validators.flatMap(({ row }, uid) =>
    row.length > 0 ? [{ uid, row: row.map(([a, b]): [number, number] => [a, b]) }] : [],
  ),
});

async function afterEpoch(
  subnet: Subnet,
  look: (snapshot: ChainSnapshot, network: LocalNetwork) => void,
): Promise<void> {
  const network = await newNetwork(genesisOf(subnet));
  network.advance(TEMPO);
  look(network.snapshot(), network);
  network.close();
}

/**
 * The formulas by themselves, for permitted and active validators and miners that registered long ago: shares of weights W,
 * consensus C_j the largest w for which the stake behind weights of w and more is kappa at least, clipped weights
 * min(W, C), trust the sum of a clipped row, ranks the stake-weighted sum of clipped columns.
 */
function byFormula(validators: readonly { stake: number; row: WeightRow }[], uids: number, kappa = 32_767 / U16) {
  const all = validators.reduce((sum, { stake }) => sum + stake, 0);
  const S = validators.map(({ stake }) => stake / all);
  const W = validators.map(({ row }, own) => {
    const given = row.filter(([uid]) => uid !== own);
    const total = given.reduce((sum, [, weight]) => sum + weight, 0);
    return Array.from({ length: uids }, (_, uid) =>
      total === 0 ? 0 : (given.find(([to]) => to === uid)?.[1] ?? 0) / total,
    );
  });
  const at = (matrix: number[][], i: number, j: number): number => matrix[i]?.[j] ?? 0;
  const C = Array.from({ length: uids }, (_, j) => {
    const candidates = [0, ...W.map((_row, i) => at(W, i, j))];
    const behind = (weight: number): number =>
      S.reduce((sum, stake, i) => sum + (at(W, i, j) >= weight ? stake : 0), 0);
    return Math.max(...candidates.filter((weight) => behind(weight) >= kappa));
  });
  const clipped = W.map((row) => row.map((weight, j) => Math.min(weight, C[j] ?? 0)));
  const trust = clipped.map((row) => row.reduce((sum, weight) => sum + weight, 0));
  const ranks = C.map((_, j) => S.reduce((sum, stake, i) => sum + stake * at(clipped, i, j), 0));
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const incentive = ranks.map((rank) => (total === 0 ? 0 : rank / total));
  const earned = S.map((stake, i) =>
    ranks.reduce(
      (sum, rank, j) => sum + (rank === 0 ? 0 : ((stake * at(clipped, i, j)) / rank) * (incentive[j] ?? 0)),
      0,
    ),
  );
  const earnedByAll = earned.reduce((sum, share) => sum + share, 0);
  return { trust, incentive, dividends: earned.map((share) => (earnedByAll === 0 ? 0 : share / earnedByAll)) };
}

/** That shares are those of the formulas, cut off to a multiple of 1/65535. */
function expectShares(found: readonly number[], wanted: readonly number[]): void {
  found.forEach((share, index) => {
    expect(Number.isInteger(Math.round(share * U16 * 1e6) / 1e6)).toBe(true);
    const exact = wanted[index] ?? 0;
    expect(exact - share).toBeGreaterThan(-1e-9);
    expect(exact - share).toBeLessThan(1 / U16 + 1e-9);
  });
}

const MINERS = [100, 200, 300];

/** Three validators (uids 0 to 2) and three miners (3 to 5). */
const THREE: Subnet = {
  validators: [
    {
      stake: 5000,
      row: [
        [3, U16],
        [4, 30_000],
      ],
    },
    {
      stake: 3000,
      row: [
        [3, 20_000],
        [4, U16],
        [5, 10_000],
      ],
    },
    { stake: 1000, row: [[5, U16]] },
  ],
  miners: MINERS,
};

describe('an epoch', () => {
  it('turns weights into incentive, trust and dividends, by the formulas', async () => {
    await afterEpoch(THREE, ({ neurons }) => {
      const wanted = byFormula(THREE.validators, 6);
      expectShares(
        neurons.map(({ incentive }) => incentive),
        wanted.incentive,
      );
      expectShares(
        neurons.map(({ validatorTrust }) => validatorTrust),
        wanted.trust,
      );
      expectShares(
        neurons.map(({ dividends }) => dividends),
        wanted.dividends,
      );
      // The largest stake is the majority and follows itself; the last validator stands alone.
      expect([neurons[0]?.validatorTrust, neurons[2]?.validatorTrust]).toEqual([1, 0]);
      expect(neurons[5]?.incentive).toBe(0);
    });
  });

  it('leaves out what a validator gives itself, save the owner', async () => {
    const validators = [
      {
        stake: 1000,
        row: [
          [0, U16],
          [2, U16],
        ] as WeightRow,
      },
      { stake: 1, row: [] },
    ];
    const incentives = async (hyperparameters: GenesisInput['hyperparameters']): Promise<number[]> => {
      let found: number[] = [];
      await afterEpoch({ validators, miners: [5], ...(hyperparameters ? { hyperparameters } : {}) }, ({ neurons }) => {
        found = neurons.map(({ incentive }) => incentive);
      });
      return found;
    };
    expect(await incentives({})).toEqual([0, 0, 1]);
    expect(await incentives({ ownerUid: 0 })).toEqual([32_767 / U16, 0, 32_767 / U16]);
  });

  it('leaves out neurons that registered in the block of the last weights or later', async () => {
    const row: WeightRow = [
      [1, 100],
      [2, 100],
      [3, 100],
    ];
    const subnet = { validators: [{ stake: 1000, row, lastUpdate: 500 }], miners: [499, 500, 501] };
    await afterEpoch(subnet, ({ neurons }) => {
      expect(neurons.map(({ incentive }) => incentive)).toEqual([0, 1, 0, 0]);
    });
  });

  it.each([
    { what: 'has set weights within the cutoff', lastUpdate: 910, counts: true },
    { what: 'has not', lastUpdate: 909, counts: false },
  ])('counts the stake of a validator that $what', async ({ lastUpdate, counts }) => {
    const validators = [
      { stake: 5000, row: [[2, U16]] as WeightRow, lastUpdate },
      { stake: 100, row: [[3, U16]] as WeightRow, lastUpdate: 1000 },
    ];
    // The epoch is at block 1010.
    await afterEpoch({ validators, miners: [5, 5], hyperparameters: { activityCutoff: 100 } }, ({ neurons }) => {
      expect(neurons.map(({ incentive }) => incentive)).toEqual(counts ? [0, 0, 1, 0] : [0, 0, 0, 1]);
      expect(neurons[0]?.dividends).toBe(counts ? 1 : 0);
    });
  });

  it('hears no validator without a permit or below the stake threshold, and gives permits by stake', async () => {
    const validators = [
      { stake: 5000, row: [[4, U16]] as WeightRow, permit: false },
      { stake: 100, row: [[5, U16]] as WeightRow },
      { stake: 99, row: [[4, U16]] as WeightRow },
      { stake: 0, row: [[4, U16]] as WeightRow },
    ];
    const hyperparameters = { stakeThreshold: (100n * TOKEN).toString(), maxValidators: 3 };
    await afterEpoch({ validators, miners: [5, 5], hyperparameters }, ({ neurons }, network) => {
      expect(neurons.map(({ incentive }) => incentive)).toEqual([0, 0, 0, 0, 0, 1]);
      expect(neurons.map(({ validatorPermit }) => validatorPermit)).toEqual([true, true, false, false, false, false]);
      network.advance(TEMPO);
      // Now the largest stake is heard.
      expect(network.snapshot().neurons.map(({ incentive }) => incentive)).toEqual([0, 0, 0, 0, 1, 0]);
    });
  });

  it('gives as many permits as there may be, to the largest stakes and the owner', async () => {
    const validators = [10, 40, 30, 20].map((stake) => ({ stake, row: [] as WeightRow }));
    await afterEpoch({ validators, miners: [], hyperparameters: { maxValidators: 2, ownerUid: 0 } }, ({ neurons }) => {
      expect(neurons.map(({ validatorPermit }) => validatorPermit)).toEqual([true, true, true, false]);
    });
  });

  it('follows the largest stake alone under Null consensus, and pays by stake', async () => {
    await afterEpoch({ ...THREE, hyperparameters: { consensus: 'null' } }, ({ neurons }) => {
      expectShares(
        neurons.map(({ incentive }) => incentive),
        [0, 0, 0, U16 / 95_535, 30_000 / 95_535, 0],
      );
      expectShares(
        neurons.map(({ dividends }) => dividends),
        [5 / 9, 3 / 9, 1 / 9],
      );
      expect(neurons[0]?.validatorTrust).toBe(1);
    });
  });
});

const weight = fc.integer({ min: 0, max: U16 });
const subnet = fc
  .array(fc.record({ stake: fc.integer({ min: 1, max: 10_000 }), weights: fc.tuple(weight, weight, weight) }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((rows): Subnet => ({
    validators: rows.map(({ stake, weights }) => ({
      stake,
      row: weights.map((value, miner): [number, number] => [rows.length + miner, value]),
    })),
    miners: MINERS,
  }));

/** As few runs as show something: each makes a network in a file. */
const RUNS = { numRuns: 10 };

describe('of any weights', () => {
  it('incentives are those of the formulas, and sum to 1 or 0', async () => {
    await fc.assert(
      fc.asyncProperty(subnet, async (given) => {
        await afterEpoch(given, ({ neurons }) => {
          const wanted = byFormula(given.validators, neurons.length);
          expectShares(
            neurons.map(({ incentive }) => incentive),
            wanted.incentive,
          );
          expectShares(
            neurons.map(({ validatorTrust }) => validatorTrust),
            wanted.trust,
          );
          const sum = neurons.reduce((total, { incentive }) => total + incentive, 0);
          const isWhole = sum <= 1 + 1e-9 && sum > 1 - neurons.length / U16;
          expect(sum === 0 || isWhole).toBe(true);
        });
      }),
      RUNS,
    );
  });

  it('a validator that copies the majority is trusted wholly', async () => {
    await fc.assert(
      fc.asyncProperty(subnet, async (given) => {
        const total = given.validators.reduce((sum, { stake }) => sum + stake, 0);
        const uids = [...MINERS.keys()].map((index) => given.validators.length + 2 + index);
        const row = uids.map((uid, index): [number, number] => [uid, 1000 * (index + 1)]);
        const others = given.validators.map(({ stake, row: theirs }) => ({
          stake,
          row: theirs.map(([uid, value]): [number, number] => [uid + 2, value]),
        }));
        // The majority comes first, the copy, with hardly any stake, second.
        const validators = [{ stake: total + 2, row }, { stake: 1, row }, ...others];
        await afterEpoch({ validators, miners: MINERS }, ({ neurons }) => {
          expect(neurons.slice(0, 2).map(({ validatorTrust }) => validatorTrust)).toEqual([1, 1]);
        });
      }),
      RUNS,
    );
  });

  it('scaled rows come to the same', async () => {
    const small = fc.tuple(weight, weight, weight).map((row) => row.map((value) => value % 1000));
    await fc.assert(
      fc.asyncProperty(
        fc.array(small, { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 2, max: 65 }),
        async (rows, factor) => {
          const scaledBy = (by: number): Subnet => ({
            validators: rows.map((row, index) => ({
              stake: 1000 + index,
              row: row.map((value, miner): [number, number] => [rows.length + miner, value * by]),
            })),
            miners: MINERS,
          });
          const shares: unknown[] = [];
          for (const by of [1, factor])
            await afterEpoch(scaledBy(by), ({ neurons }) =>
              shares.push(
                neurons.map(({ incentive, validatorTrust, dividends }) => [incentive, validatorTrust, dividends]),
              ),
            );
          expect(shares[0]).toEqual(shares[1]);
        },
      ),
      RUNS,
    );
  });
});

describe('epochs', () => {
  it('fall where the snapshot says, and nowhere else', async () => {
    const network = await newNetwork(genesisOf(THREE));
    const incentives = (): string => JSON.stringify(network.snapshot().neurons.map(({ incentive }) => incentive));
    expect(network.snapshot().nextEpoch).toBe(1010);
    const before = incentives();
    network.advance(9);
    expect([incentives(), network.snapshot().nextEpoch]).toEqual([before, 1010]);
    const at = network.head();
    network.advance(1);
    expect(incentives()).not.toBe(before);
    expect(network.snapshot().nextEpoch).toBe(1020);
    expect(() => network.snapshot(at)).toThrow(expect.objectContaining({ code: 'STATE_DISCARDED' }));
    // A shorter tempo makes one due at once; none of them is planned with a tempo of 0.
    network.advance(5);
    network.setHyperparameters({ tempo: 3 });
    expect(network.snapshot().nextEpoch).toBe(1017);
    network.advance(1);
    expect(network.snapshot().nextEpoch).toBe(1020);
    network.setHyperparameters({ tempo: 0 });
    expect(network.snapshot().nextEpoch).toBe(null);
    network.advance(1000);
    network.close();
  });

  it('run before the changes of their block', async () => {
    const network = await newNetwork(genesisOf(THREE));
    network.advance(9);
    // This is block 1010: its epoch knows nothing of these weights.
    network.putWeights(0, [[5, U16]]);
    expect(network.snapshot().neurons[5]?.incentive).toBe(0);
    network.advance(TEMPO);
    expect(network.snapshot().neurons[5]?.incentive).toBeGreaterThan(0.5);
    network.close();
  });

  it('that change nothing leave earlier blocks readable, with the epoch that was next then', async () => {
    const network = await newNetwork(genesisOf(THREE));
    network.advance(TEMPO);
    const settled = network.snapshot();
    network.advance(3 * TEMPO + 4);
    expect(network.snapshot(settled.at)).toEqual(settled);
    expect(network.snapshot().nextEpoch).toBe(1050);
    network.close();
  });

  it('of many blocks at once come to what they come to one by one', async () => {
    await fc.assert(
      fc.asyncProperty(
        subnet,
        fc.integer({ min: 1, max: 45 }),
        fc.integer({ min: 1, max: 60 }),
        async (given, blocks, cutoff) => {
          const hyperparameters = { tempo: 3, activityCutoff: 90 + cutoff, maxValidators: 2 };
          const [atOnce, oneByOne] = [
            await newNetwork(genesisOf({ ...given, hyperparameters })),
            await newNetwork(genesisOf({ ...given, hyperparameters })),
          ];
          atOnce.advance(blocks);
          for (let count = 0; count < blocks; count += 1) oneByOne.advance(1);
          expect(atOnce.snapshot()).toEqual(oneByOne.snapshot());
          atOnce.close();
          oneByOne.close();
        },
      ),
      { numRuns: 5 },
    );
  });

  it('passed at once end with the last one: stake that is past its cutoff by then does not count', async () => {
    const network = await newNetwork(genesisOf({ ...THREE, hyperparameters: { activityCutoff: 120 } }));
    // The weights are of block 900: they count at 1010 and 1020, and not at 1030.
    network.advance(5 * TEMPO);
    expect(network.snapshot().neurons.every(({ incentive }) => incentive === 0)).toBe(true);
    network.close();
  });

  it('of a million blocks take no longer than two', async () => {
    const network = await newNetwork(genesisOf(THREE));
    const started = performance.now();
    network.advance(1_000_000);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(network.snapshot().nextEpoch).toBe(1_001_010);
    network.close();
  });
});
