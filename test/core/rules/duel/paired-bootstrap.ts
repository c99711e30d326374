import type { MatchRecord, MatchRule, ScoredContender } from '@assay/core/contracts/match-rule';
import type { Rule } from '@assay/core/contracts/rule';
import { z } from 'zod';

const parameters = z.strictObject({
  margin: z.number().min(0).describe('Nats by which a challenger has to be better.'),
  alpha: z.number().gt(0).lt(0.5).describe('Quantile of the resampled means that has to lie above the margin.'),
  resamples: z.number().int().positive().default(400),
  /** After so many samples a challenger that can't win any more is stopped. */
  every: z.number().int().positive().default(50),
});
type Parameters = z.infer<typeof parameters>;

const lossesOf = ({ tasks }: ScoredContender): number[] => tasks.flatMap(({ losses }) => losses);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The samples after which even a challenger that is 1 nat better in all that is left stays below the margin; all, if none. */
function stoppedAt(differences: readonly number[], { margin, every }: Parameters): number {
  let sum = 0;
  for (const [index, difference] of differences.entries()) {
    sum += difference;
    const [done, left] = [index + 1, differences.length - index - 1];
    if (done % every === 0 && (sum + left) / differences.length < margin) return done;
  }
  return differences.length;
}

/** A throwaway in the shape of subnet 3's rule: a challenger wins where a resampled mean difference is above a margin. */
export const pairedBootstrap: Rule<MatchRule, Parameters> = {
  name: 'test-bootstrap',
  version: 1,
  summary: 'The challenger wins where the lower bound of its mean advantage is above a margin.',
  parameters,
  examples: [{ margin: 0.0015, alpha: 0.05 }],
  bind: (given) => ({
    columns: [
      { key: 'bound', title: 'bound', about: 'Lower bound of the advantage over the king, in nats.' },
      { key: 'samplesUsed', title: 'samples', about: 'Samples after which the outcome was certain.' },
    ],
    *play(contenders, { incumbents, random }) {
      const king = contenders.find(({ hotkey }) => hotkey === incumbents[0]) ?? contenders[0];
      const records = new Map<number, MatchRecord>();
      if (!king) return { records, winner: null };
      let winner = king;
      for (const challenger of contenders.filter((one) => one !== king)) {
        const { margin = 0 } = challenger;
        const theirs = lossesOf(challenger).map((loss) => loss + margin * Math.abs(loss));
        const differences = lossesOf(king).map((loss, index) => loss - (theirs[index] ?? Number.NaN));
        const samplesUsed = stoppedAt(differences, given);
        const generator = random(`bootstrap ${challenger.hotkey}`);
        const means: number[] = [];
        for (let round = 0; round < given.resamples; round += 1) {
          means.push(mean(differences.map(() => differences[generator.randint(0, differences.length - 1)] ?? 0)));
          if (round % 50 === 0) yield;
        }
        means.sort((a, b) => a - b);
        const bound = means[Math.floor(given.alpha * means.length)] ?? 0;
        const won = samplesUsed === differences.length && bound > given.margin;
        if (won) winner = challenger;
        const [wins, winRate] = won ? [1, 1] : [0, 0];
        records.set(challenger.uid, { wins, matches: 1, winRate, values: { bound, samplesUsed } });
      }
      const kept = winner === king ? 1 : 0;
      records.set(king.uid, { wins: kept, matches: 1, winRate: kept });
      return { records, winner: winner.uid };
    },
    bar: ({ score, uid }) => ({ score: score - given.margin, about: `${given.margin} nats below uid ${uid}` }),
    samplesNeeded: (total) => total,
  }),
};
