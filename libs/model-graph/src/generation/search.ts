import type { GenerationConfig } from '../files/generation-config.js';
import { Hypotheses } from './hypotheses.js';
import { applyRules, argmax } from './next-token-rules.js';

/** Texts that are continued side by side: a lane is a row of the batch, or one of the beams of a row. */
export interface Lanes {
  /** [lane][token], prompt included. */
  sequences: number[][];
  promptLength: number;
  /** Tokens that will have been generated in the end. */
  count: number;
}

/** What each lane goes on with: the lane of the step before that it continues, and one token more. */
export interface Step {
  parents: number[];
  tokens: number[];
}

/** How the next tokens are chosen from what the model says of them. */
export interface Search {
  /** Lanes for each row. */
  readonly beams: number;
  /** @param logits [lane][vocabulary], changed in place */
  choose(logits: readonly Float32Array[], lanes: Lanes): Step;
  /** Whether nothing more can change. */
  ended(): boolean;
  /** [row][token], prompt included; more than one for each row where the config asks for them. */
  results(lanes: Lanes): number[][];
}

/** The likeliest token at each step; a row that has ended goes on with the pad token. */
export class GreedySearch implements Search {
  readonly beams = 1;
  readonly #ended: boolean[];

  constructor(
    rows: number,
    private readonly rules: GenerationConfig,
    private readonly padTokenId: number,
  ) {
    this.#ended = Array.from({ length: rows }, () => false);
  }

  choose(logits: readonly Float32Array[], { sequences, promptLength, count }: Lanes): Step {
    const tokens = logits.map((scores, row) => {
      applyRules(scores, { tokens: sequences[row] ?? [], promptLength, limit: count }, this.rules);
      const token = this.#ended[row] === true ? this.padTokenId : argmax(scores);
      if (this.rules.eos_token_id.includes(token)) this.#ended[row] = true;
      return token;
    });
    return { parents: tokens.map((_token, row) => row), tokens };
  }

  ended(): boolean {
    return this.#ended.every(Boolean);
  }

  results({ sequences }: Lanes): number[][] {
    return sequences;
  }
}

interface Candidate {
  beam: number;
  token: number;
  /** Sum of the processed log probabilities, float32. */
  score: number;
}

/** Of a beam that does not count yet: at the first step all beams are the same. */
const ASIDE = -1e9;

/**
 * Beam search (Graves 2012) as the library does it: rules change log probabilities, the best sums go on. All texts have the
 * same length here, because none may end before the last step; so the length penalty changes no order.
 */
export class BeamSearch implements Search {
  readonly beams: number;
  readonly #scores: number[][];
  /** Texts of each row that have ended. */
  readonly #finished: Hypotheses[];

  constructor(
    rows: number,
    private readonly rules: GenerationConfig,
  ) {
    this.beams = rules.beams?.count ?? 1;
    this.#scores = Array.from({ length: rows }, () =>
      Array.from({ length: this.beams }, (_none, beam) => (beam === 0 ? 0 : ASIDE)),
    );
    this.#finished = Array.from({ length: rows }, () => new Hypotheses(this.beams));
  }

  choose(logits: readonly Float32Array[], { sequences, promptLength, count }: Lanes): Step {
    const step: Step = { parents: [], tokens: [] };
    for (const [row, before] of this.#scores.entries()) {
      const lane = (beam: number): number => row * this.beams + beam;
      const scores = before.map((score, beam) => {
        const processed = logProbabilities(logits[lane(beam)] ?? new Float32Array(0));
        const tokens = sequences[lane(beam)] ?? [];
        const encoderTokens = this.#encoderTokens(lane(beam), sequences, promptLength);
        applyRules(processed, { tokens, promptLength, encoderTokens, limit: count }, this.rules);
        if (this.rules.beams?.renormalize === true) logProbabilities(processed);
        return processed.map((one) => one + score);
      });
      const { open, ended } = this.#sorted(scores);
      // The library writes the first of the ends, whichever was chosen.
      const [end = 0] = this.rules.eos_token_id;
      for (const { beam, score } of ended)
        this.#finished[row]?.add({ score, tokens: [...(sequences[lane(beam)] ?? []), end] });
      this.#scores[row] = open.map(({ score }) => score);
      step.parents.push(...open.map(({ beam }) => lane(beam)));
      step.tokens.push(...open.map(({ token }) => token));
    }
    return step;
  }

  /** The library does not repeat the prompts for the beams of a row here: the first lanes get one each, the others none. */
  #encoderTokens(lane: number, sequences: readonly (readonly number[])[], promptLength: number): readonly number[] {
    return lane < this.#scores.length ? (sequences[lane * this.beams] ?? []).slice(0, promptLength) : [];
  }

  /** An end counts where it is among the best; as many other tokens go on as there are beams. */
  #sorted(scores: readonly Float32Array[]): { open: Candidate[]; ended: Candidate[] } {
    const { eos_token_id: ends } = this.rules;
    const [open, ended]: [Candidate[], Candidate[]] = [[], []];
    for (const [rank, candidate] of best(scores, Math.max(2, 1 + ends.length) * this.beams).entries()) {
      if (open.length === this.beams) break;
      if (!ends.includes(candidate.token)) open.push(candidate);
      else if (rank < this.beams) ended.push(candidate);
    }
    return { open, ended };
  }

  ended(): boolean {
    return false;
  }

  results({ sequences }: Lanes): number[][] {
    return this.#scores.flatMap((scores, row) => {
      const texts = this.#finished[row];
      for (const [beam, score] of scores.entries())
        texts?.add({ score, tokens: sequences[row * this.beams + beam] ?? [] });
      return texts?.best(this.rules.beams?.returned ?? 1) ?? [];
    });
  }
}

/** In place, float32. */
function logProbabilities(logits: Float32Array): Float32Array {
  let highest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) highest = Math.max(highest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - highest);
  const total = highest + Math.log(sum);
  for (const [token, logit] of logits.entries()) logits[token] = logit - total;
  return logits;
}

/** The highest scores of all beams together, the highest first; of equal ones the first. */
function best(scores: readonly Float32Array[], wanted: number): Candidate[] {
  const found: Candidate[] = [];
  for (const [beam, ofBeam] of scores.entries()) {
    for (const [token, score] of ofBeam.entries()) {
      const last = found.at(-1);
      if (found.length === wanted && last && score <= last.score) continue;
      const place = found.findIndex((other) => score > other.score);
      found.splice(place < 0 ? found.length : place, 0, { beam, token, score });
      if (found.length > wanted) found.pop();
    }
  }
  return found;
}
