import type { Container } from 'inversify';
import { ROUND_JOURNAL, type RoundJournal } from '@assay/core/contracts/round-journal';
import { recordedRound, type RecordedRound } from '@assay/core/runtime/recorded-rounds';
import type { TaskKindRule } from '@assay/core/contracts/task-kind';
import type { ScoredContender } from '@assay/core/contracts/match-rule';
import type { RoundEntry } from '@assay/core/runtime/round/entry-shape';
import { judgedContender } from '@assay/core/runtime/round/judged-contender';
import { epsilonOf, type DrawnCompetition } from './competition.js';

/** Rounds of all competitions among which the newest of one is looked for. */
const ROUNDS = 100;

/** Winner of the newest recorded round of a competition that was not void. */
export interface BestKnown {
  round: number;
  uid: number;
  /** Of its commitment. */
  block: number;
  score: number;
  /** Advantage over later models now. */
  epsilon: number;
  /** On the same samples a later model has to score less. */
  toBeat: number;
  /** The same in the words of the match rule. */
  bar: string;
  /** Whether the round was scored on the samples drawn here. */
  sameSamples: boolean;
}

/** Undefined where nothing is recorded: a miner has no journal. */
export async function bestKnown(container: Container, drawn: DrawnCompetition): Promise<BestKnown | undefined> {
  const journal = await container.getAsync<RoundJournal>(ROUND_JOURNAL).catch(() => undefined);
  const win = journal && newestWin(journal, ({ competition }) => competition.id === drawn.runtime.competition.id);
  return win && asBestKnown(win, drawn);
}

/** A recorded round with a winner. */
interface RecordedWin {
  round: number;
  entry: RoundEntry;
  winner: NonNullable<RecordedRound['verdict']['winner']>;
}

/** The newest of the newest recorded rounds that was won and is one of those that are meant. */
export function newestWin(journal: RoundJournal, isMeant: (entry: RoundEntry) => boolean): RecordedWin | undefined {
  for (const record of journal.records(ROUNDS)) {
    const found = recordedRound(record, journal);
    if (found?.verdict.winner && isMeant(found.entry))
      return { round: found.number, entry: found.entry, winner: found.verdict.winner };
  }
  return undefined;
}

function asBestKnown({ round, entry: recorded, winner }: RecordedWin, drawn: DrawnCompetition): BestKnown {
  const { runtime, questions, block: now } = drawn;
  const { uid, block, score } = winner;
  const at = now ?? recorded.block;
  const epsilon = epsilonOf(drawn).rule;
  const { match } = runtime.rulesAt(at);
  const incumbent = scoredContenderOf(recorded, uid, runtime.kinds);
  const bar = incumbent && match.rule.bar(incumbent, { epsilon, block: at });
  const sameSamples =
    recorded.samples.map(({ digest }) => digest).join() ===
    questions.map(({ evaluation }) => evaluation.samplesDigest).join();
  return {
    ...{ round, uid, block, score, sameSamples },
    epsilon: epsilon.compute(at, block),
    toBeat: bar?.score ?? score,
    bar: bar?.about ?? '',
  };
}

/** A contender of a recorded round as the match rule saw it. */
function scoredContenderOf(
  { contenders, competition }: RoundEntry,
  uid: number,
  kinds: readonly TaskKindRule[],
): ScoredContender | undefined {
  const found = contenders.find((contender) => contender.uid === uid);
  if (!found) return undefined;
  const { hotkey, block, outcome } = judgedContender(found, competition.tasks, kinds);
  return outcome.status === 'scored' ? { uid, hotkey, block, score: outcome.score, tasks: outcome.tasks } : undefined;
}
