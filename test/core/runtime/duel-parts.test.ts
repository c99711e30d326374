import { rmSync } from 'node:fs';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import { replayEntry } from '@assay/core/runtime/round/entry';
import type { RoundEntry } from '@assay/core/runtime/round/entry-shape';
import { asJson } from '@assay/core/runtime/derived-rows';
import { RuleBook } from '@assay/core/rules/rule-book';
import { rulesByBlock } from '@assay/core/rules/chosen';
import duel from '@assay/competition-duel';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replayed, wholeRound } from '../../recorded-round.js';
import { AVERAGING } from './subnet.js';
import {
  competitionOf,
  crash,
  FIRST_KING,
  firstKing,
  newDuel,
  PART,
  SAMPLES,
  samplesFrom,
  type DuelScene,
} from './duel-scene.js';

const partsOf = ({ evaluator }: DuelScene): string[] =>
  evaluator.scored.map(({ name, from, to }) => `${name} ${from}-${to}`);

const lossesIn = ({ contenders }: RoundEntry): Record<string, number> =>
  Object.fromEntries(
    contenders.map(({ reference, outcome }) => [
      reference.name,
      outcome.status === 'scored' ? (outcome.tasks[0]?.losses.length ?? 0) : -1,
    ]),
  );

const roundOf = ({ subnet }: DuelScene, number: number): RoundEntry => wholeRound(subnet.deps.state.journal, number);
const agrees = ({ subnet }: DuelScene, number: number): string[] =>
  replayed(subnet.deps.state.journal, number, subnet.deps.rules).differences;
const king = ({ subnet }: DuelScene): unknown => {
  const [reign] = (subnet.deps.state.standing(1)?.state as { reigns: { reference: { name: string } }[] }).reigns;
  return reign?.reference.name;
};
const voids = ({ subnet }: DuelScene): (string | undefined)[] =>
  subnet.told('round-finished').map(({ void: reason }) => reason?.code);

/** What a record decides and rests on, without the time of day. */
const substance = (entry: RoundEntry): string => {
  const { recordedAt, ...rest } = entry;
  expect(recordedAt).toMatch(/Z$/);
  return canonicalJson(asJson(rest));
};

describe('a duel', () => {
  it('scores king and challenger alternately, and ends a hopeless one after a third of its samples', async () => {
    const scene = await newDuel({ king: 2 });
    await scene.claim(3, 'hopeless', 3);
    await scene.turn();
    expect(partsOf(scene)).toEqual([`${FIRST_KING} 0-10`, 'hopeless 0-10', `${FIRST_KING} 10-20`, 'hopeless 10-20']);
    expect(scene.evaluator.scored.every(({ keep }) => keep)).toBe(true);
    expect(scene.evaluator.released.sort()).toEqual([FIRST_KING, 'hopeless']);
    expect(lossesIn(roundOf(scene, 1))).toEqual({ [FIRST_KING]: 20, hopeless: 20 });
    expect(roundOf(scene, 1).samples[0]?.batches).toBe(SAMPLES);
    const [finished] = scene.subnet.told('round-finished');
    expect(finished?.saved).toMatchObject({ samples: SAMPLES, used: 20, models: 2, computed: 40 });
    expect(finished?.rows.find(({ uid }) => uid === 3)?.values).toMatchObject({ verdict: 'stopped', sequences: 20 });
    expect(agrees(scene, 1)).toEqual([]);
  });

  it('scores all samples of a challenger that may win, and crowns it', async () => {
    const scene = await newDuel({ king: 2 });
    await scene.claim(3, 'better', 1.9);
    await scene.turn();
    expect(scene.evaluator.computed('better')).toBe(SAMPLES);
    expect(scene.evaluator.scored.map(({ keep }) => keep).lastIndexOf(true)).toBe(2 * (SAMPLES / PART - 1) - 1);
    expect(scene.subnet.told('round-finished')[0]).not.toHaveProperty('saved');
    expect(king(scene)).toBe('better');
    expect(agrees(scene, 1)).toEqual([]);
  });
});

describe('a model that defends its place', () => {
  it('that nobody owns plays without a uid, and what it would earn is burned until somebody wins', async () => {
    const scene = await newDuel({ king: 2 });
    const options = { hotkey: scene.subnet.hotkey, offline: false, dryRun: false, setWeights: true };
    expect(await new WeightSetting(options, scene.subnet.deps).trySet(scene.subnet.signal)).toBe(true);
    await scene.claim(3, 'worse', 2.5);
    await scene.turn();
    expect(roundOf(scene, 1).contenders.map(({ uid, commitment }) => [uid, commitment === ''])).toEqual([
      [-1, true],
      [3, false],
    ]);
    await scene.claim(4, 'better', 1.9);
    await scene.turn();
    expect(await new WeightSetting(options, scene.subnet.deps).trySet(scene.subnet.signal)).toBe(true);
    const set = scene.subnet.told('weights-set').map(({ weights }) => weights.map(({ uid, share }) => [uid, share]));
    expect(set).toEqual([[[1, 1]], [[4, 1]]]);
    expect([1, 2].flatMap((number) => agrees(scene, number))).toEqual([]);
  });

  it('plays with the model that won, whatever its owner claims, and when its owner has left', async () => {
    const scene = await newDuel();
    await scene.claim(3, 'king', 2);
    await scene.turn();
    await scene.claim(3, 'bad', 9);
    await scene.claim(4, 'worse', 2.5);
    await scene.turn();
    scene.subnet.network.deregister(3);
    await scene.claim(5, 'hopeless', 5);
    await scene.turn();
    const played = [1, 2, 3].map((number) => roundOf(scene, number).contenders.map(({ reference: { name } }) => name));
    expect(played).toEqual([['king'], ['king', 'worse'], ['king', 'hopeless']]);
    expect(roundOf(scene, 3).contenders[0]?.uid).toBe(-1);
    expect(king(scene)).toBe('king');
    expect([1, 2, 3].flatMap((number) => agrees(scene, number))).toEqual([]);
  });

  it('that can not be scored makes the round void, and its challenger waits without being scored further', async () => {
    const scene = await newDuel({ king: 2 });
    await scene.claim(3, 'better', 1.9);
    scene.evaluator.before = ({ name, from }) => {
      if (name === FIRST_KING && from === 20) throw crash('signal SIGKILL');
    };
    await scene.turn();
    expect(voids(scene)).toEqual(['DEFENDER_NOT_SCORED']);
    // Two parts of its own, and one as the control that shows what the machine can do.
    expect(scene.evaluator.computed('better')).toBe(20 + PART);
    expect(agrees(scene, 1)).toEqual([]);
    expect(scene.subnet.told('warning').map(({ error }) => error.code)).toEqual(['DEFENDER_NOT_SCORED']);
    scene.evaluator.before = () => undefined;
    await scene.turn();
    expect(king(scene)).toBe('better');
    expect(scene.evaluator.computed(FIRST_KING)).toBe(SAMPLES);
    expect(scene.evaluator.computed('better')).toBe(SAMPLES + PART);
  });

  it('whose files vanish is fetched again; where that fails nobody else pays', async () => {
    const scene = await newDuel({ king: 2 });
    await scene.claim(3, 'worse', 2.5);
    await scene.turn();
    const { reference } = roundOf(scene, 1).contenders[0] ?? {};
    if (!reference) throw new Error('nobody has played');
    const stored = await scene.subnet.deps.store.stored(reference);
    await scene.subnet.deps.store.discard(reference);
    rmSync(stored?.directory ?? '', { recursive: true, force: true });
    scene.subnet.unpublish(reference);
    await scene.claim(4, 'better', 1.9);
    await scene.turn();
    expect(voids(scene)).toEqual([undefined, 'DEFENDER_NOT_SCORED']);
    expect(roundOf(scene, 2).contenders.map(({ outcome }) => outcome.status)).toEqual(['failed', 'failed']);
    scene.subnet.publish(FIRST_KING, 2);
    await scene.turn();
    expect(king(scene)).toBe('better');
  });

  it('that can not be had costs rounds, raises one alarm, and challengers wait', async () => {
    const scene = await newDuel({ king: 2 });
    scene.subnet.unpublish(firstKing(2));
    await scene.claim(3, 'better', 1.9);
    await scene.turn();
    await scene.turn();
    expect(scene.subnet.told('round-skipped').map(({ error }) => error.code)).toEqual([
      'DEFENDER_UNAVAILABLE',
      'DEFENDER_UNAVAILABLE',
    ]);
    expect(scene.subnet.told('warning').map(({ error }) => error.code)).toEqual(['DEFENDER_UNAVAILABLE']);
    expect(scene.subnet.told('model-checked').map(({ status }) => status)).toEqual(['postponed', 'postponed']);
    scene.subnet.publish(FIRST_KING, 2);
    await scene.turn();
    expect(king(scene)).toBe('better');
  });

  it('is never to blame, and is tried again with the next round', async () => {
    const scene = await newDuel({ king: 2 });
    await scene.claim(3, 'better', 1.9);
    scene.evaluator.before = ({ name, from }) => {
      if (name === FIRST_KING && from === 10) throw crash('signal SIGSEGV');
    };
    await scene.turn();
    expect(voids(scene)).toEqual(['DEFENDER_NOT_SCORED']);
    scene.evaluator.before = () => undefined;
    await scene.turn();
    expect(king(scene)).toBe('better');
  });
});

describe('a challenger', () => {
  it('that crashes in its third part is to blame beside the king, which counts with its first part', async () => {
    const scene = await newDuel({ king: 2 });
    await scene.claim(3, 'crashes', 1.9);
    scene.evaluator.before = ({ name, from }) => {
      if (name === 'crashes' && from === 20) throw crash('signal SIGSEGV');
    };
    await scene.turn();
    expect(voids(scene)).toEqual([undefined]);
    expect(lossesIn(roundOf(scene, 1))).toEqual({ [FIRST_KING]: PART, crashes: -1 });
    expect(roundOf(scene, 1).contenders[1]?.outcome).toMatchObject({ error: { code: 'MODEL_BREAKS_EVALUATOR' } });
    expect(king(scene)).toBe(FIRST_KING);
    expect(agrees(scene, 1)).toEqual([]);
    // The control ran in a process of its own: nothing was loaded any more.
    expect(new Set(scene.evaluator.released)).toEqual(new Set([FIRST_KING, 'crashes']));
    await scene.claim(4, 'better', 1.9);
    await scene.turn();
    expect(king(scene)).toBe('better');
  });

  it('that this machine can not score keeps its place, and the king is not scored again for it', async () => {
    const scene = await newDuel({ king: 2 });
    await scene.claim(3, 'unlucky', 1.9);
    await scene.claim(4, 'next', 1.5);
    scene.evaluator.before = ({ name, from }) => {
      if (name === 'unlucky' && from === 20) throw crash('signal SIGKILL');
    };
    await scene.turn();
    await scene.turn();
    expect(voids(scene)).toEqual(['CLAIMS_UNKNOWN', 'CLAIMS_UNKNOWN']);
    scene.evaluator.before = () => undefined;
    await scene.turn();
    expect(king(scene)).toBe('unlucky');
    // Its third part once more as the control of each failure.
    expect(scene.evaluator.computed(FIRST_KING)).toBe(SAMPLES + 2 * PART);
    expect([1, 2, 3].flatMap((number) => agrees(scene, number))).toEqual([]);
  });

  it('that fails while it is loaded beside the king is scored without anything else in memory from then on', async () => {
    const scene = await newDuel({ king: 2 });
    await scene.claim(3, 'large', 1.9);
    let isFirst = true;
    scene.evaluator.before = ({ name }) => {
      if (name !== 'large' || !isFirst) return;
      isFirst = false;
      throw crash('signal SIGSEGV');
    };
    await scene.turn();
    expect(king(scene)).toBe('large');
    const [first, ...others] = scene.evaluator.scored;
    expect([first?.keep, others.some(({ keep }) => keep)]).toEqual([true, false]);
    expect(scene.evaluator.released[0]).toBe(FIRST_KING);
  });
});

describe('the record of a duel', () => {
  const withLosses = (entry: RoundEntry, count: number): RoundEntry => ({
    ...entry,
    contenders: entry.contenders.map((contender) =>
      contender.outcome.status === 'failed'
        ? contender
        : {
            ...contender,
            outcome: {
              status: 'scored',
              tasks: contender.outcome.tasks.map((task) => ({
                ...task,
                losses: [...task.losses, ...task.losses, ...task.losses].slice(0, count),
                samples: count,
              })),
            },
          },
    ),
  });

  it.each([10, 15, 30, 60])(
    'that says %i samples where the rule stops after 20 is found by a replay',
    async (count) => {
      const scene = await newDuel({ king: 2 });
      await scene.claim(3, 'hopeless', 3);
      await scene.turn();
      const entry = roundOf(scene, 1);
      const { rules } = scene.subnet.deps;
      expect(replayEntry(asJson(entry), rules).differences).toEqual([]);
      const edited = replayEntry(asJson(withLosses(entry, count)), rules);
      expect(edited.verdict.void).toMatchObject({ code: 'EARLY_STOP_DIFFERS', payload: { samples: count } });
      expect(edited.differences.join()).toContain('EARLY_STOP_DIFFERS');
    },
  );

  it('without the king is found by a replay', async () => {
    const scene = await newDuel({ king: 2 });
    await scene.claim(3, 'hopeless', 3);
    await scene.turn();
    const entry = roundOf(scene, 1);
    const edited = { ...entry, contenders: entry.contenders.filter(({ uid }) => uid >= 0) };
    expect(replayEntry(asJson(edited), scene.subnet.deps.rules).verdict.void?.code).toBe('DEFENDER_NOT_SCORED');
  });

  it('counts rounds in a row, each on other samples, until the challenger has won as often as it has to', async () => {
    const match = { margin: 0.0015, alpha: 0.01, resamples: 200, winsNeeded: 2, earlyStop: { every: PART } };
    const scene = await newDuel({ king: 2, match });
    await scene.claim(3, 'better', 1.9);
    await scene.turn();
    expect(king(scene)).toBe(FIRST_KING);
    await scene.turn();
    expect(king(scene)).toBe('better');
    const [first, second] = [roundOf(scene, 1), roundOf(scene, 2)];
    expect([first.repetition, second.repetition]).toEqual([undefined, 2]);
    expect(first.seed).not.toBe(second.seed);
    expect([1, 2].flatMap((number) => agrees(scene, number))).toEqual([]);
  });
});

describe('losses that are known', () => {
  it('of the king are not computed again where its samples recur, also among others', async () => {
    const match = { margin: 0.0015, alpha: 0.01, resamples: 200, earlyStop: { every: PART, fraction: 1 } };
    const scene = await newDuel({ king: 2, match });
    await scene.claim(3, 'bad', 2.0005);
    await scene.turn();
    expect(scene.evaluator.computed(FIRST_KING)).toBe(SAMPLES);
    // Every other one of the samples of a part is new.
    scene.draw(samplesFrom(1).map((sample, index) => (index % 2 === 0 ? sample : [[1000 + index, 2, 3, 4]])));
    await scene.claim(4, 'also-bad', 2.0004);
    await scene.turn();
    expect(scene.evaluator.computed(FIRST_KING)).toBe(SAMPLES + SAMPLES / 2);
    await scene.claim(5, 'better', 1.9);
    await scene.turn();
    expect(scene.evaluator.computed(FIRST_KING)).toBe(SAMPLES + SAMPLES / 2);
    const saved = scene.subnet.told('round-finished').map((event) => event.saved?.computed);
    expect(saved).toEqual([undefined, SAMPLES + SAMPLES / 2, SAMPLES]);
    expect([1, 2, 3].flatMap((number) => agrees(scene, number))).toEqual([]);
    // The new king's are remembered, the old one's forgotten.
    const models = scene.subnet.deps.state.knownLosses(1).map(({ model }) => model);
    expect(models).toEqual([roundOf(scene, 3).contenders.find(({ uid }) => uid === 5)?.evaluationDigest]);
  });
});

/** What becomes of a few duels, whatever interrupts them. */
interface Story {
  losses: number[];
  /** Request in whose place the run ends. */
  cutAt: number;
}

const story = fc.record({
  losses: fc.array(fc.constantFrom(1.9, 1.95, 1.9985, 2, 2.0005, 2.5, 9), { minLength: 1, maxLength: 3 }),
  cutAt: fc.integer({ min: 0, max: 40 }),
});

async function played({ losses }: Story, change: { capacity?: number; cutAt?: number }): Promise<DuelScene> {
  const scene = await newDuel({ king: 2, ...(change.capacity ? { capacity: change.capacity } : {}) });
  for (const [index, loss] of losses.entries()) await scene.claim(3 + index, `challenger-${index}`, loss);
  const run = { requests: 0, isCut: false };
  scene.evaluator.before = () => {
    run.requests += 1;
    if (run.requests - 1 !== change.cutAt) return;
    run.isCut = true;
    throw Object.assign(crash('signal SIGKILL'), { code: 'ABORTED' });
  };
  for (let turn = 0; turn < losses.length; turn += 1) {
    try {
      await scene.turn();
    } catch (error) {
      if (!run.isCut) throw error;
    }
    if (!run.isCut) continue;
    run.isCut = false;
    turn -= 1;
    scene.restart();
  }
  return scene;
}

const records = (scene: DuelScene): string[] => {
  const count = scene.subnet.deps.state.journal.head()?.number ?? 0;
  return Array.from({ length: count }, (_none, index) => substance(roundOf(scene, index + 1)));
};

describe('the same duels', () => {
  it('have the same records with one model at a time and with two', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (given) => {
        const [one, two] = [await played(given, {}), await played(given, { capacity: 2 })];
        expect(records(two)).toEqual(records(one));
      }),
      { numRuns: 3 },
    );
  });

  it('have the same records after an interruption, and compute one part twice at most', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (given) => {
        const [whole, cut] = [await played(given, {}), await played(given, { cutAt: given.cutAt })];
        expect(records(cut)).toEqual(records(whole));
        for (const name of new Set(whole.evaluator.scored.map((part) => part.name)))
          expect(cut.evaluator.computed(name) - whole.evaluator.computed(name)).toBeLessThanOrEqual(PART);
      }),
      { numRuns: 3 },
    );
  });
});

it('a rule that ends rounds early is refused at the start where a competition has two tasks', () => {
  const competition = competitionOf();
  const [task] = competition.tasks;
  if (!task) throw new Error('the competition has no task');
  const profile = { sampleMin: 1, keepThreshold: 0.1, syncCadence: 1, rules: AVERAGING };
  const book = new RuleBook([{ name: 'duel', provides: duel.provides }]);
  const tasks = [task, { ...task, name: 'other' }];
  expect(() => rulesByBlock(book, profile, { ...competition, tasks })).toThrow(
    expect.objectContaining({
      code: 'EARLY_STOP_TASKS',
      fault: 'config',
    }),
  );
  expect(rulesByBlock(book, profile, competition)(1).match.record.rule).toBe('paired-bootstrap');
});
