import { createHash } from 'node:crypto';
import type { TaskResult } from '../../contracts/evaluation-task.js';
import type { Numerics } from '../../contracts/evaluator.js';
import { canonicalJson } from '../../journal/canonical-json.js';
import { SAMPLE_DIGEST_LENGTH } from '../../evaluation/write-samples.js';
import type { StoredLosses } from '../tables.js';
import type { ValidatorState } from '../validator-state.js';
import { asJson, put, type Put } from '../derived-rows.js';
import type { Contender } from './plan.js';
import type { Part } from './parts.js';
import type { DrawnTask } from './sample.js';

/** Losses of one competition that are remembered, the newest of them. */
const MAX_KNOWN_LOSSES = 50_000;

const DIGITS_OF_ROUND = 12;

/**
 * Losses of models that defend their places, by model and sample: the same ids under the same parameters and numerics have the
 * same loss in whichever round they are drawn. Results of a round are remembered for the models that defend after it.
 */
export class KnownLosses {
  /** By model and task, by sample. */
  readonly #known = new Map<string, Map<string, number>>();
  /** By model and task, what a result has beside its losses where nothing is continued. */
  readonly #details = new Map<string, unknown>();
  readonly #computed = new Map<string, { model: string; losses: Map<string, number> }>();

  constructor(
    private readonly competition: number,
    private readonly tasks: readonly DrawnTask[],
    private readonly numerics: Numerics,
    stored: readonly StoredLosses[],
  ) {
    for (const { key, digests, losses, details } of stored) {
      if (details !== undefined) this.#details.set(key, details);
      const known = this.#known.get(key) ?? new Map<string, number>();
      this.#known.set(key, known);
      for (const [index, loss] of losses.entries()) {
        const from = index * SAMPLE_DIGEST_LENGTH;
        known.set(digests.slice(from, from + SAMPLE_DIGEST_LENGTH), loss);
      }
    }
  }

  /** Of each task and each sample of a part the loss of a contender; undefined where it is not known. */
  in({ ranges }: Part, { defends, model }: Contender): (number | undefined)[][] {
    return this.tasks.map((task, place) => {
      const { from, to } = ranges[place] ?? { from: 0, to: 0 };
      const known = defends && this.#known.get(this.#key(model.facts.evaluationDigest, task));
      return task.sampleDigests.slice(from, to).map((digest) => known?.get(digest));
    });
  }

  /** What the results of a contender have beside their losses, in task order; undefined where that is not known of all tasks. */
  detailsOf({ defends, model }: Contender): unknown[] | undefined {
    const keys = this.tasks.map((task) => this.#key(model.facts.evaluationDigest, task));
    if (!defends || !keys.every((key) => this.#details.has(key))) return undefined;
    return keys.map((key) => this.#details.get(key));
  }

  /** Notes the results of a part. */
  note({ model: { facts } }: Contender, { ranges, isFirst }: Part, results: readonly TaskResult[]): void {
    for (const [place, task] of this.tasks.entries()) {
      const { losses = [], details } = results[place] ?? {};
      const key = this.#key(facts.evaluationDigest, task);
      const noted = this.#computed.get(key) ?? { model: facts.evaluationDigest, losses: new Map<string, number>() };
      this.#computed.set(key, noted);
      if (isFirst && task.prompts.length === 0) this.#details.set(key, details);
      for (const [index, loss] of losses.entries()) {
        const digest = task.sampleDigests[(ranges[place]?.from ?? 0) + index];
        if (digest !== undefined && !this.#known.get(key)?.has(digest)) noted.losses.set(digest, loss);
      }
    }
  }

  /**
   * Rows that remember what was computed, and forget models that defend nothing any more and what is too old.
   * @param round number of the round's record
   * @param defending digests of the models that defend after the round
   */
  rows(state: ValidatorState, round: number, defending: ReadonlySet<string>): Put[] {
    const added = [...this.#computed].filter(([, { model, losses }]) => defending.has(model) && losses.size > 0);
    let room = MAX_KNOWN_LOSSES;
    const news = added.map(([key, { model, losses: noted }], index) => {
      const kept = [...noted].slice(0, Math.max(0, room));
      room -= kept.length;
      const digests = kept.map(([digest]) => digest).join('');
      const losses = kept.map(([, loss]) => loss);
      const row = { competition: this.competition, key, model, digests, losses, details: this.#details.get(key) };
      return put.knownLosses(`${this.competition}/${String(round).padStart(DIGITS_OF_ROUND, '0')}/${index}`, row);
    });
    const gone = [...state.knownLosses(this.competition)].reverse().filter(({ model, losses }) => {
      if (!defending.has(model)) return true;
      room -= losses.length;
      return room < 0;
    });
    return [...gone.map(({ at }) => put.knownLosses(at, undefined)), ...news];
  }

  #key(evaluationDigest: string, { task, evaluation }: DrawnTask): string {
    const parts = [evaluationDigest, task.kind, evaluation.parameters, this.numerics];
    return createHash('sha256')
      .update(canonicalJson(asJson(parts)))
      .digest('hex');
  }
}
