import type { Container } from 'inversify';
import { finiteScore } from '@assay/core/contracts/brands';
import { sampleCount } from '@assay/core/contracts/evaluation-task';
import type { EvaluationProgress } from '@assay/core/contracts/evaluator';
import type { MatchContext, MatchRecord, Outlook, ScoredContender } from '@assay/core/contracts/match-rule';
import type { RuleColumn } from '@assay/core/contracts/rule';
import { NO_UID } from '@assay/core/contracts/standing-rule';
import { scoreModel } from '@assay/core/judging/score';
import { finish } from '@assay/core/judging/steps';
import { labelledSeed } from '@assay/core/sampling/labelled-seed';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { epsilonOf, type DrawnCompetition } from './competition.js';
import type { EvaluatedModel } from './evaluate-model.js';
import type { Side } from './score-in-turns.js';
import { scoreInTurns } from './score-in-turns.js';

/** A model against the one that reigns, on the samples that a round would draw. */
export interface Duel {
  king: Side;
  /** Score of the king on the samples that were scored. */
  kingScore: number;
  columns: readonly RuleColumn[];
  /** What the match rule makes of the challenger. */
  record: MatchRecord;
  wins: boolean;
  samples: { drawn: number; scored: number };
  /** How many samples it takes to know, where the rule can tell. */
  outlook: Outlook | undefined;
}

const KING = { uid: NO_UID, hotkey: 'king', block: 0 };
const CHALLENGER = { uid: 0, hotkey: 'challenger' };

/**
 * Scores both in parts until the match rule has seen enough, and plays it.
 * @returns the challenger as it was evaluated, and the duel; none where the challenger is refused by its task's kind
 */
export async function playDuel(
  container: Container,
  drawn: DrawnCompetition,
  { king, challenger }: { king: Side; challenger: Side },
  onProgress: (progress: EvaluationProgress) => void,
  signal: AbortSignal,
): Promise<{ evaluated: EvaluatedModel; duel: Duel | undefined }> {
  const { rule } = drawn.runtime.rulesAt(drawn.block ?? 0).match;
  const context = contextOf(drawn);
  const { earlyStop } = rule;
  const stops = (models: readonly EvaluatedModel[]): boolean => {
    const contenders = contendersOf(drawn, models);
    return contenders !== undefined && earlyStop?.stops(contenders, context) === true;
  };
  const parts = drawn.questions.length === 1 && earlyStop ? { every: earlyStop.every, stops } : undefined;
  const models = await scoreInTurns(container, [king, challenger], drawn.questions, parts, onProgress, signal);
  const [ofKing, evaluated] = models;
  if (!ofKing || !evaluated) throw new RangeError('two models were scored');
  const contenders = contendersOf(drawn, models);
  if (!contenders) return { evaluated, duel: undefined };
  const { records, winner } = finish(rule.play(contenders, context));
  const record = records.get(CHALLENGER.uid) ?? { wins: 0, matches: 0, winRate: 0 };
  return {
    evaluated,
    duel: {
      king,
      kingScore: contenders.find(({ uid }) => uid === KING.uid)?.score ?? Number.NaN,
      columns: rule.columns,
      record,
      wins: winner === CHALLENGER.uid,
      samples: {
        drawn: context.drawn.reduce((sum, { samples }) => sum + samples, 0),
        scored: evaluated.tasks.reduce((sum, { losses }) => sum + losses.length, 0),
      },
      outlook: rule.samplesToKnow?.(contenders, context).find(({ uid }) => uid === CHALLENGER.uid),
    },
  };
}

function contextOf(drawn: DrawnCompetition): MatchContext {
  return {
    epsilon: epsilonOf(drawn).rule,
    block: drawn.block ?? 1,
    incumbents: [KING.hotkey],
    drawn: drawn.questions.map(({ evaluation: { name, samples }, clusters }) => ({
      task: name,
      samples: sampleCount(samples),
      ...(clusters ? { clusters } : {}),
    })),
    repetition: 1,
    random: (label) => new PythonRandom(labelledSeed(drawn.seed, label)),
  };
}

/** Both as the match rule sees them; undefined where one of them has no score. */
function contendersOf(drawn: DrawnCompetition, models: readonly EvaluatedModel[]): ScoredContender[] | undefined {
  const sides = [KING, { ...CHALLENGER, block: drawn.block ?? 1 }];
  const contenders = sides.flatMap((side, index): ScoredContender[] => {
    const tasks = models[index]?.tasks ?? [];
    const score = finiteScore(scoreOf(drawn, tasks));
    if (score === undefined || tasks.some(({ refusal }) => refusal !== null)) return [];
    const told = tasks.map(({ evaluation: { name }, weight, losses }) => ({ name, weight, losses }));
    return [{ ...side, score, tasks: told }];
  });
  return contenders.length === sides.length ? contenders : undefined;
}

function scoreOf({ runtime: { competition } }: DrawnCompetition, tasks: EvaluatedModel['tasks']): number {
  const scored = tasks.flatMap(({ evaluation: { name }, rawScore, weight }) => {
    const task = competition.tasks.find((one) => one.name === name);
    return task ? [{ name, rawScore, weight, normalization: task.normalization }] : [];
  });
  return scored.length === 0 ? Number.NaN : scoreModel(scored).score;
}
