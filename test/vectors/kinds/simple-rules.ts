import { competitionAt, competitionsAt } from '@assay/core/competition/schedule';
import { isAssayError } from '@assay/core/errors/assay-error';
import { normalizeScore } from '@assay/core/judging/normalize';
import { isReasonableOutput } from '@assay/core/kinds/text-loss/reasonable-output';
import type { PastResult } from '@assay/core/contracts/entrants-rule';
import { shouldRetry } from '@assay/core/rules/entrants/retry';
import { highStakeValidators, topMiners } from '@assay/core/judging/top-miners';
import { syncBlockOf, syncBlockSeed } from '@assay/core/sampling/sync-block';
import {
  bigint,
  closeDouble,
  equal,
  fields,
  list,
  Mismatch,
  number,
  numbers,
  text,
  units,
  type Kind,
} from '../unit.js';
import { epsilonOf } from './epsilon.js';

export const syncBlockSeeds: Kind = (content) =>
  units(content, 'cases', (given) => {
    equal(
      'asked block',
      syncBlockOf(number(given['current_block']), number(given['sync_cadence'])),
      given['asked_block'],
    );
    equal('seed', syncBlockSeed(text(given['block_hash'])), bigint(given['seed']));
    return 'reference';
  });

export const normalizeScores: Kind = (content) =>
  units(content, 'cases', (given) => {
    const score = number(given['score']);
    closeDouble('none', normalizeScore(score, { type: 'none' }), given['none']);
    closeDouble(
      'result',
      normalizeScore(score, { type: 'inverse-exponential', ceiling: number(given['ceiling']) }),
      given['result'],
    );
    return 'reference';
  });

export const shouldRetries: Kind = (content) =>
  units(content, 'cases', (given) => {
    const history = list(given['history']).map((entry): PastResult => {
      const past = fields(entry);
      const score = number(past['score']);
      const failed = score === Number.POSITIVE_INFINITY;
      return {
        block: number(past['block']),
        score: failed ? null : score,
        winnerBlock: number(past['winning_model_block']),
        winnerScore: number(past['winning_model_score']),
      };
    });
    equal('result', shouldRetry(history, epsilonOf(given['epsilon']), number(given['curr_block'])), given['result']);
    return 'reference';
  });

/** Stakes are float32 tokens in the vectors and rao on chain: both sides of the comparison are scaled alike. */
const rao = (tokens: number): bigint => BigInt(Math.round(tokens * 1e9));

export const topMinersKind: Kind = (content) =>
  units(content, 'cases', (given) => {
    const permits = list(given['validator_permit']);
    const neurons = numbers(given['stake']).map((stake, uid) => ({
      uid,
      stake: rao(stake),
      validatorPermit: permits[uid] === true,
    }));
    const weights = new Map(
      list(given['weights']).map((row, uid) => [
        uid,
        list(row).map((pair): [number, number] => [number(list(pair)[0]), number(list(pair)[1])]),
      ]),
    );
    const minStake = rao(number(given['min_vali_stake']));
    equal('high stake validators', highStakeValidators(neurons, minStake), given['high_stake_validators']);
    const found = topMiners(
      { neurons, weights },
      { minStake, minWeightShare: number(given['min_miner_weight_percent']) },
    );
    equal('top miners', found, given['top_miners']);
    return 'reference';
  });

export const competitionSchedule: Kind = (content) => {
  const entries = list(content['schedule']).map((entry) => ({
    fromBlock: number(list(entry)[0]),
    competitions: numbers(list(entry)[1]).map((id) => ({ id, share: 0 })),
  }));
  return units(content, 'cases', (given) => {
    const block = number(given['block']);
    if (given['raises'] !== undefined) {
      expectRefusal(() => competitionsAt(entries, block));
      return 'reference';
    }
    equal(
      'schedule',
      competitionsAt(entries, block).map(({ id }) => id),
      given['schedule'],
    );
    for (const [id, expected] of Object.entries(fields(given['find']))) {
      equal(`find ${id}`, competitionAt(entries, Number(id), block)?.id ?? null, expected);
    }
    return 'reference';
  });
};

function expectRefusal(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (isAssayError(error)) return;
    throw error;
  }
  throw new Mismatch('expected a refusal');
}

export const reasonableOutput: Kind = (content) =>
  units(content, 'cases', (given) => {
    const rows = (value: unknown): number[][] => list(value).map(numbers);
    equal('reasonable', isReasonableOutput(rows(given['generated1']), rows(given['generated2'])), given['reasonable']);
    return 'reference';
  });
