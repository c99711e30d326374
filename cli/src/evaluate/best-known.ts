import type { Container } from 'inversify';
import { ROUND_JOURNAL, type JournalRecord, type RoundJournal } from '@assay/core/contracts/round-journal';
import type { Contents } from '@assay/core/journal/stored-entry';
import { recordedRound } from '@assay/core/runtime/recorded-rounds';
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
  const epsilon = epsilonOf(drawn).rule.compute(now ?? recorded.block, block);
  const sameSamples =
    recorded.samples.map(({ digest }) => digest).join() ===
    questions.map(({ evaluation }) => evaluation.samplesDigest).join();
  return { round, uid, block, score, epsilon, toBeat: (1 - epsilon) * score, sameSamples };
}
