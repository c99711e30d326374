import type { JournalRecord } from '@assay/core/contracts/round-journal';
import type { Contents } from '@assay/core/journal/stored-entry';
import { roundOf } from '@assay/core/runtime/recorded-rounds';

interface RoundSummary {
  number: number;
  hash: string;
  recordedAt: string;
  competition: string;
  block: number;
  contenders: number;
  winner: { uid: number; block: number; score: number } | null;
  voidCode: string | null;
}

/** The line of a recorded round in a list. */
export function summaryOf({ number, hash, entry }: JournalRecord, contents: Contents): RoundSummary {
  const { entry: round, verdict } = roundOf(entry, contents);
  return {
    number,
    hash,
    recordedAt: round.recordedAt,
    competition: round.competition.name,
    block: round.block,
    contenders: round.contenders.length,
    winner: verdict.winner,
    voidCode: verdict.void?.code ?? null,
  };
}
