import { repoName } from '../../contracts/model.js';
import type { Numerics } from '../../contracts/evaluator.js';
import type { AssayError } from '../../errors/assay-error.js';
import { judgingErrors } from '../../judging/errors.js';
import { report, type RuntimeDeps } from '../context.js';
import { Asking } from './ask.js';
import { Controls } from './controls.js';
import { groupByModel } from './groups.js';
import type { IntactModels } from './intact-models.js';
import type { KnownLosses } from './known-losses.js';
import { partsOf } from './parts.js';
import type { Contender, RoundPlan } from './plan.js';
import { refusalOf, scoreOf, type JudgedTask } from './results.js';
import type { DrawnTask } from './sample.js';
import { PartScoring, type Found } from './score-part.js';
import { Scoring } from './scoring.js';
import { Tries } from './tries.js';

/** `scored`: an evaluator has computed all tasks, and the kinds have judged them; one of them may have refused the model. */
export type ContenderOutcome =
  | { status: 'scored'; judged: JudgedTask[]; sameAs: number | null }
  | { status: 'failed'; error: AssayError; sameAs: number | null };

export interface EvaluatedContender {
  contender: Contender;
  outcome: ContenderOutcome;
}

/**
 * After how many samples the round ends by its match rule; undefined where it goes on.
 * @param asked samples up to which the rule was asked about the same contenders before
 */
export type Ends = (evaluated: readonly EvaluatedContender[], asked: number) => Promise<number | undefined>;

interface EvaluationOptions {
  tasks: readonly DrawnTask[];
  numerics: Numerics;
  /** How many requests the evaluator computes at a time. */
  capacity: number;
  known: KnownLosses;
  ends: Ends;
}

/** What it took to score the models that have a score. */
export interface RoundWork {
  /** Distinct models. */
  models: number;
  /** Losses that this run has computed. */
  computed: number;
  elapsedMs: number;
}

/**
 * Scores every contender once per distinct model: claimants of the same model share the result, each at its own block. Where the
 * match rule may end the round early, the models are scored alternately, part by part, until it says so.
 */
export class RoundEvaluation {
  readonly #asking: Asking;
  readonly #controls: Controls;
  readonly #parts: PartScoring;
  readonly #scorings: readonly Scoring[];
  readonly #evaluated: EvaluatedContender[] = [];
  /** Failure of a defender: without its score no other model is scored. */
  #fallen: AssayError | undefined;

  constructor(
    private readonly deps: RuntimeDeps,
    models: IntactModels,
    private readonly plan: RoundPlan,
    private readonly options: EvaluationOptions,
  ) {
    const { tasks, numerics, capacity, known } = options;
    this.#asking = new Asking(deps, plan, models, capacity);
    this.#controls = new Controls(deps, tasks, this.#asking);
    const architectures = plan.contenders.map(({ model }) => model.facts.architecture);
    const tries = new Tries(deps, this.#controls, capacity, architectures);
    this.#parts = new PartScoring(
      { runtime: deps, asking: this.#asking, tries, known },
      plan,
      tasks,
      numerics,
      capacity,
    );
    // Without a defender nothing is decided: it comes first.
    const ordered = [...plan.contenders].sort(
      (a, b) => Number(b.defends !== undefined) - Number(a.defends !== undefined),
    );
    this.#scorings = groupByModel(ordered).map((group, index) => new Scoring(group, index + 1, tasks));
  }

  async run(signal: AbortSignal): Promise<EvaluatedContender[]> {
    try {
      const due = await this.#scoreParts(signal);
      for (const scoring of this.#left()) {
        if (this.#fallen) this.#settle(scoring, { status: 'failed', error: this.#fallen, sameAs: null });
        else this.#settle(scoring, { status: 'scored', judged: scoring.judged(due), sameAs: null });
      }
      return this.#evaluated;
    } finally {
      this.#asking.releaseAll();
    }
  }

  get work(): RoundWork {
    const scored = this.#scorings.filter(({ hasScore }) => hasScore);
    return {
      models: scored.length,
      computed: scored.reduce((sum, { computed }) => sum + computed, 0),
      elapsedMs: scored.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0),
    };
  }

  /** Scores part after part. @returns how many samples count; undefined where all that were scored do */
  async #scoreParts(signal: AbortSignal): Promise<number | undefined> {
    const endsEarly = this.plan.rules.match.rule.earlyStop !== undefined;
    let asked = 0;
    for (const part of partsOf(this.plan.rules.match.rule, this.options.tasks)) {
      const playing = this.#left();
      const take = (scoring: Scoring, found: Found): boolean => this.#take(scoring, found, !endsEarly);
      await this.#parts.run(part, playing, this.#scorings.length, take, signal);
      const left = this.#left();
      if (!endsEarly || this.#fallen || left.length === 0) break;
      // Who is left may have ended the round at an earlier part, had the others not played.
      if (left.length < playing.length) asked = 0;
      const due = await this.options.ends([...this.#evaluated, ...left.flatMap(asEvaluated)], asked);
      if (due !== undefined) return due;
      asked = part.ranges[0]?.to ?? 0;
    }
    return undefined;
  }

  #left(): Scoring[] {
    return this.#scorings.filter(({ isSettled }) => !isSettled);
  }

  /** @returns whether the others have to be scored */
  #take(scoring: Scoring, found: Found, isLast: boolean): boolean {
    const error = 'error' in found ? found.error : refusalOf(found.judged);
    if (error) {
      this.#controls.remove(scoring.group.first);
      if (scoring.defends) this.#fallen = fallenOf(scoring, error);
    } else this.#controls.add(scoring.group.first, scoring.elapsedMs);
    if (error || isLast) this.#settle(scoring, outcomeOf(found));
    return this.#fallen === undefined;
  }

  #settle(scoring: Scoring, outcome: ContenderOutcome): void {
    scoring.settle(outcome.status === 'scored');
    const [first, ...others] = withShared(scoring, outcome);
    if (!first) return;
    this.#tell(first, scoring);
    this.#evaluated.push(first);
    for (const other of others) {
      this.#tell(other, { elapsedMs: 0, timings: null });
      this.#evaluated.push(other);
    }
  }

  #tell(
    { contender: { neuron, model }, outcome }: EvaluatedContender,
    { elapsedMs, timings }: Pick<Scoring, 'elapsedMs' | 'timings'>,
  ): void {
    const error = outcome.status === 'failed' ? outcome.error : refusalOf(outcome.judged);
    report(this.deps, {
      event: 'evaluation-finished',
      competition: { id: this.plan.entry.competition.id, name: this.plan.entry.competition.name },
      uid: neuron.uid,
      hotkey: neuron.hotkey,
      repo: repoName(model.reference),
      score: outcome.status === 'scored' && !error ? scoreOf(outcome.judged, this.options.tasks) : null,
      error: error?.toReport() ?? null,
      sameAs: outcome.sameAs,
      elapsedMs,
      timings,
      ...(model.facts.notes ? { notes: model.facts.notes } : {}),
    });
  }
}

const outcomeOf = (found: Found): ContenderOutcome =>
  'error' in found
    ? { status: 'failed', error: found.error, sameAs: null }
    : { status: 'scored', judged: found.judged, sameAs: null };

/** Gives every claimant of the model the same outcome. */
function withShared({ group: { first, others } }: Scoring, outcome: ContenderOutcome): EvaluatedContender[] {
  const sameAs = first.neuron.uid;
  return [
    { contender: first, outcome },
    ...others.map((contender) => ({ contender, outcome: { ...outcome, sameAs } })),
  ];
}

/** A model that still plays, as it stands. */
const asEvaluated = (scoring: Scoring): EvaluatedContender[] =>
  withShared(scoring, { status: 'scored', judged: scoring.judged(), sameAs: null });

const fallenOf = ({ group: { first } }: Scoring, { code }: AssayError): AssayError =>
  judgingErrors.DEFENDER_NOT_SCORED({ repo: repoName(first.model.reference), code });
