import type { EntryCheck, Finding, LikeModel } from '../contracts/entry-check.js';
import type { SimilarPair } from '../contracts/similarity.js';
import type { Seat } from '../contracts/standing-rule.js';
import type { AssayError } from '../errors/assay-error.js';

/** What the entry checks say of a contender, by what it is like. */
export interface Comparison extends Seat {
  /** Why it may not play. */
  refusal: AssayError | null;
  /** By how much it has to be better than every earlier contender beside epsilon. */
  margin: number;
  /** Why a person should look at it. */
  suspicions: readonly string[];
}

/** The part of a comparison that is on record with the verdict. */
export interface ComparisonVerdict {
  uid: number;
  /** Code of the refusal. */
  refused: string | null;
  margin: number;
}

/**
 * Asks the entry checks about every contender that is like one of an earlier block. Of two models of one block neither is
 * the copy. What is decided of one contender does not depend on what becomes of another.
 * @returns those of whom a check has something to say, in order of block, then uid
 */
export function comparisonsOf(
  contenders: readonly (Seat & { block: number })[],
  pairs: readonly SimilarPair[],
  checks: readonly EntryCheck[],
): Comparison[] {
  const byUid = new Map(contenders.map((one) => [one.uid, one]));
  const ordered = [...contenders].sort((a, b) => a.block - b.block || a.uid - b.uid);
  return ordered.flatMap(({ uid, hotkey, block }): Comparison[] => {
    const like = pairs
      .filter(({ later }) => later.uid === uid)
      .flatMap(({ earlier, share, distance }): LikeModel[] => {
        const claim = byUid.get(earlier.uid);
        if (!claim || claim.block >= block || claim.hotkey === hotkey) return [];
        return [{ ...earlier, block: claim.block, share, ...(distance ? { distance } : {}) }];
      })
      .sort((a, b) => a.block - b.block || a.uid - b.uid);
    if (like.length === 0) return [];
    return withSomethingToSay(
      { uid, hotkey },
      checks.flatMap((check) => check.compared?.({ uid, hotkey, block, like }) ?? []),
    );
  });
}

function withSomethingToSay(seat: Seat, findings: readonly Finding[]): Comparison[] {
  const refusal = findings.find(({ error }) => error)?.error ?? null;
  const margin = findings.reduce((largest, one) => Math.max(largest, one.margin ?? 0), 0);
  const suspicions = findings.flatMap(({ suspicion }) => suspicion ?? []);
  if (!refusal && margin === 0 && suspicions.length === 0) return [];
  return [{ ...seat, refusal, margin, suspicions }];
}

export const comparisonVerdict = ({ uid, refusal, margin }: Comparison): ComparisonVerdict => ({
  uid,
  refused: refusal?.code ?? null,
  margin,
});
