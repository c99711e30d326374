import { z } from 'zod';
import type { Head } from '../blocks/head.js';
import { FIRST_LIBRARY, type Library } from '../library.js';
import type { GraphBuilder } from '../graph/graph-builder.js';

/** A tensor that the weights must hold. */
export interface ExpectedTensor {
  name: string;
  shape: readonly number[];
  /** The larger tensor that holds this one where the files have none of its name. */
  within?: EnclosingTensor;
}

/**
 * A stored tensor of which some rows are another one, such as the matrices of all experts of a layer. The part begins
 * `start` elements after its first and is as long as the shape of the expected tensor says; the rest may be others' parts.
 * Example: expert e of a stack [experts, 2 * inner, width] has its gate [inner, width] at `e * 2 * inner * width`, and its
 * up projection `inner * width` elements later.
 */
export interface EnclosingTensor {
  name: string;
  shape: readonly number[];
  start: number;
}

/** Weight [out, in] and, where there is one, bias [out] of a linear layer. */
export function linearTensors(name: string, out: number, into: number, bias: boolean): ExpectedTensor[] {
  return [{ name: `${name}.weight`, shape: [out, into] }, ...(bias ? [{ name: `${name}.bias`, shape: [out] }] : [])];
}

/** Weight and bias of a layer norm. */
export function normTensors(name: string, width: number): ExpectedTensor[] {
  return ['weight', 'bias'].map((part) => ({ name: `${name}.${part}`, shape: [width] }));
}

/** Values that every graph is fed with. */
export interface Inputs {
  batch: number;
  /** [batch, sequence] int64 */
  ids: string;
  /** [batch, sequence] int64: by which tokens are rotated; where some are masked, these are not counted. */
  positions: string;
  /** [batch, sequence] int64: places in the sequence, whatever is masked. */
  places: string;
  /** [batch] int32: place of the last token. */
  lastIndex: string;
  /** int32 scalar: tokens in the sequence, those before included. */
  length: string;
  /** [batch, 1, sequence, keys] float32, added to the scores; absent where nothing is masked. */
  attentionBias?: string;
  /** Keys and values of the tokens before; absent where the sequence is computed whole. */
  cache?: KeyValueCache;
}

/** What attention takes from the tokens before and leaves to the next: [batch, keyValueHeads, tokens, width] each. */
export interface KeyValueCache {
  /** Keys and values of the next layer, in the order in which the graph is built. */
  past(g: GraphBuilder, keyValueHeads: number, width: number): readonly [string, string];
  keep(g: GraphBuilder, present: readonly [string, string]): void;
}

/**
 * Longest sequence that had been seen when a position was computed. A prompt shorter than `forgetsBelow` undoes what was seen
 * before it.
 */
export type SeenLength = (position: number, forgetsBelow: number) => number;

/**
 * Which of two ways of attending of transformers 4.44 is followed. eager: a query sees `window` keys, itself included, and
 * Qwen2's window is ignored. flash: it sees one key more, and Qwen2's window holds from a given layer on. Later versions
 * attend alike in both.
 */
export const attentionRule = z.enum(['eager', 'flash']);
export type AttentionRule = z.infer<typeof attentionRule>;

/** Keys that a query sees through a window of this size, itself included. */
export const keysInWindow = (window: number, rule: AttentionRule, library: Library = FIRST_LIBRARY): number =>
  rule === 'flash' && library === '4.44' ? window + 1 : window;

/** What a run needs to know before the graph is built. */
export interface RunShape {
  /** Longest sequence of the run. */
  positions: number;
  /** Which of the library's two ways of attending is followed; they differ in the edge of a sliding window. */
  attention: AttentionRule;
  /** Longest sequence seen when a position is computed; dynamic rotary scaling depends on it. */
  lengthAt: SeenLength;
}

/**
 * One class of the library: the shape of its config, its tensors, its graph. `Config` is what the schema makes of
 * config.json with the library's defaults filled in.
 */
export interface Architecture<Config> {
  /** E.g. LlamaForCausalLM. */
  className: string;
  /** As `model_type` in config.json. */
  modelType: string;
  /** Keys that do not change a result are left out, so that they do not enter the digest either. */
  config: z.ZodType<Config>;
  /** Every tensor that is used, tied ones once. */
  tensors(config: Config): ExpectedTensor[];
  /** First part of the names of all tensors but the head's. Files without it are those of the bare model; the library takes them too. */
  prefix: string;
  /**
   * Both names of a tensor that is embedding and head at once; undefined where they are two. `otherName` is the head's.
   * Where the files hold both, the version of the library decides which one is used.
   */
  tied(config: Config): { name: string; otherName: string } | undefined;
  /**
   * The name that this version of the class gives a stored tensor, where older files have another one: `lm_head.weight` for
   * `embed_out.weight`. It returns every other name as it is.
   */
  renamed?: (name: string) => string;
  /** A stored tensor with which this version of the class fails, though all others fit; undefined where there is none. */
  surplus?: (config: Config, names: readonly string[]) => string | undefined;
  /** What the class holds of generation where config.json is silent. */
  generationDefaults: Readonly<Record<string, unknown>>;
  /** The row of the embeddings for `pad_token_id` must exist, or the class can't be made. */
  padsEmbedding?: boolean;
  /** Keys of config.json that must be probabilities, or the class can't be made or run. */
  dropouts?: readonly string[];
  vocabularySize(config: Config): number;
  /** Positions beyond which the model can't be run; undefined where there is no such limit. */
  maxPositions(config: Config): number | undefined;
  width(config: Config): number;
  /**
   * Tokens beyond which all tokens of a sequence are rotated by other angles, so that generation computes them again;
   * undefined where keys and values stay what they are.
   */
  recomputedBeyond?: (config: Config) => number | undefined;
  /** Hidden states after the last norm, [batch * sequence, width], and what turns them into logits. */
  build(g: GraphBuilder, config: Config, inputs: Inputs, run: RunShape): { hidden: string; head: Head };
}

/** A class by the version of the library: undefined where that version has no such class. */
export type ArchitectureOf<Config> = (library: Library) => Architecture<Config> | undefined;

/** Of any config type, behind a schema that only it can satisfy. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyArchitecture = Architecture<any>;

/** What a module brings: one class for every version of the library, or one for each version. */
export type BroughtArchitecture = AnyArchitecture | ((library: Library) => AnyArchitecture | undefined);
