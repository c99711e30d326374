import type {
  Bar,
  EarlyStop,
  MatchContext,
  MatchOutcome,
  MatchRule,
  ScoredContender,
} from '@assay/core/contracts/match-rule';
import type { Rule } from '@assay/core/contracts/rule';
import { isRegistered } from '@assay/core/contracts/standing-rule';
import { judgingErrors } from '@assay/core/judging/errors';
import type { Steps } from '@assay/core/judging/steps';
import { lowerBound } from './bootstrap.js';
import { drawnSamples, duelOf, type Duel } from './differences.js';
import { isHopeless } from './early-stop.js';
import { parameters, type Parameters } from './parameters.js';
import { outlookOf } from './power.js';
import { Tally } from './tally.js';
import { COLUMNS, type Judged } from './verdict.js';

/**
 * King against challenger. Several challengers play one after the other in the order of their claims, each against who reigns by
 * then, as if each had had a round of its own on the same samples.
 */
export const pairedBootstrap: Rule<MatchRule, Parameters> = {
  name: 'paired-bootstrap',
  version: 1,
  summary: 'The challenger wins where the lower bound of its mean advantage over the king is above a margin.',
  parameters,
  examples: [
    { margin: 0.0015 },
    { margin: 0.05, relative: true, alpha: 0.01, resamples: 1000, winsNeeded: 2 },
    { margin: 0.0015, resamples: 1000, earlyStop: { every: 20 }, tolerance: 0.0005 },
  ],
  bind: (given) => ({
    columns: COLUMNS,
    ...(given.earlyStop ? { earlyStop: earlyStopOf(given, given.earlyStop) } : {}),
    play: (contenders, context) => play(contenders, context, given),
    bar: (incumbent) => barOf(incumbent, given),
    samplesNeeded: (total) => total,
    samplesToKnow: (contenders, context) =>
      challengesOf(contenders, context).map((duel) => outlookOf(duel, marginOf(duel, given), given.alpha, context)),
  }),
};

function* play(contenders: readonly ScoredContender[], context: MatchContext, given: Parameters): Steps<MatchOutcome> {
  const { king, challengers } = sidesOf(contenders, context);
  if (!king) return { records: new Map(), winner: null };
  // A contender without an opponent has the losses of the first part, and there is no difference to resample.
  if (challengers.length > 0) requireWholeRound(contenders, context, given);
  const tally = new Tally();
  let reigning = king;
  for (const challenger of challengers) {
    const judged = yield* judge(duelOf(reigning, challenger), context, given);
    tally.add(judged, context, given.tolerance);
    if (judged.verdict === 'won') reigning = challenger;
  }
  return { records: tally.records(contenders), winner: reigning.uid };
}

function* judge(duel: Duel, context: MatchContext, given: Parameters): Steps<Judged> {
  const margin = marginOf(duel, given);
  if (duel.differences.length < drawnSamples(context)) return { ...duel, margin, bound: null, verdict: 'stopped' };
  const { resamples, seed, alpha, winsNeeded } = given;
  const found = yield* lowerBound(duel.differences, { resamples, seed: BigInt(seed), alpha });
  // Sums of losses near the largest number overflow, and such a bound is above no margin.
  const bound = Number.isFinite(found) ? found : null;
  const isAhead = bound !== null && bound > margin;
  const verdict = !isAhead ? 'lost' : context.repetition < winsNeeded ? 'again' : 'won';
  return { ...duel, margin, bound, verdict };
}

/** In nats. */
const marginOf = ({ kingMean }: Duel, { margin, relative }: Parameters): number =>
  relative ? margin * Math.abs(kingMean) : margin;

function earlyStopOf(given: Parameters, futility: NonNullable<Parameters['earlyStop']>): EarlyStop {
  return {
    every: futility.every,
    stops: (contenders, context) => {
      const duels = challengesOf(contenders, context);
      const total = drawnSamples(context);
      return (
        duels.length > 0 && duels.every((duel) => isHopeless(duel.differences, total, marginOf(duel, given), futility))
      );
    },
  };
}

/** Fewer losses than samples are those of a round that was stopped. @throws SEQUENCES_DIFFER where it should have gone on */
function requireWholeRound(contenders: readonly ScoredContender[], context: MatchContext, given: Parameters): void {
  const expected = drawnSamples(context);
  for (const { uid, tasks } of contenders) {
    const losses = tasks.reduce((sum, task) => sum + task.losses.length, 0);
    const isStopped =
      losses < expected && given.earlyStop && earlyStopOf(given, given.earlyStop).stops(contenders, context);
    if (losses !== expected && !isStopped) throw judgingErrors.SEQUENCES_DIFFER({ uid, losses, expected });
  }
}

interface Sides {
  king: ScoredContender | undefined;
  /** In order of block, then uid. */
  challengers: readonly ScoredContender[];
}

/** The king is the first of the incumbents that plays. Without one, the earliest contender reigns. */
function sidesOf(contenders: readonly ScoredContender[], { incumbents }: Pick<MatchContext, 'incumbents'>): Sides {
  const ordered = [...contenders].sort((a, b) => a.block - b.block || a.uid - b.uid);
  const reigning = incumbents.flatMap((hotkey) => ordered.find((one) => one.hotkey === hotkey) ?? [])[0];
  const king = reigning ?? ordered[0];
  return { king, challengers: ordered.filter((one) => one !== king) };
}

/** Every challenger against the king. */
function challengesOf(contenders: readonly ScoredContender[], context: MatchContext): Duel[] {
  const { king, challengers } = sidesOf(contenders, context);
  return king ? challengers.map((challenger) => duelOf(king, challenger)) : [];
}

function barOf({ uid, score }: ScoredContender, { margin, relative }: Parameters): Bar {
  const nats = relative ? margin * Math.abs(score) : margin;
  const distance = relative ? `${Number((margin * 100).toPrecision(6))} %` : `${margin} nats`;
  const whose = isRegistered(uid) ? `uid ${uid}` : 'the king';
  return {
    score: score - nats,
    about: `${distance} below the score of ${whose}, by the lower bound of the difference`,
  };
}
