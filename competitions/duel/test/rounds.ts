import { pairedBootstrap } from '@assay/competition-duel/dist/match/paired-bootstrap.js';
import { finiteScore } from '@assay/core/contracts/brands';
import type {
  MatchContext,
  MatchOutcome,
  MatchRecord,
  MatchRule,
  ScoredContender,
} from '@assay/core/contracts/match-rule';
import { finish } from '@assay/core/judging/steps';
import { fixed } from '@assay/core/rules/epsilon/fixed';
import { PythonRandom } from '@assay/core/sampling/python-random';

/** Whoever has uid 0 reigns. */
export const KING = 0;

export const ruleWith = (parameters: object): MatchRule =>
  pairedBootstrap.bind(pairedBootstrap.parameters.parse(parameters));

export function contender(
  uid: number,
  losses: readonly number[],
  change: Partial<ScoredContender> = {},
): ScoredContender {
  const score = finiteScore(losses.reduce((sum, loss) => sum + loss, 0) / losses.length);
  if (score === undefined) throw new Error('the losses have no finite mean');
  const tasks = [{ name: 'text', weight: 1, losses }];
  return { uid, hotkey: `hotkey-${uid}`, block: 100 + uid, score, tasks, ...change };
}

export const contextOf = (samples: number, change: Partial<MatchContext> = {}): MatchContext => ({
  epsilon: fixed.bind({ epsilon: 0 }),
  block: 1000,
  incumbents: [`hotkey-${KING}`],
  drawn: [{ task: 'text', samples }],
  repetition: 1,
  random: () => new PythonRandom(0n),
  ...change,
});

/** @param context of as many samples as the first contender has losses when left out */
export const played = (
  rule: MatchRule,
  contenders: readonly ScoredContender[],
  context: MatchContext = contextOf(contenders[0]?.tasks[0]?.losses.length ?? 0),
): MatchOutcome => finish(rule.play(contenders, context));

export const lineOf = ({ records }: MatchOutcome, uid: number): MatchRecord => {
  const record = records.get(uid);
  if (!record) throw new Error(`uid ${uid} has no record`);
  return record;
};

/** Losses that scatter around a mean, the same for the same seed. */
export function losses(count: number, mean: number, seed = 1, spread = 0.2): number[] {
  const random = new PythonRandom(BigInt(seed));
  return Array.from({ length: count }, () => mean + (random.random() - 0.5) * spread);
}

export const firstOf = (contenders: readonly ScoredContender[], samples: number): ScoredContender[] =>
  contenders.map((one) => ({
    ...one,
    tasks: one.tasks.map((task) => ({ ...task, losses: task.losses.slice(0, samples) })),
  }));
