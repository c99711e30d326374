import type { ChainClient, WeightsSubmission } from '@assay/core/contracts/chain-client';
import { AssayError } from '@assay/core/errors/assay-error';
import { RuleBook } from '@assay/core/rules/rule-book';
import { replaySubmission } from '@assay/core/runtime/submission-entry';
import { put } from '@assay/core/runtime/derived-rows';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { describe, expect, it } from 'vitest';
import { averageOf, newSubnet, shortenWeightsDeadline, type Subnet } from './subnet.js';

const MINUTE = 60_000;

/** A chain that notes what is submitted; `instead` stands for the way there and back. */
interface Line {
  submitted: WeightsSubmission[];
  instead?: (submit: () => ReturnType<ChainClient['setWeights']>) => ReturnType<ChainClient['setWeights']>;
}

function over(line: Line): (real: ChainClient) => ChainClient {
  return (real) => ({
    description: real.description,
    netuid: real.netuid,
    identity: real.identity.bind(real),
    head: real.head.bind(real),
    blockHash: real.blockHash.bind(real),
    snapshot: real.snapshot.bind(real),
    maxCommitmentBytes: real.maxCommitmentBytes,
    maxTimelockedBytes: real.maxTimelockedBytes,
    weightsFate: real.weightsFate.bind(real),
    commit: real.commit.bind(real),
    close: real.close.bind(real),
    setWeights: (submission, signal, keep) => {
      line.submitted.push(submission);
      const submit = (): ReturnType<ChainClient['setWeights']> => real.setWeights(submission, signal, keep);
      return line.instead ? line.instead(submit) : submit();
    },
  });
}

/** A standing in which uid 3 has three quarters and uid 4 the rest. */
async function withStanding(subnet: Subnet): Promise<void> {
  const hotkeys = subnet.deps.view.current.neurons.map(({ hotkey }) => hotkey);
  await subnet.deps.state.write(put.standing(1, averageOf([0, 0, 0, 0.75, 0.25, 0, 0], hotkeys)));
}

async function setUp(line: Line): Promise<{ subnet: Subnet; setting: WeightSetting; ownRow: () => unknown }> {
  const subnet = await newSubnet({ chain: over(line) });
  await withStanding(subnet);
  const setting = new WeightSetting(
    { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true },
    subnet.deps,
  );
  return { subnet, setting, ownRow: () => [...subnet.network.snapshot().weights].find(([uid]) => uid === 0)?.[1] };
}

const refused = new AssayError({
  code: 'SettingWeightsTooFast',
  message: 'too fast',
  hint: 'wait',
  fault: 'chain',
  retry: 'backoff',
  payload: {},
});
const unreachable = new AssayError({
  code: 'CHAIN_UNREACHABLE',
  message: 'gone',
  hint: 'wait',
  fault: 'network',
  retry: 'backoff',
  payload: {},
});

describe('WeightSetting', () => {
  it('sets every 20 minutes, reads back, and says so', async () => {
    const line: Line = { submitted: [] };
    const { subnet, setting, ownRow } = await setUp(line);
    await subnet.clock.run(setting, 50 * MINUTE);
    expect(line.submitted).toHaveLength(3);
    expect(ownRow()).toEqual([
      [3, 65_535],
      [4, 21_845],
    ]);
    expect(subnet.told('weights-set').map(({ confirmed }) => confirmed)).toEqual([true, true, true]);
  });

  it('waits for a first standing', async () => {
    const line: Line = { submitted: [] };
    const { subnet, setting } = await setUp(line);
    await subnet.deps.state.write(put.standing(1, undefined));
    await subnet.clock.run(setting, 50 * MINUTE);
    expect(line.submitted).toEqual([]);
    expect(subnet.told('weights-failed')).toEqual([]);
  });

  it('keeps its cadence over a restart', async () => {
    const line: Line = { submitted: [] };
    const { subnet, setting } = await setUp(line);
    await subnet.clock.run(setting, 5 * MINUTE);
    const again = new WeightSetting(
      { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true },
      subnet.deps,
    );
    await subnet.clock.run(again, 10 * MINUTE);
    expect(line.submitted).toHaveLength(1);
  });

  describe('of a profile that sets them at a new leader', () => {
    const setUpAtNewLeader = async (line: Line): Promise<Awaited<ReturnType<typeof setUp>>> => {
      const made = await setUp(line);
      made.subnet.deps.profile = { ...made.subnet.deps.profile, weightsAtNewLeader: true };
      return made;
    };
    const leads = async (subnet: Subnet, shares: readonly number[]): Promise<void> => {
      const hotkeys = subnet.deps.view.current.neurons.map(({ hotkey }) => hotkey);
      await subnet.deps.state.write(put.standing(1, averageOf([...shares], hotkeys)));
    };

    it('sets them long before they are due, and once', async () => {
      const line: Line = { submitted: [] };
      const { subnet, setting } = await setUpAtNewLeader(line);
      await subnet.clock.run(setting, 5 * MINUTE);
      await leads(subnet, [0, 0, 0, 0.6, 0.4, 0, 0]);
      await subnet.clock.run(setting, 5 * MINUTE);
      expect(line.submitted).toHaveLength(1);
      await leads(subnet, [0, 0, 0, 0.4, 0.6, 0, 0]);
      await subnet.clock.run(setting, 5 * MINUTE);
      expect(line.submitted.map(({ weights }) => weights)).toEqual([
        [65_535, 21_845],
        [43_690, 65_535],
      ]);
    });

    it('knows after a restart whom the last ones were for', async () => {
      const line: Line = { submitted: [] };
      const { subnet, setting } = await setUpAtNewLeader(line);
      await subnet.clock.run(setting, 5 * MINUTE);
      await leads(subnet, [0, 0, 0, 0.4, 0.6, 0, 0]);
      const options = { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true };
      await subnet.clock.run(new WeightSetting(options, subnet.deps), 5 * MINUTE);
      expect(line.submitted).toHaveLength(2);
    });

    it('waits for the cadence where the profile does not say so', async () => {
      const line: Line = { submitted: [] };
      const { subnet, setting } = await setUp(line);
      await subnet.clock.run(setting, 5 * MINUTE);
      await leads(subnet, [0, 0, 0, 0.4, 0.6, 0, 0]);
      await subnet.clock.run(setting, 5 * MINUTE);
      expect(line.submitted).toHaveLength(1);
    });
  });

  it('tries again two minutes after a refusal; a refusal leaves no intent', async () => {
    const line: Line = { submitted: [], instead: () => Promise.reject(refused) };
    const { subnet, setting } = await setUp(line);
    await subnet.clock.run(setting, 5 * MINUTE);
    expect(line.submitted).toHaveLength(3);
    expect(subnet.told('weights-failed').map(({ error, retryInMs }) => [error.code, retryInMs])).toEqual(
      Array(3).fill(['SettingWeightsTooFast', 2 * MINUTE]),
    );
    expect(subnet.deps.state.weightsIntent()).toBeUndefined();
    delete line.instead;
    await subnet.clock.run(setting, 5 * MINUTE);
    expect(subnet.told('weights-set')).toHaveLength(1);
  });

  it.each([
    [
      'the answer was lost',
      async (submit: () => Promise<unknown>): Promise<never> => {
        await submit();
        throw unreachable;
      },
    ],
    [
      'the answer never came',
      async (submit: () => Promise<unknown>): Promise<never> => {
        await submit();
        return new Promise<never>(() => undefined);
      },
    ],
  ])('does not send again what has landed though %s', async (_how, instead) => {
    const line: Line = { submitted: [], instead };
    const { subnet, setting, ownRow } = await setUp(line);
    shortenWeightsDeadline(subnet);
    await subnet.clock.run(setting, 15 * MINUTE);
    expect(line.submitted).toHaveLength(1);
    expect(ownRow()).toEqual([
      [3, 65_535],
      [4, 21_845],
    ]);
    expect(subnet.deps.state.weightsIntent()).toBeUndefined();
    expect(subnet.deps.state.weightsSet()?.block).toBe(subnet.neuron(0).lastUpdate);
  });

  it('sends again what has not landed', async () => {
    const line: Line = { submitted: [], instead: () => Promise.reject(unreachable) };
    const { subnet, setting } = await setUp(line);
    await subnet.clock.run(setting, 1 * MINUTE);
    // The client has not asked to keep a ticket, so nothing can have been sent.
    expect(subnet.deps.state.weightsIntent()).toBeUndefined();
    delete line.instead;
    await subnet.clock.run(setting, 5 * MINUTE);
    expect(line.submitted).toHaveLength(2);
    expect(subnet.deps.state.weightsIntent()).toBeUndefined();
  });

  it.each([
    ['landed', 1],
    ['did not land', 2],
  ])('a crash in the middle of it: when it %s, there are %i submissions', async (what, submissions) => {
    const line: Line = {
      submitted: [],
      instead: async (submit) => {
        if (what === 'landed') await submit();
        throw unreachable;
      },
    };
    const { subnet, setting } = await setUp(line);
    await setting.trySet(subnet.signal);
    expect(subnet.deps.state.weightsIntent() !== undefined).toBe(what === 'landed');
    delete line.instead;
    const restarted = new WeightSetting(
      { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true },
      subnet.deps,
    );
    await subnet.clock.run(restarted, 10 * MINUTE);
    expect(line.submitted).toHaveLength(submissions);
    expect(subnet.deps.state.weightsSet()?.uids).toEqual([3, 4]);
  });

  it("survives a chain that can't be read at the start", async () => {
    const line: Line = { submitted: [] };
    const { subnet, setting } = await setUp(line);
    await subnet.deps.state.write(
      put.weightsIntent({ block: 1, lastUpdate: 0, uids: [3], weights: [65_535], round: 1 }),
    );
    const snapshot = subnet.deps.chain.snapshot.bind(subnet.deps.chain);
    let failures = 2;
    subnet.deps.chain.snapshot = (...given) => (failures-- > 0 ? Promise.reject(unreachable) : snapshot(...given));
    await subnet.clock.run(setting, 10 * MINUTE);
    expect(subnet.told('weights-set')).toHaveLength(1);
  });

  it('gives nothing to a newcomer at a uid that has earned weight', async () => {
    const line: Line = { submitted: [] };
    const { subnet, setting, ownRow } = await setUp(line);
    await subnet.network.registerNeuron({ derivation: '//newcomer' }, 3);
    await setting.trySet(subnet.signal);
    expect(ownRow()).toEqual([[4, 65_535]]);
  });

  it('sends zeros where the subnet asks for more entries than uids have weight', async () => {
    const line: Line = { submitted: [] };
    const { subnet, setting, ownRow } = await setUp(line);
    subnet.network.setHyperparameters({ minAllowedWeights: 5 });
    expect(await setting.trySet(subnet.signal)).toBe(true);
    expect(ownRow()).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 65_535],
      [4, 21_845],
    ]);
    const [set] = subnet.told('weights-set');
    expect([set?.confirmed, set?.weights.map(({ uid }) => uid)]).toEqual([true, [3, 4]]);
    const { journal } = subnet.deps.state;
    const replay = replaySubmission(journal.head('submission')?.entry ?? null, journal, new RuleBook());
    expect(replay).toMatchObject({ agrees: true, differences: [] });
  });

  it('a standing of which nothing is left sets no weights', async () => {
    const line: Line = { submitted: [] };
    const { subnet, setting } = await setUp(line);
    await subnet.network.registerNeuron({ derivation: '//newcomer/3' }, 3);
    await subnet.network.registerNeuron({ derivation: '//newcomer/4' }, 4);
    expect(await setting.trySet(subnet.signal)).toBe(false);
    expect(subnet.told('weights-failed')[0]?.error.code).toBe('WEIGHTS_EMPTY');
    expect(line.submitted).toEqual([]);
  });
});
