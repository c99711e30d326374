import { asUid } from '@assay/core/contracts/brands';
import type { WeightsCall } from '@assay/lib-subtensor-rules';
import type { LocalNetwork } from '@assay/plugin-local-chain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newNetwork } from './networks.js';

const weights = (pairs: Readonly<Record<number, number>>, versionKey = 5n): WeightsCall => ({
  uids: Object.keys(pairs).map((uid) => asUid(Number(uid))),
  weights: Object.values(pairs),
  versionKey,
});
const hotkeyOf = (network: LocalNetwork, uid: number): string =>
  network.snapshot().neurons.find((neuron) => neuron.uid === uid)?.hotkey ?? '';

describe('weights', () => {
  it('are kept scaled up, in a block of their own, with its number as last update', async () => {
    const network = await newNetwork();
    const receipt = network.submitWeights(hotkeyOf(network, 0), weights({ 2: 300, 3: 100, 4: 0 }));
    expect(receipt).toEqual({ mode: 'set', at: network.head() });
    const { weights: rows, neurons, at } = network.snapshot();
    expect(rows.get(asUid(0))).toEqual([
      [2, 65_535],
      [3, 21_845],
      [4, 0],
    ]);
    expect([at.number, neurons[0]?.lastUpdate]).toEqual([1001, 1001]);
    network.close();
  });

  it.each<[string, (network: LocalNetwork) => void, number, WeightsCall]>([
    [
      'CommitRevealEnabled',
      (network) => {
        network.setHyperparameters({ commitRevealEnabled: true });
      },
      0,
      weights({ 2: 1, 3: 1 }),
    ],
    ['WeightVecNotEqualSize', none, 0, { ...weights({ 2: 1, 3: 1 }), weights: [1] }],
    ['UidsLengthExceedUidsInSubNet', none, 0, weights({ 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1 })],
    ['HotKeyNotRegisteredInSubNet', none, -1, weights({ 2: 1, 3: 1 })],
    [
      'NotEnoughStakeToSetWeights',
      (network) => {
        network.setStake(0, 999_999_999_999n);
      },
      0,
      weights({ 2: 1, 3: 1 }),
    ],
    ['IncorrectWeightVersionKey', none, 0, weights({ 2: 1, 3: 1 }, 4n)],
    [
      'SettingWeightsTooFast',
      (network) => network.submitWeights(hotkeyOf(network, 0), weights({ 2: 1, 3: 1 })),
      0,
      weights({ 2: 1, 3: 1 }),
    ],
    ['NeuronNoValidatorPermit', none, 3, weights({ 2: 1, 4: 1 })],
    ['DuplicateUids', none, 0, { ...weights({ 2: 1, 3: 1 }), uids: [asUid(2), asUid(2)] }],
    ['UidVecContainInvalidOne', none, 0, weights({ 2: 1, 5: 1 })],
    ['WeightVecLengthIsLow', none, 0, weights({ 2: 1 })],
  ])('are refused with %s, and nothing changes', async (code, prepare, uid, submission) => {
    const network = await newNetwork();
    prepare(network);
    const before = network.snapshot();
    const hotkey = uid < 0 ? '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY' : hotkeyOf(network, uid);
    expect(() => network.submitWeights(hotkey, submission)).toThrow(expect.objectContaining({ code, fault: 'chain' }));
    expect(network.snapshot()).toEqual(before);
    network.close();
  });

  it('are refused on the root network', async () => {
    const network = await newNetwork({ netuid: 0 });
    expect(() => network.submitWeights(hotkeyOf(network, 0), weights({ 2: 1, 3: 1 }))).toThrow(
      expect.objectContaining({ code: 'CanNotSetRootNetworkWeights' }),
    );
    network.close();
  });

  it('that no chain could be sent are the validator’s fault', async () => {
    const network = await newNetwork();
    for (const wrong of [{ 2: 65_536 }, { 2: -1 }, { 2: 0.5 }, { 70_000: 1 }] as Record<number, number>[]) {
      expect(() => network.submitWeights(hotkeyOf(network, 0), weights(wrong))).toThrow(
        expect.objectContaining({ code: 'WEIGHTS_MALFORMED', fault: 'validator' }),
      );
    }
    network.close();
  });

  it('are checked in the runtime’s order', async () => {
    // Everything is wrong at once; each mended thing uncovers the next one.
    const network = await newNetwork();
    const poor = hotkeyOf(network, 2);
    const refusal = (hotkey: string, submission: WeightsCall): unknown => {
      try {
        return network.submitWeights(hotkey, submission);
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const twice = { uids: [asUid(9), asUid(9)], weights: [1, 1], versionKey: 0n };
    expect(refusal('nobody', { ...twice, weights: [1] })).toBe('WeightVecNotEqualSize');
    expect(
      refusal('nobody', { ...twice, uids: Array.from({ length: 6 }, () => asUid(9)), weights: [1, 1, 1, 1, 1, 1] }),
    ).toBe('UidsLengthExceedUidsInSubNet');
    expect(refusal('nobody', twice)).toBe('HotKeyNotRegisteredInSubNet');
    expect(refusal(poor, twice)).toBe('NotEnoughStakeToSetWeights');
    network.setStake(2, 10n ** 15n);
    expect(refusal(poor, twice)).toBe('IncorrectWeightVersionKey');
    expect(refusal(poor, { ...twice, versionKey: 9n })).toBe('NeuronNoValidatorPermit');
    network.setValidatorPermit(2, true);
    expect(refusal(poor, { ...twice, versionKey: 9n })).toBe('DuplicateUids');
    expect(refusal(poor, { ...twice, uids: [asUid(9)], weights: [1], versionKey: 9n })).toBe('UidVecContainInvalidOne');
    network.close();
  });

  it('may be set again exactly when the rate limit has passed', async () => {
    const network = await newNetwork();
    const hotkey = hotkeyOf(network, 0);
    network.submitWeights(hotkey, weights({ 2: 1, 3: 1 }));
    // Block 1001 holds them; the one that arrives must be 1101 or later.
    network.advance(98);
    expect(() => network.submitWeights(hotkey, weights({ 2: 1, 3: 1 }))).toThrow(
      expect.objectContaining({
        code: 'SettingWeightsTooFast',
        retry: 'backoff',
        payload: { blocksLeft: 1, rateLimit: 100, opensAt: 1101 },
      }),
    );
    network.advance(1);
    expect(network.submitWeights(hotkey, weights({ 2: 1, 3: 1 })).at.number).toBe(1101);
    network.close();
  });

  it('for itself alone need neither a permit nor company', async () => {
    const network = await newNetwork();
    expect(network.submitWeights(hotkeyOf(network, 3), weights({ 3: 1 })).mode).toBe('set');
    network.close();
  });

  it.each([
    // Halves go up where the runtime multiplies first; above 32768 it divides first, truncates, and they go down.
    [
      [2, 1],
      [65_535, 32_768],
    ],
    [
      [65_534, 32_767],
      [65_535, 32_767],
    ],
    [
      [0, 0],
      [0, 0],
    ],
  ])('of %j are kept as %j', async (sent, kept) => {
    const network = await newNetwork();
    network.submitWeights(hotkeyOf(network, 0), { uids: [asUid(2), asUid(3)], weights: sent, versionKey: 5n });
    expect(
      network
        .snapshot()
        .weights.get(asUid(0))
        ?.map(([, weight]) => weight),
    ).toEqual(kept);
    network.close();
  });

  it('that are at their full scale are kept as they are', async () => {
    const network = await newNetwork({ hyperparameters: { maxUids: 6 } });
    const hotkey = hotkeyOf(network, 0);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: 1, maxLength: 4 }), (values) => {
        network.setHyperparameters({ weightsRateLimit: 0 });
        const sent = [65_535, ...values];
        network.submitWeights(hotkey, { uids: sent.map((_, uid) => asUid(uid)), weights: sent, versionKey: 0n });
        expect(
          network
            .snapshot()
            .weights.get(asUid(0))
            ?.map(([, weight]) => weight),
        ).toEqual(sent);
        const small = values.map((value) => value >> 3);
        network.submitWeights(hotkey, { uids: small.map((_, uid) => asUid(uid)), weights: small, versionKey: 0n });
        const kept =
          network
            .snapshot()
            .weights.get(asUid(0))
            ?.map(([, weight]) => weight) ?? [];
        const largest = Math.max(...small);
        expect(kept).toEqual(largest === 0 ? small : small.map((value) => Math.round((value * 65_535) / largest)));
      }),
      { numRuns: 30 },
    );
    network.close();
  });
});

function none(): void {
  // The network as it is.
}
