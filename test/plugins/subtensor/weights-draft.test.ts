import { asBlockNumber, asHotkey, asUid } from '@assay/core/contracts/brands';
import type { WeightsSubmission } from '@assay/core/contracts/chain-client';
import { decryptWithSignature, timeOf } from '@assay/lib-timelock';
import type { Link } from '@assay/plugin-subtensor/dist/rpc/link.js';
import { Runtimes } from '@assay/plugin-subtensor/dist/runtime/runtimes.js';
import type { Draft } from '@assay/plugin-subtensor/dist/submit/draft.js';
import { weightsDraft } from '@assay/plugin-subtensor/dist/submit/weights.js';
import { commitHash, timelockedPayload } from '@assay/plugin-subtensor/dist/submit/weights-bytes.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorOf } from '../../error-of.js';
import { missing, opened, titled, type Wanted } from './opened.js';
import { DRAND_ROUND, DRAND_SIGNATURE } from './drand.js';
import { openLink } from './scripted-link.js';
import { factsOf, NETUID } from './scripted-subnet.js';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
/** Uid of the validator, which has a permit. */
const OWN = 40;
const SIZE = 64;
const TEMPO = 10;
type Opened = Awaited<ReturnType<typeof opened>> & { link: Link; runtimes: Runtimes };

const address = (subnet: Opened, uid: number): string =>
  subnet.runtime.registry.createType('AccountId32', factsOf(uid).hotkey).toString();

const rowOf = (subnet: Opened, uids: readonly number[] = [1, 2, 7]): WeightsSubmission => ({
  uids: uids.map(asUid),
  hotkeys: uids.map((uid) => asHotkey(address(subnet, uid))),
  weights: uids.map((uid) => 65_535 - uid),
  versionKey: 2013n,
});

function put(
  subnet: Opened,
  [pallet, item]: readonly [string, string],
  args: readonly unknown[],
  value: unknown,
): void {
  subnet.chain.blocks.put(
    subnet.runtime.storageKey(pallet, item, args),
    subnet.runtime.encodeStorage(pallet, item, value),
  );
}

/** A subnet on which the validator may set weights, at a time at which a reveal falls into the recorded round. */
async function ready(wanted: Partial<Wanted> = {}): Promise<Opened> {
  const scripted = await opened({ size: SIZE, spec: 424, ...wanted });
  const { link } = openLink([scripted.chain.url]);
  const subnet = { ...scripted, link, runtimes: new Runtimes({ link }) };
  subnet.chain.advance(20);
  subnet.set('WeightsSetRateLimit', [NETUID], 5);
  subnet.set('CommitRevealWeightsEnabled', [NETUID], false);
  subnet.set('Tempo', [NETUID], TEMPO);
  subnet.set('MinAllowedWeights', [NETUID], 1);
  setLastUpdate(subnet, 0, wanted.mechanism);
  if (wanted.spec !== 343) {
    subnet.set('SubnetEpochIndex', [NETUID], 7);
    subnet.set('LastEpochBlock', [NETUID], subnet.chain.head - 3);
  }
  // The reveal is 6 blocks from the next one; three blocks more are spare.
  put(subnet, ['Timestamp', 'Now'], [], (timeOf(DRAND_ROUND + 1) + 1 - (6 + 3) * 12) * 1000);
  subnet.chain.advance();
  return subnet;
}

function setLastUpdate(subnet: Opened, block: number, mechanism = 0): void {
  const updates = Array.from({ length: SIZE }, (_, uid) => (uid === OWN ? block : 0));
  subnet.set('LastUpdate', [mechanism * 4096 + NETUID], updates);
}

async function drafted(
  subnet: Opened,
  row = rowOf(subnet),
  mechanism = 0,
  hotkey = address(subnet, OWN),
): Promise<Draft> {
  const { link, runtimes } = subnet;
  const place = { netuid: NETUID, mechanism, chain: 'scripted' };
  const number = subnet.chain.head;
  const at = { number: asBlockNumber(number), hash: subnet.chain.blocks.hash(number) ?? '' };
  return weightsDraft(row, hotkey, { place, link, runtimes })(soon(), at);
}

describe.skipIf(missing !== undefined)(titled('weights as the chain takes them'), () => {
  it.each([343, 424] as const)('are set plainly on spec %d', async (spec) => {
    const subnet = await ready({ spec });
    const draft = await drafted(subnet);
    expect(draft).toMatchObject({
      pallet: 'SubtensorModule',
      call: 'set_weights',
      args: [NETUID, [1, 2, 7], [65_534, 65_533, 65_528], 2013n],
      facts: { kind: 'set', uid: OWN, uids: [1, 2, 7], weights: [65_534, 65_533, 65_528], versionKey: '2013' },
    });
    expect(() => subnet.runtime.calls.encode(draft.pallet, draft.call, draft.args)).not.toThrow();
  });

  it('are set for a mechanism', async () => {
    const subnet = await ready({ mechanism: 1 });
    const draft = await drafted(subnet, rowOf(subnet), 1);
    expect(draft).toMatchObject({
      call: 'set_mechanism_weights',
      args: [NETUID, 1, [1, 2, 7], expect.anything(), 2013n],
    });
  });

  it('are committed where the subnet wants that, and the chain opens them with the signature of the round', async () => {
    const subnet = await ready();
    subnet.set('CommitRevealWeightsEnabled', [NETUID], true);
    subnet.set('CommitRevealWeightsVersion', [], 4);
    const draft = await drafted(subnet);
    const facts = z.object({ round: z.number(), commitHash: z.string() }).parse(draft.facts);
    expect(draft).toMatchObject({
      call: 'commit_timelocked_weights',
      args: [NETUID, expect.stringMatching(/^0x/), DRAND_ROUND, 4],
      facts: { kind: 'timelocked', uid: OWN, revealBlock: subnet.chain.head + 6, round: DRAND_ROUND },
    });
    const bytes = subnet.runtime.calls.encode(draft.pallet, draft.call, draft.args);
    const [, commit] = subnet.runtime.registry.createType('Call', bytes).args;
    const ciphertext = Buffer.from(String(commit?.toHex()).slice(2), 'hex');
    const open = await decryptWithSignature(ciphertext, DRAND_SIGNATURE);
    const { registry } = subnet.runtime;
    const decoded = registry.createType('(Vec<u8>, Vec<u16>, Vec<u16>, u64)', open).toJSON();
    expect(decoded).toEqual([factsOf(OWN).hotkey, [1, 2, 7], [65_534, 65_533, 65_528], 2013]);
    expect(open).toEqual(timelockedPayload(registry, { ...rowOf(subnet), hotkey: address(subnet, OWN) }));
    expect(facts.commitHash).toBe(`0x${Buffer.from(registry.hash(ciphertext)).toString('hex')}`);
  });

  it('are committed for a mechanism', async () => {
    const subnet = await ready({ mechanism: 1 });
    subnet.set('CommitRevealWeightsEnabled', [NETUID], true);
    expect(await drafted(subnet, rowOf(subnet), 1)).toMatchObject({
      call: 'commit_timelocked_mechanism_weights',
      args: [NETUID, 1, expect.stringMatching(/^0x/), DRAND_ROUND, 4],
    });
  });

  it('are revealed by the schedule without the count of epochs on spec 343', async () => {
    const subnet = await ready({ spec: 343 });
    subnet.set('CommitRevealWeightsEnabled', [NETUID], true);
    const epoch = Math.floor((subnet.chain.head + 1 + NETUID + 1) / (TEMPO + 1));
    expect((await drafted(subnet)).facts).toMatchObject({ revealBlock: (epoch + 1) * (TEMPO + 1) - (NETUID + 1) });
  });

  it('name no round that the chain has stored already, however far its clock is behind', async () => {
    const subnet = await ready();
    subnet.set('CommitRevealWeightsEnabled', [NETUID], true);
    put(subnet, ['Drand', 'LastStoredRound'], [], 50_000);
    expect((await drafted(subnet)).facts).toMatchObject({ round: expect.any(Number) as unknown });
    const { round } = z.object({ round: z.number() }).parse((await drafted(subnet)).facts);
    expect(round).toBeGreaterThan(50_000);
  });

  it('are hashed with their salt where a runtime has nothing better', async () => {
    const subnet = await ready();
    const row = { ...rowOf(subnet), hotkey: address(subnet, OWN) };
    const one = commitHash(subnet.runtime.registry, NETUID, row, [1, 2]);
    expect(one).toMatch(/^0x[0-9a-f]{64}$/);
    expect(commitHash(subnet.runtime.registry, NETUID, row, [1, 3])).not.toBe(one);
  });
});

type Change = (subnet: Opened) => void;
const nothing: Change = () => undefined;
const committing: Change = (subnet) => {
  subnet.set('CommitRevealWeightsEnabled', [NETUID], true);
};
const both =
  (...changes: readonly Change[]): Change =>
  (subnet) => {
    for (const change of changes) change(subnet);
  };

const REFUSED: readonly [
  code: string,
  what: string,
  change: Change,
  payload?: Record<string, unknown>,
  row?: (subnet: Opened) => WeightsSubmission,
][] = [
  [
    'HOTKEYS_CHANGED',
    'a uid of another hotkey',
    (subnet) => {
      subnet.set('Keys', [NETUID, 2], factsOf(999).hotkey);
    },
    { uids: [2] },
  ],
  [
    'HOTKEYS_CHANGED',
    'a uid that is gone',
    nothing,
    { uids: [SIZE] },
    (subnet) => ({ ...rowOf(subnet), uids: [1, 2, SIZE].map(asUid) }),
  ],
  [
    'HOTKEYS_CHANGED',
    'a uid of another hotkey in a commit',
    both(committing, (subnet) => {
      subnet.set('Keys', [NETUID, 7], factsOf(999).hotkey);
    }),
    { uids: [7] },
  ],
  [
    'HotKeyNotRegisteredInSubNet',
    'a hotkey that left',
    (subnet) => {
      subnet.set('Keys', [NETUID, OWN], factsOf(999).hotkey);
    },
  ],
  [
    'NeuronNoValidatorPermit',
    'no permit',
    (subnet) => {
      subnet.set(
        'ValidatorPermit',
        [NETUID],
        Array.from({ length: SIZE }, () => false),
      );
    },
  ],
  [
    'NeuronNoValidatorPermit',
    'no permit for what a commit reveals',
    both(committing, (subnet) => {
      subnet.set(
        'ValidatorPermit',
        [NETUID],
        Array.from({ length: SIZE }, () => false),
      );
    }),
  ],
  [
    'NotEnoughStakeToSetWeights',
    'too little stake',
    (subnet) => {
      subnet.set('StakeThreshold', [], 10n ** 18n);
    },
  ],
  [
    'NotEnoughStakeToSetWeights',
    'too little stake for a commit',
    both(committing, (subnet) => {
      subnet.set('StakeThreshold', [], 10n ** 18n);
    }),
  ],
  [
    'SettingWeightsTooFast',
    'weights two blocks ago',
    (subnet) => {
      setLastUpdate(subnet, subnet.chain.head - 1);
    },
    { blocksLeft: 3, rateLimit: 5 },
  ],
  [
    'CommittingWeightsTooFast',
    'a commit two blocks ago',
    both(committing, (subnet) => {
      setLastUpdate(subnet, subnet.chain.head - 1);
    }),
    { blocksLeft: 3 },
  ],
  [
    'WeightVecLengthIsLow',
    'too few uids',
    (subnet) => {
      subnet.set('MinAllowedWeights', [NETUID], 4);
    },
    { uids: 3, lowest: 4 },
  ],
  [
    'IncorrectWeightVersionKey',
    'an old version key',
    (subnet) => {
      subnet.set('WeightsVersionKey', [NETUID], 2014);
    },
  ],
  [
    'IncorrectWeightVersionKey',
    'an old version key in a commit',
    both(committing, (subnet) => {
      subnet.set('WeightsVersionKey', [NETUID], 2014);
    }),
  ],
  ['DuplicateUids', 'a uid twice', nothing, { uid: 2 }, (subnet) => rowOf(subnet, [1, 2, 2])],
  [
    'TooManyUnrevealedCommits',
    'ten commits in this epoch',
    both(committing, (subnet) => {
      subnet.set(
        'TimelockedWeightCommits',
        [NETUID, 7],
        Array.from({ length: 10 }, () => [factsOf(OWN).hotkey, 5, '0x01', 9]),
      );
    }),
  ],
  [
    'CallFiltered',
    'a commit in safe mode',
    both(committing, (subnet) => {
      put(subnet, ['SafeMode', 'EnteredUntil'], [], 12_345);
    }),
    { until: 12_345, call: 'commit_timelocked_weights' },
  ],
  [
    'ColdkeySwapAnnounced',
    'an announced swap',
    (subnet) => {
      put(subnet, ['SubtensorModule', 'ColdkeySwapAnnouncements'], [factsOf(OWN).hotkey], [1, `0x${'11'.repeat(32)}`]);
    },
  ],
  [
    'ColdkeySwapDisputed',
    'a disputed swap',
    (subnet) => {
      put(subnet, ['SubtensorModule', 'ColdkeySwapAnnouncements'], [factsOf(OWN).hotkey], [1, `0x${'11'.repeat(32)}`]);
      put(subnet, ['SubtensorModule', 'ColdkeySwapDisputes'], [factsOf(OWN).hotkey], 1);
    },
  ],
  [
    'EPOCHS_STOPPED',
    'a commit that no epoch reveals',
    both(committing, (subnet) => {
      subnet.set('Tempo', [NETUID], 0);
    }),
  ],
];

describe.skipIf(missing !== undefined)(titled('weights that the chain would refuse'), () => {
  it.each(REFUSED)('%s: %s', async (code, _what, change, payload = {}, row = rowOf) => {
    const subnet = await ready();
    expect(await drafted(subnet)).toBeDefined();
    change(subnet);
    const error = await errorOf(drafted(subnet, row(subnet)));
    expect(error).toMatchObject({ code, fault: 'chain', payload });
    expect(error.hint).not.toBe('');
  });

  it('pass with ten commits of an earlier epoch, and of another hotkey', async () => {
    const subnet = await ready();
    subnet.set('CommitRevealWeightsEnabled', [NETUID], true);
    const commits = (uid: number): unknown[] => Array.from({ length: 10 }, () => [factsOf(uid).hotkey, 5, '0x01', 9]);
    subnet.set('TimelockedWeightCommits', [NETUID, 6], commits(OWN));
    subnet.set('TimelockedWeightCommits', [NETUID, 7], commits(3));
    expect(await drafted(subnet)).toMatchObject({ call: 'commit_timelocked_weights' });
  });

  it('pass in safe mode where they are set plainly, and not for a mechanism', async () => {
    const plain = await ready();
    put(plain, ['SafeMode', 'EnteredUntil'], [], 12_345);
    expect(await drafted(plain)).toMatchObject({ call: 'set_weights' });
    const mechanism = await ready({ mechanism: 1 });
    put(mechanism, ['SafeMode', 'EnteredUntil'], [], 12_345);
    expect((await errorOf(drafted(mechanism, rowOf(mechanism), 1))).code).toBe('CallFiltered');
  });

  it('are not encrypted when they are too long for a commit', async () => {
    const subnet = await ready({ size: 1300 });
    subnet.set(
      'LastUpdate',
      [NETUID],
      Array.from({ length: 1300 }, () => 0),
    );
    subnet.set('CommitRevealWeightsEnabled', [NETUID], true);
    const uids = Array.from({ length: 1200 }, (_, uid) => uid);
    const error = await errorOf(drafted(subnet, rowOf(subnet, uids)));
    expect(error).toMatchObject({ code: 'COMMIT_TOO_LONG', payload: { uids: 1200, bytes: 5089, limitBytes: 5000 } });
    expect(await drafted(subnet, rowOf(subnet, uids.slice(0, 1177)))).toMatchObject({
      call: 'commit_timelocked_weights',
    });
  });
});
