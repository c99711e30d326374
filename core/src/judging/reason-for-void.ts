import type { ScoredContender } from '../contracts/match-rule.js';
import { repoName } from '../contracts/model.js';
import type { Defender } from '../contracts/standing-rule.js';
import type { ErrorReport } from '../errors/assay-error.js';
import { isDefender } from './defenders.js';
import { judgingErrors } from './errors.js';
import type { JudgedContender, RoundInput } from './round-input.js';

/** Why a round decides nothing; null where it may count. */
export function reasonForVoid(
  { contenders, standingBefore, misplacedStop, unknown = [] }: RoundInput,
  scored: readonly ScoredContender[],
  defenders: readonly Defender[],
  threshold: number,
): ErrorReport | null {
  const sharesBefore = standingBefore?.shares ?? [];
  const undefended = failedDefender(contenders, defenders);
  if (undefended) return undefended;
  for (const { uid, outcome } of contenders) {
    const weight = sharesBefore[uid] ?? 0;
    if (outcome.status === 'failed' && outcome.error.fault !== 'miner' && weight >= threshold) {
      return judgingErrors.INCUMBENT_NOT_SCORED({ uid, weight, code: outcome.error.code }).toReport();
    }
  }
  if (unknown.length > 0)
    return judgingErrors.CLAIMS_UNKNOWN({ unknown: unknown.map(({ uid, code }) => ({ uid, code })) }).toReport();
  const absent = defenders.find((one) => !contenders.some((contender) => isDefender(contender, [one])));
  if (absent) return judgingErrors.DEFENDER_NOT_SCORED({ repo: repoName(absent.reference), code: 'ABSENT' }).toReport();
  const unscored = failedChallengers(contenders, defenders);
  if (unscored) return judgingErrors.CHALLENGERS_NOT_SCORED({ challengers: unscored }).toReport();
  if (scored.length === 0) return judgingErrors.NO_FINITE_SCORE({ contenders: contenders.length }).toReport();
  return misplacedStop ? judgingErrors.EARLY_STOP_DIFFERS(misplacedStop).toReport() : null;
}

/** Why a round is void whose defender has no score: it had one before, so the failure is not evidence against its owner. */
function failedDefender(contenders: readonly JudgedContender[], defenders: readonly Defender[]): ErrorReport | null {
  for (const contender of contenders) {
    const { reference, outcome } = contender;
    if (outcome.status === 'failed' && isDefender(contender, defenders))
      return judgingErrors.DEFENDER_NOT_SCORED({ repo: repoName(reference), code: outcome.error.code }).toReport();
  }
  return null;
}

/** The challengers, where none of them could be scored and not all are to blame themselves: the defender has not been tested. */
function failedChallengers(
  contenders: readonly JudgedContender[],
  defenders: readonly Defender[],
): { uid: number; code: string }[] | undefined {
  if (defenders.length === 0) return undefined;
  const challengers = contenders.filter((contender) => !isDefender(contender, defenders));
  const failed = challengers.flatMap(({ uid, outcome }) =>
    outcome.status === 'failed' ? [{ uid, ...outcome.error }] : [],
  );
  if (failed.length < challengers.length || failed.every(({ fault }) => fault === 'miner')) return undefined;
  return failed.map(({ uid, code }) => ({ uid, code }));
}
