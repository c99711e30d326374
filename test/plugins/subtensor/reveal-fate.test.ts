import { asBlockNumber, asHotkey } from '@assay/core/contracts/brands';
import type { BlockReference, SubmissionFate } from '@assay/core/contracts/chain-client';
import { encryptToRound } from '@assay/lib-timelock';
import { upscaleWeights } from '@assay/lib-subtensor-rules';
import { FinalBlocks } from '@assay/plugin-subtensor/dist/rpc/final-blocks.js';
import { Runtimes } from '@assay/plugin-subtensor/dist/runtime/runtimes.js';
import { Reveals } from '@assay/plugin-subtensor/dist/submit/reveal-fate.js';
import { timelockedPayload } from '@assay/plugin-subtensor/dist/submit/weights-bytes.js';
import type { HashFacts, TimelockedFacts } from '@assay/plugin-subtensor/dist/submit/weights-facts.js';
import { describe, expect, it } from 'vitest';
import { DRAND_ROUND, DRAND_SIGNATURE } from './drand.js';
import { missing, opened, titled } from './opened.js';
import { eventsValue, type ScriptedEvent } from './scripted-events.js';
import { openLink } from './scripted-link.js';
import { factsOf, NETUID } from './scripted-subnet.js';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const OWN = 40;
const OTHER = 0;
const SIZE = 41;
const EPOCH = 7;
const TEMPO = 10;
const UIDS = [1, 2, 7];
const WEIGHTS = [100, 50, 1];

/** A chain that holds a commit of uid 40, seen by somebody who follows it. */
async function committed() {
  const subnet = await opened({ size: SIZE, spec: 424 });
  const { chain, runtime } = subnet;
  const set = (item: string, args: readonly unknown[], value: unknown): void => {
    subnet.set(item, args, value);
  };
  const { link, log } = openLink([chain.url]);
  const put = (pallet: string, item: string, args: readonly unknown[], value: unknown): void => {
    chain.blocks.put(runtime.storageKey(pallet, item, args), runtime.encodeStorage(pallet, item, value));
  };
  const hotkey = asHotkey(runtime.registry.createType('AccountId32', factsOf(OWN).hotkey).toString());
  chain.advance(20);
  set('CommitRevealWeightsEnabled', [NETUID], true);
  set('MinAllowedWeights', [NETUID], 1);
  set('Tempo', [NETUID], TEMPO);
  set('SubnetEpochIndex', [NETUID], EPOCH);
  set('LastEpochBlock', [NETUID], chain.head);
  put('Drand', 'LastStoredRound', [], DRAND_ROUND - 5);
  put('Drand', 'OldestStoredRound', [], 1);
  const row = { hotkey, uids: UIDS, weights: WEIGHTS, versionKey: 3n };
  const ciphertext = await encryptToRound(timelockedPayload(runtime.registry, row), DRAND_ROUND);
  const at: BlockReference = { number: asBlockNumber(chain.head), hash: chain.blocks.hash(chain.head) ?? '' };
  const base = { uid: OWN, uids: UIDS, weights: WEIGHTS, versionKey: '3', revealBlock: at.number + TEMPO };
  const commitHash = `0x${Buffer.from(runtime.registry.hash(ciphertext)).toString('hex')}`;
  const timelocked: TimelockedFacts = { kind: 'timelocked', ...base, round: DRAND_ROUND, commitHash };
  const hashed: HashFacts = { kind: 'hash', ...base, salt: [1, 2], commitHash: `0x${'ab'.repeat(32)}` };
  const entry = (bytes: Uint8Array, who = factsOf(OWN).hotkey): unknown[] => [
    who,
    at.number,
    `0x${Buffer.from(bytes).toString('hex')}`,
    DRAND_ROUND,
  ];
  const newReveals = (): Reveals =>
    new Reveals({
      place: { netuid: NETUID, mechanism: 0, chain: 'scripted' },
      link,
      runtimes: new Runtimes({ link }),
      blocks: new FinalBlocks(link),
      log: (level, message, context = {}) => log.push({ level, message, context }),
    });
  const reveals = newReveals();
  const remove = (item: string, args: readonly unknown[]): void => {
    chain.blocks.put(runtime.storageKey('SubtensorModule', item, args), null);
  };
  return {
    chain,
    runtime,
    set,
    put,
    at,
    hotkey,
    log,
    /** Commits of the epoch, ours among them. */
    queue: (...entries: readonly unknown[][]): void => {
      set('TimelockedWeightCommits', [NETUID, EPOCH], entries);
    },
    own: entry(ciphertext),
    entry,
    hashQueue: (...since: readonly number[]): void => {
      set(
        'WeightCommits',
        [NETUID, hotkey],
        since.map((each) => [hashed.commitHash, each, at.number, 0]),
      );
    },
    /** Without commits of the epoch. */
    open: (): void => {
      remove('TimelockedWeightCommits', [NETUID, EPOCH]);
    },
    dropHash: (): void => {
      remove('WeightCommits', [NETUID, hotkey]);
    },
    emit: (...events: readonly ScriptedEvent[]): void => {
      chain.blocks.put(runtime.storageKey('System', 'Events', []), eventsValue(runtime, events));
    },
    pulse: (round = DRAND_ROUND, signature: Uint8Array = DRAND_SIGNATURE): void => {
      const hex = `0x${Buffer.from(signature).toString('hex')}`;
      put('Drand', 'Pulses', [round], { round, randomness: '0x', signature: hex });
      put('Drand', 'LastStoredRound', [], Math.max(DRAND_ROUND, round));
    },
    newEpoch: (): void => {
      set('SubnetEpochIndex', [NETUID], EPOCH + 1);
      set('LastEpochBlock', [NETUID], chain.head);
    },
    reference: (number: number): BlockReference => ({
      number: asBlockNumber(number),
      hash: chain.blocks.hash(number) ?? '',
    }),
    fate: (by = reveals): Promise<SubmissionFate> => by.fate({ at, hotkey, facts: timelocked }, soon()),
    hashFate: (by = reveals): Promise<SubmissionFate> => by.fate({ at, hotkey, facts: hashed }, soon()),
    newReveals,
    row: UIDS.map((uid, place) => [uid, upscaleWeights(WEIGHTS)[place]]),
    hashed,
  };
}
type Scene = Awaited<ReturnType<typeof committed>>;

const opening = (hotkey: string, index = NETUID): ScriptedEvent => ({
  name: 'TimelockedWeightsRevealed',
  values: [index, hotkey],
});

/** The commit waits for nine blocks, and is gone in the tenth. */
function untilReveal({ chain, queue, own, newEpoch, open }: Scene): void {
  queue(own);
  chain.advance(TEMPO);
  newEpoch();
  open();
}

describe.skipIf(missing !== undefined)(titled('timelocked weights'), () => {
  it('wait for the epoch of their reveal', async () => {
    const scene = await committed();
    scene.queue(scene.entry(Buffer.from('other'), factsOf(OTHER).hotkey), scene.own);
    expect(await scene.fate()).toMatchObject({
      status: 'committed',
      reveal: { block: scene.at.number + TEMPO, by: 'chain' },
    });
    scene.chain.advance(3);
    const fate = await scene.fate();
    expect(fate).toEqual({
      status: 'committed',
      at: scene.at,
      reveal: { block: scene.at.number + TEMPO, by: 'chain' },
    });
  });

  it('wait for another epoch when the tempo has changed', async () => {
    const scene = await committed();
    scene.queue(scene.own);
    scene.set('Tempo', [NETUID], 25);
    scene.chain.advance(1);
    expect(await scene.fate()).toMatchObject({ reveal: { block: scene.at.number + 25 } });
  });

  it('wait for a round of drand that the chain lacks', async () => {
    const scene = await committed();
    scene.queue(scene.own);
    scene.chain.advance(TEMPO);
    scene.newEpoch();
    expect(await scene.fate()).toMatchObject({
      status: 'committed',
      waitsFor: `round ${DRAND_ROUND} of drand; the chain has stored up to round ${DRAND_ROUND - 5}`,
    });
    scene.chain.advance(1);
    scene.pulse();
    expect(await scene.fate()).toMatchObject({ waitsFor: expect.stringContaining('opens the weights') as unknown });
  });

  it.each([0, 1, 30])(
    'are revealed in the block that says so, found %d blocks later, also by a new process',
    async (later) => {
      const scene = await committed();
      untilReveal(scene);
      scene.emit(opening(factsOf(OTHER).hotkey), opening(scene.hotkey));
      const revealedAt = scene.reference(scene.chain.head);
      scene.chain.advance(later);
      if (later > 0) scene.emit();
      for (const reveals of [undefined, scene.newReveals()])
        expect(await scene.fate(reveals)).toEqual({ status: 'revealed', at: scene.at, revealedAt });
    },
  );

  it('are revealed in a block that was not foreseen', async () => {
    const scene = await committed();
    scene.queue(scene.own);
    scene.chain.advance(27);
    scene.open();
    scene.emit(opening(scene.hotkey));
    const revealedAt = scene.reference(scene.chain.head);
    scene.chain.advance(20);
    scene.emit();
    expect(await scene.fate()).toEqual({ status: 'revealed', at: scene.at, revealedAt });
  });

  it('are found once and asked for no more', async () => {
    const scene = await committed();
    untilReveal(scene);
    scene.emit(opening(scene.hotkey));
    const first = await scene.fate();
    const asked = scene.chain.asked.get('state_queryStorageAt');
    expect(await scene.fate()).toEqual(first);
    expect(scene.chain.asked.get('state_queryStorageAt')).toBe(asked);
  });

  it('are told apart from another commit of the same hotkey by the row in force', async () => {
    for (const isInForce of [true, false]) {
      const scene = await committed();
      scene.queue(scene.entry(Buffer.from('first')), scene.own);
      scene.chain.advance(TEMPO);
      scene.newEpoch();
      scene.open();
      scene.emit(opening(scene.hotkey));
      scene.set('Weights', [NETUID, OWN], isInForce ? scene.row : [[1, 65_535]]);
      expect(await scene.fate()).toMatchObject({ status: isInForce ? 'revealed' : 'unrevealed' });
    }
  });

  it('are decided by the row where the node has discarded the block', async () => {
    for (const isInForce of [true, false]) {
      const scene = await committed();
      untilReveal(scene);
      scene.emit(opening(scene.hotkey));
      scene.set('Weights', [NETUID, OWN], isInForce ? scene.row : [[1, 65_535]]);
      scene.chain.advance(20);
      scene.chain.statesKept = 5;
      const fate = await scene.fate();
      expect(fate).toMatchObject(
        isInForce
          ? { status: 'revealed', revealedAt: scene.reference(scene.chain.head) }
          : { status: 'unrevealed', reason: expect.stringContaining('discarded') as unknown },
      );
      expect(scene.log).toContainEqual(
        expect.objectContaining({ level: 'warn', context: expect.objectContaining({ isInForce }) as unknown }),
      );
    }
  });

  it('are not decided by the row of another hotkey that has their uid by now', async () => {
    const scene = await committed();
    untilReveal(scene);
    scene.set('Weights', [NETUID, OWN], scene.row);
    scene.set('Keys', [NETUID, OWN], factsOf(999).hotkey);
    scene.chain.advance(20);
    scene.chain.statesKept = 5;
    expect(await scene.fate()).toMatchObject({ status: 'unrevealed' });
  });
});

const SIGNATURE_OF_ANOTHER = Buffer.concat([Buffer.from([0xc0]), Buffer.alloc(47)]);
const UNREVEALED: readonly [what: string, change: (scene: Scene) => void, reason: RegExp][] = [
  [
    'the event of another hotkey only',
    (scene) => {
      scene.pulse();
      scene.chain.advance(1);
    },
    /shows no reason/,
  ],
  [
    'a missing round',
    (scene) => {
      scene.chain.advance(1);
    },
    /round 1000 of drand came too late: the chain had stored up to round 995/,
  ],
  [
    'a round that drand has skipped',
    (scene) => {
      scene.pulse(DRAND_ROUND + 1);
      scene.chain.advance(1);
    },
    /never stored round 1000/,
  ],
  [
    'a round that was dropped',
    (scene) => {
      scene.pulse(DRAND_ROUND + 1);
      scene.put('Drand', 'OldestStoredRound', [], 1001);
      scene.chain.advance(1);
    },
    /oldest was round 1001/,
  ],
  [
    'a ciphertext that does not open',
    (scene) => {
      scene.pulse(DRAND_ROUND, SIGNATURE_OF_ANOTHER);
      scene.chain.advance(1);
    },
    /does not open/,
  ],
  [
    'a hotkey that left',
    (scene) => {
      scene.pulse();
      scene.set('Keys', [NETUID, OWN], factsOf(999).hotkey);
      scene.chain.advance(1);
    },
    /HotKeyNotRegisteredInSubNet/,
  ],
  [
    'a lost permit',
    (scene) => {
      scene.pulse();
      scene.set(
        'ValidatorPermit',
        [NETUID],
        Array.from({ length: SIZE }, () => false),
      );
      scene.chain.advance(1);
    },
    /NeuronNoValidatorPermit/,
  ],
  [
    'too little stake',
    (scene) => {
      scene.pulse();
      scene.set('StakeThreshold', [], 10n ** 18n);
      scene.chain.advance(1);
    },
    /NotEnoughStakeToSetWeights/,
  ],
  [
    'a new version key',
    (scene) => {
      scene.pulse();
      scene.set('WeightsVersionKey', [NETUID], 4);
      scene.chain.advance(1);
    },
    /IncorrectWeightVersionKey/,
  ],
  [
    'more uids asked for',
    (scene) => {
      scene.pulse();
      scene.set('MinAllowedWeights', [NETUID], 9);
      scene.chain.advance(1);
    },
    /WeightVecLengthIsLow/,
  ],
];

describe.skipIf(missing !== undefined)(titled('timelocked weights that the chain drops'), () => {
  it.each(UNREVEALED)('say why: %s', async (_what, change, reason) => {
    const scene = await committed();
    scene.queue(scene.own);
    scene.chain.advance(TEMPO - 2);
    change(scene);
    scene.chain.advance(1);
    scene.newEpoch();
    scene.open();
    scene.emit(opening(factsOf(OTHER).hotkey), opening(scene.hotkey, NETUID + 4096));
    const fate = await scene.fate();
    expect(fate).toEqual({ status: 'unrevealed', at: scene.at, reason: expect.stringMatching(reason) as unknown });
  });
});

describe.skipIf(missing !== undefined)(titled('weights committed by hash'), () => {
  const revealing = ({ hotkey, hashed }: Scene): ScriptedEvent => ({
    name: 'WeightsRevealed',
    values: [hotkey, NETUID, hashed.commitHash],
  });

  it('wait for their epoch, can be revealed in it, and not after it', async () => {
    const scene = await committed();
    scene.hashQueue(EPOCH);
    scene.chain.advance(1);
    const opens = { block: scene.at.number + TEMPO, by: 'validator' };
    expect(await scene.hashFate()).toEqual({ status: 'committed', at: scene.at, reveal: opens });
    scene.chain.advance(TEMPO);
    scene.newEpoch();
    expect(await scene.hashFate()).toEqual({ status: 'committed', at: scene.at, reveal: opens });
    scene.chain.advance(TEMPO);
    expect(await scene.hashFate()).toMatchObject({
      status: 'unrevealed',
      reason: expect.stringMatching(/in epoch 8 of the subnet, and it is in epoch 9/) as unknown,
    });
  });

  it('are revealed by the event with their hash', async () => {
    const scene = await committed();
    scene.hashQueue(EPOCH);
    scene.chain.advance(TEMPO + 3);
    scene.newEpoch();
    scene.dropHash();
    scene.emit(revealing(scene));
    const revealedAt = scene.reference(scene.chain.head);
    scene.chain.advance(4);
    expect(await scene.hashFate()).toEqual({ status: 'revealed', at: scene.at, revealedAt });
  });

  it('are lost when the chain drops them without it', async () => {
    const scene = await committed();
    scene.hashQueue(EPOCH);
    scene.chain.advance(TEMPO + 3);
    scene.dropHash();
    scene.emit({ ...revealing(scene), values: [scene.hotkey, NETUID, `0x${'cd'.repeat(32)}`] });
    expect(await scene.hashFate()).toMatchObject({
      status: 'unrevealed',
      reason: expect.stringMatching(/has dropped the commit/) as unknown,
    });
  });
});
