import { z } from 'zod';
import type { Json } from '../../contracts/round-journal.js';
import type { Standing } from '../../contracts/standing-rule.js';
import { errorReport } from '../../errors/error-report.js';
import { TASK_KINDS } from '../../kinds/task-kinds.js';
import { mergeStandings } from '../../judging/merge.js';
import type { RoundVerdict } from '../../judging/verdict.js';
import { byShare } from '../../rules/merge/by-share.js';
import { commonMembers, type RoundEntry } from './entry-shape.js';
import { judgedContender } from './judged-contender.js';

const contenderVerdict = z.looseObject({
  uid: z.number(),
  block: z.number(),
  score: z.number().nullable(),
  epsilon: z.number(),
  wins: z.number().nullable(),
  winRate: z.number().nullable(),
  stepWeight: z.number(),
  averageWeight: z.number(),
});

/**
 * Rounds as version 0.1 recorded them: a moving average by uid, no seats, no rules by name. They are read as rounds of
 * today in which each uid keeps its owner, because the average of that time did not know whose a uid was.
 * Nothing writes this format any more.
 */
export const format1 = z.object({
  format: z.literal(1),
  ...commonMembers,
  rules: z.object({ alpha: z.number(), temperature: z.number(), keepThreshold: z.number(), sampleMin: z.number() }),
  averageBefore: z.array(z.number()).nullable(),
  otherAverages: z.record(z.string(), z.array(z.number())),
  verdict: z.looseObject({
    void: errorReport.nullable(),
    contenders: z.array(contenderVerdict),
    average: z.array(z.number()),
    keep: z.array(z.number()),
    winner: z.object({ uid: z.number(), block: z.number(), score: z.number() }).nullable(),
  }),
  subnetWeights: z.array(z.number()),
});
export type Format1 = z.infer<typeof format1>;

export const isFormat1 = (value: Json): boolean => z.looseObject({ format: z.literal(1) }).safeParse(value).success;

/** The same round in today's format. */
export function fromFormat1(old: Format1): RoundEntry {
  const { rules, averageBefore, verdict } = old;
  const common = z.object(commonMembers).parse(old);
  const { alpha, temperature, keepThreshold, sampleMin } = rules;
  const { epsilon, match, tasks } = common.competition;
  const recorded = (choice: { rule: string; [parameter: string]: unknown }): RoundEntry['rules']['match'] => {
    const { rule, ...parameters } = choice;
    return { rule, version: 1, parameters: z.record(z.string(), z.json()).parse(parameters) };
  };
  const owners = new Map(common.contenders.map(({ uid, hotkey }) => [uid, hotkey]));
  const hotkeyAt = (uid: number): string => owners.get(uid) ?? nobodyAt(uid);
  const scored = common.contenders.filter((one) => judgedContender(one, tasks, TASK_KINDS).outcome.status === 'scored');
  const length = Math.max(averageBefore?.length ?? 0, ...scored.map(({ uid }) => uid + 1));
  const standing = { rule: 'softmax-average', version: 1, parameters: { temperature, alpha } };
  const entrants = { rule: 'pool', version: 1, parameters: { count: sampleMin, threshold: keepThreshold } };
  const seed = { rule: 'sync-block', version: 1, parameters: { cadence: 1 } };
  const entryChecks = [{ rule: 'limits', version: 1, parameters: {} }];
  return {
    ...common,
    format: 2,
    rules: { epsilon: recorded(epsilon), match: recorded(match), standing, entrants, seed, entryChecks, keepThreshold },
    seats: Array.from({ length }, (_none, uid) => ({ uid, hotkey: hotkeyAt(uid) })),
    entrantsBefore: null,
    standingBefore: averageBefore && averageAsStanding(averageBefore, standing, hotkeyAt),
    verdict: {
      ...verdict,
      contenders: verdict.contenders.map(({ uid, block, score, epsilon: advantage, wins, winRate, ...averages }) => ({
        ...{ uid, block, score, epsilon: advantage, wins, winRate, share: averages.averageWeight },
        values: { stepWeight: averages.stepWeight },
      })),
      standing: averageAsStanding(verdict.average, standing, hotkeyAt),
      entrants: null,
      shares: verdict.average,
    },
  };
}

/** Stands for the owner of a uid whom the old format does not name. */
const nobodyAt = (uid: number): string => `uid ${uid}`;

const averageAsStanding = (
  weights: readonly number[],
  by: Standing['by'],
  hotkeyAt: (uid: number) => string,
): Standing => ({
  by,
  state: { weights: [...weights], hotkeys: weights.map((weight, uid) => (weight > 0 ? hotkeyAt(uid) : '')) },
});

/** What a round of the old format recorded, to compare with. */
export const recordedInFormat1 = ({ verdict, subnetWeights }: Format1): unknown => ({ ...verdict, subnetWeights });

/** A verdict in the words of the old format, with the subnet's weights that followed. */
export function verdictInFormat1(verdict: RoundVerdict, old: Format1): unknown {
  const { shares: average, keep, winner, contenders } = verdict;
  const standings = new Map(Object.entries(old.otherAverages).map(([id, shares]) => [Number(id), shares]));
  if (average.length > 0) standings.set(old.competition.id, average);
  const record = { rule: byShare.name, version: 1, parameters: {} };
  const merge = [{ record, rule: byShare.bind({ threshold: 0 }) }];
  const subnetWeights = mergeStandings({ standings, schedule: old.schedule, seats: [], ownerHotkey: null }, merge);
  return {
    void: verdict.void,
    contenders: contenders.map(({ uid, block, score, epsilon, wins, winRate, share, values }) => ({
      ...{ uid, block, score, epsilon, competitive: winRate !== null, wins, winRate },
      stepWeight: values.stepWeight ?? 0,
      averageWeight: share,
    })),
    average,
    keep,
    winner,
    subnetWeights,
  };
}

const average = z.object({ weights: z.array(z.number()), hotkeys: z.array(z.string()) });

/** A standing of the old format with the owners that the rounds before it name. */
export function withKnownOwners(recorded: Standing, before: Standing | undefined): Standing {
  const { weights, hotkeys } = average.parse(recorded.state);
  const known = before ? average.parse(before.state).hotkeys : [];
  const owners = hotkeys.map((hotkey, uid) => (hotkey === nobodyAt(uid) ? (known[uid] ?? '') : hotkey));
  return {
    by: recorded.by,
    state: { weights: weights.map((weight, uid) => (owners[uid] === '' ? 0 : weight)), hotkeys: owners },
  };
}

/** Whether a standing that is held is the one that a round of the old format recorded. */
export function agreesWithOld(held: Standing, recorded: Standing): boolean {
  const [mine, theirs] = [average.safeParse(held.state).data, average.parse(recorded.state)];
  if (!mine) return false;
  const length = Math.max(mine.weights.length, theirs.weights.length);
  return Array.from({ length }, (_none, uid) => uid).every((uid) => {
    const [weight, hotkey] = [mine.weights[uid] ?? 0, mine.hotkeys[uid] ?? ''];
    const [recordedWeight, owner] = [theirs.weights[uid] ?? 0, theirs.hotkeys[uid] ?? ''];
    // A uid that nobody has holds nothing, whatever its last owner had earned.
    if (weight === 0) return recordedWeight === 0 || hotkey === '';
    return weight === recordedWeight && (owner === nobodyAt(uid) || owner === hotkey);
  });
}
