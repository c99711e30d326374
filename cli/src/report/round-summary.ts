import type { JournalRecord } from '@assay/core/contracts/round-journal';
import { roundOf } from '@assay/core/runtime/recorded-rounds';

export interface RoundSummary {
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
export function summaryOf({ number, hash, entry }: JournalRecord): RoundSummary {
  const { entry: round, verdict } = roundOf(entry);
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
