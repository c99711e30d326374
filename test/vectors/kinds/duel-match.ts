import { reachableMean } from '@assay/competition-duel/dist/match/early-stop.js';
import { pairedBootstrap } from '@assay/competition-duel/dist/match/paired-bootstrap.js';
import { finiteScore } from '@assay/core/contracts/brands';
import type { MatchContext, MatchRule, ScoredContender } from '@assay/core/contracts/match-rule';
import { finish } from '@assay/core/judging/steps';
import { fixed } from '@assay/core/rules/epsilon/fixed';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { equal, Mismatch, number, numbers, units, type Kind } from '../unit.js';

const [KING, CHALLENGER] = [0, 1];

/** Losses of king and challenger through the match rule, its columns told apart to 1e-12. */
export const bootstraps: Kind = (content) =>
  units(content, 'cases', (given) => {
    const rule = ruleWith({
      margin: number(given['delta']),
      alpha: number(given['alpha']),
      resamples: number(given['n_bootstrap']),
      seed: given['bootstrap_seed'],
    });
    const losses = numbers(given['king_losses']);
    const contenders = duel(losses, numbers(given['challenger_losses']));
    const { winner, records } = finish(rule.play(contenders, contextOf(losses.length)));
    const values = records.get(CHALLENGER)?.values ?? {};
    near('mu_hat', values['difference'], given['mu_hat']);
    near('lcb', values['bound'], given['lcb']);
    equal('accepted', values['verdict'] === 'won', given['accepted']);
    equal('verdict', winner === CHALLENGER ? 'challenger' : 'king', given['verdict']);
    return 'reference';
  });

/** The differences are those of a king without a loss. */
export const earlyStops: Kind = (content) =>
  units(content, 'cases', (given) => {
    const differences = numbers(given['diff_so_far']);
    const [total, quantile] = [number(given['n_total']), number(given['advantage_quantile'])];
    near('upper_bound', reachableMean(Float64Array.from(differences), total, quantile), given['upper_bound']);
    const earlyStop = { every: 1, quantile, fraction: number(given['min_fraction']) };
    const rule = ruleWith({ margin: number(given['delta']), earlyStop });
    const contenders = duel(
      differences.map(() => 0),
      differences.map((difference) => -difference),
    );
    equal('stop', rule.earlyStop?.stops(contenders, contextOf(total)), given['stop']);
    return 'reference';
  });

const ruleWith = (parameters: object): MatchRule => pairedBootstrap.bind(pairedBootstrap.parameters.parse(parameters));

const duel = (king: readonly number[], challenger: readonly number[]): ScoredContender[] => [
  contender(KING, king),
  contender(CHALLENGER, challenger),
];

function contender(uid: number, losses: readonly number[]): ScoredContender {
  const score = finiteScore(losses.reduce((sum, loss) => sum + loss, 0) / losses.length);
  if (score === undefined) throw new Mismatch('the losses have no finite mean');
  return { uid, hotkey: String(uid), block: uid, score, tasks: [{ name: 'text', weight: 1, losses }] };
}

const contextOf = (samples: number): MatchContext => ({
  epsilon: fixed.bind({ epsilon: 0 }),
  block: 100,
  incumbents: [String(KING)],
  drawn: [{ task: 'text', samples }],
  repetition: 1,
  random: () => new PythonRandom(0n),
});

/** To 1e-12, relative and absolute, as the vectors want it. */
function near(what: string, actual: unknown, expected: unknown): void {
  const [found, wanted] = [number(actual), number(expected)];
  if (!(Math.abs(found - wanted) <= 1e-12 * Math.abs(wanted) + 1e-12))
    throw new Mismatch(`${what}: expected ${wanted}, found ${found}`);
}
