import type { Container } from 'inversify';
import { ROUND_JOURNAL, type JournalRecord, type RoundJournal } from '@assay/core/contracts/round-journal';
import type { Contents } from '@assay/core/journal/stored-entry';
import { recordedRound } from '@assay/core/runtime/recorded-rounds';
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
  for (const record of journal?.records(ROUNDS) ?? []) {
    const found = journal && winnerOf(record, journal, drawn);
    if (found) return found;
  }
  return undefined;
}

function winnerOf(record: JournalRecord, contents: Contents, drawn: DrawnCompetition): BestKnown | undefined {
  const { runtime, questions, block: now } = drawn;
  const found = recordedRound(record, contents);
  if (found?.entry.competition.id !== runtime.competition.id || !found.verdict.winner) return undefined;
  const { number: round, entry: recorded } = found;
  const { uid, block, score } = found.verdict.winner;
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
