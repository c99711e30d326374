import { asUid } from '@assay/core/contracts/brands';
import type { ChainSnapshot, SubmissionFate, SubmissionTicket } from '@assay/core/contracts/chain-client';
import type { LocalNetwork } from '@assay/plugin-local-chain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GENESIS, newNetwork } from './networks.js';

const TEMPO = 20;

/** Epochs fall at 1020, 1040 and so on. */
const newSubnet = (change: object = {}): Promise<LocalNetwork> => {
  const terms = { tempo: TEMPO, weightsRateLimit: 0, commitRevealEnabled: true, ownerUid: 4, ...change };
  return newNetwork({ hyperparameters: { ...GENESIS.hyperparameters, ...terms }, weights: [] });
};

/** Sends weights of the neuron at `from`, and returns their ticket. */
function send(network: LocalNetwork, weights: Readonly<Record<number, number>>, from = 0): SubmissionTicket {
  const { neurons } = network.snapshot();
  const hotkeyOf = (uid: number): ChainSnapshot['neurons'][number]['hotkey'] => {
    const found = neurons.find((neuron) => neuron.uid === uid);
    if (!found) throw new Error(`there is no uid ${uid}`);
    return found.hotkey;
  };
  const uids = Object.keys(weights).map(Number);
  const submission = {
    uids: uids.map(asUid),
    hotkeys: uids.map(hotkeyOf),
    weights: Object.values(weights),
    versionKey: 5n,
  };
  const ticket = network.submissions.prepare(submission);
  network.submissions.send(ticket, hotkeyOf(from), submission);
  return ticket;
}

const fateOf = (network: LocalNetwork, ticket: SubmissionTicket): SubmissionFate => network.submissions.fate(ticket);

/** Everything but the block. */
const stateOf = (network: LocalNetwork): unknown => ({ ...network.snapshot(), at: undefined });

describe('committed weights', () => {
  it.each([
    [1, 1020],
    [2, 1040],
    [4, 1080],
  ])('with a period of %i are hidden until block %i, and count in its epoch', async (revealPeriodEpochs, block) => {
    const network = await newSubnet({ revealPeriodEpochs });
    network.advance(5);
    const ticket = send(network, { 2: 65_535, 3: 65_535 });
    const committed = { status: 'committed', at: network.head(), reveal: { block, by: 'chain' } };
    expect(fateOf(network, ticket)).toEqual(committed);
    expect(network.submissions.receipt(ticket)).toEqual({
      at: network.head(),
      mode: 'committed',
      reveal: committed.reveal,
    });
    network.advance(block - 1 - 1006);
    const hidden = network.snapshot();
    expect([hidden.at.number, hidden.weights.size, hidden.neurons[0]?.lastUpdate]).toEqual([block - 1, 0, 1006]);
    expect(hidden.neurons.slice(2).map(({ incentive }) => incentive)).toEqual([0, 0, 0]);
    expect(fateOf(network, ticket)).toEqual(committed);
    network.advance(1);
    const shown = network.snapshot();
    expect(shown.weights.get(asUid(0))).toEqual([
      [2, 65_535],
      [3, 65_535],
    ]);
    expect(shown.neurons.map(({ incentive }) => incentive > 0)).toEqual([false, false, true, true, false]);
    expect(shown.neurons[0]?.lastUpdate).toBe(1006);
    const revealed = { status: 'revealed', at: committed.at, revealedAt: network.head() };
    expect(fateOf(network, ticket)).toEqual(revealed);
    network.advance(300);
    expect(fateOf(network, ticket)).toEqual(revealed);
    network.close();
  });

  it('belong to the epoch that begins with their own block', async () => {
    const network = await newSubnet();
    network.advance(19);
    const ticket = send(network, { 2: 1, 3: 1 });
    expect(fateOf(network, ticket)).toMatchObject({ at: { number: 1020 }, reveal: { block: 1040 } });
    network.advance(20);
    expect(fateOf(network, ticket)).toMatchObject({ status: 'revealed', revealedAt: { number: 1040 } });
    network.close();
  });

  it('of several commits are revealed in their order', async () => {
    const network = await newSubnet();
    const tickets = [send(network, { 2: 1, 3: 2 }), send(network, { 2: 65_535, 3: 7 })];
    network.advance(20);
    expect(network.snapshot().weights.get(asUid(0))).toEqual([
      [2, 65_535],
      [3, 7],
    ]);
    expect(tickets.map((ticket) => fateOf(network, ticket).status)).toEqual(['revealed', 'revealed']);
    network.close();
  });

  it.each<[string, (network: LocalNetwork) => void]>([
    [
      'NeuronNoValidatorPermit',
      (network) => {
        network.setValidatorPermit(0, false);
      },
    ],
    [
      'NotEnoughStakeToSetWeights',
      (network) => {
        network.setStake(0, 1n);
      },
    ],
    [
      'IncorrectWeightVersionKey',
      (network) => {
        network.setHyperparameters({ weightsVersionKey: 6n });
      },
    ],
    [
      'UidVecContainInvalidOne',
      (network) => {
        network.deregister(3);
      },
    ],
    [
      'HotKeyNotRegisteredInSubNet',
      (network) => {
        network.deregister(0);
      },
    ],
    [
      'WeightVecLengthIsLow',
      (network) => {
        network.setHyperparameters({ minAllowedWeights: 3 });
      },
    ],
    [
      'SettingWeightsTooFast',
      (network) => {
        network.setHyperparameters({ commitRevealEnabled: false, weightsRateLimit: 50 });
      },
    ],
  ])('stay unrevealed with %s, and the row before them stays', async (code, change) => {
    const network = await newSubnet();
    const first = send(network, { 2: 1, 4: 1 });
    network.advance(20);
    const ticket = send(network, { 2: 1, 3: 1 });
    change(network);
    const before = network.snapshot().weights;
    network.advance(60);
    const fate = fateOf(network, ticket);
    expect(fate).toMatchObject({
      status: 'unrevealed',
      at: { number: 1022 },
      reason: expect.stringContaining(`${code}: `) as string,
    });
    expect(network.snapshot().weights).toEqual(before);
    expect(fateOf(network, first).status).toBe('revealed');
    network.close();
  });

  it('are looked at when they are revealed and not when they are committed', async () => {
    const network = await newSubnet();
    network.setValidatorPermit(3, false);
    const ticket = send(network, { 2: 1, 4: 1 }, 3);
    expect(fateOf(network, ticket).status).toBe('committed');
    network.setValidatorPermit(3, true);
    network.advance(20);
    expect(fateOf(network, ticket).status).toBe('revealed');
    network.close();
  });

  it('may be committed when the rate limit has passed since the last commit', async () => {
    const network = await newSubnet({ weightsRateLimit: 10 });
    expect(fateOf(network, send(network, { 2: 1, 3: 1 })).status).toBe('committed');
    network.advance(8);
    expect(fateOf(network, send(network, { 2: 1, 3: 1 }))).toMatchObject({
      status: 'refused',
      error: { code: 'CommittingWeightsTooFast', payload: { blocksLeft: 1, rateLimit: 10, opensAt: 1011 } },
    });
    expect(network.snapshot().neurons[0]?.lastUpdate).toBe(1001);
    expect(fateOf(network, send(network, { 2: 1, 3: 1 })).status).toBe('committed');
    network.close();
  });

  it('are ten in an epoch at most, of each hotkey', async () => {
    const network = await newSubnet({ revealPeriodEpochs: 2 });
    const commit = (from: number): SubmissionFate => fateOf(network, send(network, { 2: 1, 3: 1 }, from));
    for (let count = 0; count < 10; count += 1) expect(commit(0).status).toBe('committed');
    expect(commit(0)).toMatchObject({ status: 'refused', error: { code: 'TooManyUnrevealedCommits' } });
    expect(commit(1).status).toBe('committed');
    network.advance(20);
    expect(commit(0).status).toBe('committed');
    network.close();
  });

  it('are refused by the plain call, and plain weights by the commit', async () => {
    const network = await newSubnet();
    network.submissions.delay(2);
    const commit = send(network, { 2: 1, 3: 1 });
    network.setHyperparameters({ commitRevealEnabled: false });
    const plain = send(network, { 2: 1, 3: 1 });
    network.setHyperparameters({ commitRevealEnabled: true });
    network.advance(5);
    expect(fateOf(network, commit)).toMatchObject({ status: 'committed' });
    expect(fateOf(network, plain)).toMatchObject({ status: 'refused', error: { code: 'CommitRevealEnabled' } });
    const late = send(network, { 2: 1, 3: 1 });
    network.setHyperparameters({ commitRevealEnabled: false });
    network.advance(5);
    expect(fateOf(network, late)).toMatchObject({ status: 'refused', error: { code: 'CommitRevealDisabled' } });
    network.close();
  });

  it('follow a changed period: at once where they are due, never where their epoch has passed', async () => {
    const network = await newSubnet({ revealPeriodEpochs: 3 });
    const old = send(network, { 2: 1, 3: 1 });
    network.advance(20);
    const younger = send(network, { 2: 1, 3: 1 });
    network.advance(20);
    expect(fateOf(network, younger)).toMatchObject({ reveal: { block: 1080 } });
    network.setHyperparameters({ revealPeriodEpochs: 1 });
    expect(fateOf(network, younger)).toMatchObject({ reveal: { block: network.head().number + 1 } });
    network.advance(1);
    expect(fateOf(network, younger)).toMatchObject({ status: 'revealed', revealedAt: network.head() });
    expect(fateOf(network, old)).toMatchObject({
      status: 'unrevealed',
      reason: 'the epoch 1 in which the chain reveals them has passed',
    });
    network.close();
  });

  it('wait without an end where the subnet has no epochs', async () => {
    const network = await newSubnet({ tempo: 0 });
    const ticket = send(network, { 2: 1, 3: 1 });
    network.advance(10_000);
    expect(fateOf(network, ticket)).toMatchObject({
      status: 'committed',
      waitsFor: 'the subnet has no epochs, because its tempo is 0',
    });
    network.close();
  });

  it('give nothing to a neuron that registered after the earliest commit without a reveal', async () => {
    const incentives = async (commitRevealEnabled: boolean): Promise<number[]> => {
      const network = await newSubnet({ revealPeriodEpochs: 2 });
      send(network, { 2: 1, 3: 1 });
      await network.registerNeuron({ name: 'late' }, 2);
      send(network, { 2: 1, 3: 1 });
      network.putWeights(0, [
        [2, 65_535],
        [3, 65_535],
      ]);
      network.setHyperparameters({ commitRevealEnabled });
      network.advance(20);
      const found = network.snapshot().neurons.map(({ incentive }) => incentive);
      network.close();
      return found;
    };
    expect(await incentives(true)).toEqual([0, 0, 0, 1, 0]);
    expect((await incentives(false)).map((share) => share > 0)).toEqual([false, false, true, true, false]);
  });

  it('leave the same behind whether blocks pass one by one or all at once', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('send' as const),
        weight: fc.integer({ min: 0, max: 65_535 }),
        from: fc.integer({ min: 0, max: 1 }),
      }),
      fc.record({ kind: fc.constant('pass' as const), blocks: fc.integer({ min: 1, max: 70 }) }),
      fc.record({ kind: fc.constant('stake' as const), rao: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ kind: fc.constant('period' as const), epochs: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('delay' as const), blocks: fc.integer({ min: 0, max: 3 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const [apart, together] = [await newSubnet({ maxValidators: 1 }), await newSubnet({ maxValidators: 1 })];
        const tickets: [SubmissionTicket, SubmissionTicket][] = [];
        for (const one of [...steps, { kind: 'pass', blocks: 100 } as const]) {
          for (const network of [apart, together]) {
            if (one.kind === 'stake') network.setStake(0, BigInt(one.rao) * 10n ** 12n);
            if (one.kind === 'period') network.setHyperparameters({ revealPeriodEpochs: one.epochs });
            if (one.kind === 'delay') network.submissions.delay(one.blocks);
          }
          if (one.kind === 'send') {
            const weights = { 2: one.weight, 3: 100 };
            tickets.push([send(apart, weights, one.from), send(together, weights, one.from)]);
          }
          if (one.kind !== 'pass') continue;
          for (let count = 0; count < one.blocks; count += 1) apart.advance(1);
          together.advance(one.blocks);
        }
        expect(stateOf(apart)).toEqual(stateOf(together));
        for (const [a, b] of tickets) expect(fateOf(apart, a)).toEqual(fateOf(together, b));
        apart.close();
        together.close();
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});
