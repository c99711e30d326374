import type { Steps } from '../judging/steps.js';
import type { FiniteScore } from './brands.js';
import type { SeededRandom } from './dataset-provider.js';
import type { EpsilonFunction } from './epsilon-function.js';
import type { ColumnValues, RuleColumn } from './rule.js';

/** A contender that has a score. */
export interface ScoredContender {
  uid: number;
  hotkey: string;
  /** Block of the claim. */
  block: number;
  /** Lower is better, whatever the kind of task counts. */
  score: FiniteScore;
  /**
   * By how much it has to be better than every earlier contender beside epsilon, as a share of the size of its loss: an entry
   * check says so of a model that is a near copy. Absent: 0.
   */
  margin?: number;
  tasks: readonly {
    name: string;
    /** Share of the score; the weights of a round sum to 1. */
    weight: number;
    /**
     * Loss of each sample, in the order drawn; the same samples for every contender. After an early stop these are the losses of
     * the first samples only, for every contender alike.
     */
    losses: readonly number[];
  }[];
}

/** What was drawn for a task. */
export interface DrawnSamples {
  task: string;
  /** Number of samples. */
  samples: number;
  /** Of each sample the cluster that it comes from (a shard, a page), as an index; absent where the dataset does not say. */
  clusters?: readonly number[];
}

export interface MatchContext {
  /** Advantage of the earlier model. */
  epsilon: EpsilonFunction;
  /** Block at which the round was planned. */
  block: number;
  /** Hotkeys of the defenders, then those that hold weight by the standing before the round, the first of them first. */
  incumbents: readonly string[];
  /** What was drawn, in task order. */
  drawn: readonly DrawnSamples[];
  /** Counts the rounds that these contenders play against each other in a row: 1 for the first. See `MatchRecord.playsAgain`. */
  repetition: number;
  /** CPython's generator, seeded by the round's seed and the label: for rules that resample. */
  readonly random: (label: string) => SeededRandom;
}

export interface MatchRecord {
  wins: number;
  matches: number;
  /** wins / matches as the rule counts it, 0..1. */
  winRate: number;
  /** By the keys of the rule's columns. */
  values?: ColumnValues;
  /** Whether the contender plays the next round too, on other samples, because one round does not decide. */
  playsAgain?: boolean;
}

/**
 * Rounds that end before every sample is scored. The contenders are scored in turns, one part of the samples after the other,
 * and the round ends after the first part at which the rule says so. The number of scored samples is on record, and a replay
 * asks the rule again.
 */
export interface EarlyStop {
  /** Samples of a part. */
  readonly every: number;
  /**
   * Whether the outcome of the round is certain. Pure. Asked after each part but the last. Where one contender of several is left,
   * the round ends without asking, and that one has the losses of the first part.
   * @param contenders with the losses of all parts so far, equally many for each; who has no score in the end is left out
   */
  stops(contenders: readonly ScoredContender[], context: MatchContext): boolean;
}

export interface MatchOutcome {
  /** By uid. A contender without a record did not play: it can win at no block, or there was nothing to play for. */
  records: ReadonlyMap<number, MatchRecord>;
  /** Uid of the winner; null when the rule names none. */
  winner: number | null;
}

/** What the losses of a contender say of rounds of other lengths, as if they went on the way they are. */
export interface Outlook {
  uid: number;
  /** Samples with which nine of ten rounds tell on which side of the bar it is; null where no number is enough. */
  samples: number | null;
  /** Share of rounds with as many samples as were drawn that the contender wins, 0..1. */
  chance: number;
}

/** What the score of a challenger has to be below. */
export interface Bar {
  /** A score below it beats the incumbent at this block. */
  score: number;
  /** In plain words, e.g. `2.9 % below the loss of uid 8`. */
  about: string;
}

/** Who wins, from scores and losses. */
export interface MatchRule {
  readonly columns: readonly RuleColumn[];
  /** Absent: every sample is scored. Only for competitions with one task. */
  readonly earlyStop?: EarlyStop;
  /**
   * A generator: it yields after every few milliseconds of work, so that the process can do other things meanwhile.
   * @param contenders in order of block, then uid; at least one
   * @throws a coded error when these losses can't be compared: the round is void and the standing stays
   */
  play(contenders: readonly ScoredContender[], context: MatchContext): Steps<MatchOutcome>;
  /** The bar that a later model without a margin has to clear against this incumbent, at a block. */
  bar(incumbent: ScoredContender, context: Pick<MatchContext, 'epsilon' | 'block'>): Bar;
  /** Samples after which more could not change the outcome, of `total`; `total` where every sample counts. */
  samplesNeeded(total: number): number;
  /**
   * How many samples it takes to know who wins, by contender; empty where nothing is left to find out. Pure. Absent: the rule
   * does not resample, and can't tell.
   */
  samplesToKnow?(contenders: readonly ScoredContender[], context: MatchContext): readonly Outlook[];
}
