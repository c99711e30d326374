import { effectiveGenerationConfig, generationConfig } from '@assay/lib-model-graph/files/generation-config';
import { applyRules, argmax } from '@assay/lib-model-graph/generation/next-token-rules';
import { describe, expect, it } from 'vitest';

const no = Number.NEGATIVE_INFINITY;

/** Scores of tokens 0..5 after the rules of a generation config, `generated` tokens into the answer. */
function after(config: Record<string, unknown>, tokens: number[], generated = 0): number[] {
  const scores = Float32Array.of(1, 2, -2, 4, 5, 6);
  applyRules(scores, { tokens, promptLength: tokens.length - generated, limit: 20 }, generationConfig.parse(config));
  return [...scores];
}

describe('rules for the next token', () => {
  it.each<[what: string, config: Record<string, unknown>, tokens: number[], generated: number, scores: number[]]>([
    ['nothing set', {}, [0, 1], 0, [1, 2, -2, 4, 5, 6]],
    [
      'null is nothing set',
      { repetition_penalty: null, bad_words_ids: null, eos_token_id: null },
      [0, 1],
      0,
      [1, 2, -2, 4, 5, 6],
    ],
    ['the end of a text has to wait', { eos_token_id: 5 }, [0, 1], 19, [1, 2, -2, 4, 5, no]],
    ['all ends have to', { eos_token_id: [3, 5] }, [0, 1], 19, [1, 2, -2, no, 5, no]],
    [
      'a penalty divides, and multiplies what is negative',
      { repetition_penalty: 2 },
      [2, 3, 3],
      0,
      [1, 2, -4, 2, 5, 6],
    ],
    ['an n-gram is not repeated', { no_repeat_ngram_size: 3 }, [1, 2, 4, 0, 1, 2], 0, [1, 2, -2, 4, no, 6]],
    ['size 1 forbids every token so far', { no_repeat_ngram_size: 1 }, [4, 5], 0, [1, 2, -2, 4, no, no]],
    ['a text shorter than the n-gram', { no_repeat_ngram_size: 4 }, [4, 5], 0, [1, 2, -2, 4, 5, 6]],
    ['bad words of one token', { bad_words_ids: [[3]] }, [0], 0, [1, 2, -2, no, 5, 6]],
    ['bad words of several, when begun', { bad_words_ids: [[0, 1, 4]] }, [3, 0, 1], 0, [1, 2, -2, 4, no, 6]],
    ['bad words of several, not begun', { bad_words_ids: [[0, 1, 4]] }, [0, 1, 3], 0, [1, 2, -2, 4, 5, 6]],
    ['suppressed always', { suppress_tokens: [0, 5] }, [1], 7, [no, 2, -2, 4, 5, no]],
    ['suppressed at the beginning', { begin_suppress_tokens: [5] }, [1], 0, [1, 2, -2, 4, 5, no]],
    ['suppressed at the beginning only', { begin_suppress_tokens: [5] }, [1, 2], 1, [1, 2, -2, 4, 5, 6]],
    ['a forced end, at the end', { forced_eos_token_id: 2, eos_token_id: 2 }, [1, 2], 19, [no, no, 0, no, no, no]],
    ['a forced end, before', { forced_eos_token_id: 2 }, [1, 2], 18, [1, 2, -2, 4, 5, 6]],
    [
      'a token forced at its place',
      {
        forced_decoder_ids: [
          [2, 1],
          [3, 4],
        ],
      },
      [0, 1],
      0,
      [no, 0, no, no, no, no],
    ],
    [
      'no token forced at another',
      {
        forced_decoder_ids: [
          [1, 1],
          [3, null],
        ],
      },
      [0, 1],
      0,
      [1, 2, -2, 4, 5, 6],
    ],
    [
      'the beginning is behind the forced tokens',
      { forced_decoder_ids: [[1, 1]], begin_suppress_tokens: [5] },
      [0, 1],
      1,
      [1, 2, -2, 4, 5, no],
    ],
    [
      'ids beyond the vocabulary',
      { suppress_tokens: [99, -1], eos_token_id: [77, -1], bad_words_ids: [[88]] },
      [1],
      0,
      [1, 2, -2, 4, 5, 6],
    ],
    [
      'sampling is not followed',
      { do_sample: true, temperature: 0.1, top_k: 1, num_beams: 4 },
      [1],
      0,
      [1, 2, -2, 4, 5, 6],
    ],
  ])('%s', (_what, config, tokens, generated, scores) => {
    expect(
      after(
        config,
        [...Array<number>(generated > tokens.length ? generated - tokens.length : 0).fill(9), ...tokens],
        generated,
      ),
    ).toEqual(scores);
  });

  it.each([
    [[1, 3, 2], 1],
    [[3, 3, 3], 0],
    [[no, no], 0],
    [[no, -5, no], 1],
    [[1, Number.NaN, 5, Number.NaN], 1],
  ])('the likeliest of %j is %i', (scores, token) => {
    expect(argmax(Float32Array.from(scores))).toBe(token);
  });
});

describe('which generation config counts', () => {
  const inConfig = { eos_token_id: 2, repetition_penalty: 1.3 };
  it.each<
    [
      what: string,
      file: Record<string, unknown> | undefined,
      config: Record<string, unknown>,
      expected: Record<string, unknown>,
    ]
  >([
    ['no file', undefined, inConfig, inConfig],
    ['a file of its own', { eos_token_id: 7 }, inConfig, { eos_token_id: 7 }],
    [
      'a derived file, and the config sets something',
      { _from_model_config: true, eos_token_id: 7 },
      inConfig,
      inConfig,
    ],
    [
      'a derived file, and the config sets nothing',
      { _from_model_config: true, eos_token_id: 7 },
      { eos_token_id: 2, top_k: 50 },
      { _from_model_config: true, eos_token_id: 7 },
    ],
  ])('%s', (_what, file, config, expected) => {
    expect(effectiveGenerationConfig(file, config, '4.44')).toEqual(expected);
    expect(effectiveGenerationConfig(file, config, '4.57')).toEqual(expected);
    expect(effectiveGenerationConfig(file, config, '5')).toEqual(file ?? config);
  });
});
