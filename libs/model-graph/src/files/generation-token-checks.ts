import { refused, unsupported, usesBeams, type GivenGeneration, type MemberCheck } from './generation-issue.js';
import { idsIn, isIds, numbersIn } from './ids.js';
import { equals, numberOf } from './python-values.js';

/** The output check generates 20 tokens: a penalty that starts behind the 19th touches none. */
const LAST_START = 18;

const isId = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value);

const ids: MemberCheck = (value) => (isIds(value) ? undefined : refused('must be a token id or a list of them'));

/** The library makes a list of it, and a tensor of the list. */
const listOfNumbers: MemberCheck = (value) => {
  if (value === null || value === '') return undefined;
  const isList = Array.isArray(value) ? numbersIn(value) !== undefined : isEmptyObject(value);
  return isList ? undefined : refused('must be a list of token ids');
};

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** The library takes no whole number but 1 here. */
const penalty =
  (key: string): MemberCheck =>
  (value, { floats }) =>
    value === null || equals(value, 1) || (floats.has(key) && Number(value) > 0 && Number(value) <= 1e6)
      ? undefined
      : refused('must be a float above 0, with a decimal point, of at most 1e6');

const gramSize =
  (key: string): MemberCheck =>
  (value, { floats }) => {
    if (value === null) return undefined;
    const size = numberOf(value);
    if (size === undefined) return refused('must be a whole number');
    return size > 0 && floats.has(key) ? refused('must be a whole number, without a decimal point') : undefined;
  };

const endsOf = ({ values }: GivenGeneration): number[] => idsIn(values['eos_token_id']);

/** Forced tokens of a decoder, which 4.44 alone reads. */
const hasForcedPlace = ({ values, library }: GivenGeneration): boolean => {
  const forced = values['forced_decoder_ids'] ?? null;
  return library !== '4.44' || forced === null || (Array.isArray(forced) && forced.length > 0);
};

/** Members that name tokens, or change the scores of some. */
export const TOKENS: Readonly<Record<string, MemberCheck>> = {
  eos_token_id: (value, given) => {
    if (!isIds(value)) return refused('must be a token id or a list of them');
    return usesBeams(given) && idsIn(value).length >= given.vocabularySize
      ? refused('leaves no token to go on with')
      : undefined;
  },
  bos_token_id: ids,
  decoder_start_token_id: ids,
  repetition_penalty: penalty('repetition_penalty'),
  encoder_repetition_penalty: penalty('encoder_repetition_penalty'),
  no_repeat_ngram_size: gramSize('no_repeat_ngram_size'),
  encoder_no_repeat_ngram_size: gramSize('encoder_no_repeat_ngram_size'),
  bad_words_ids: (value, given) => {
    if (value === null) return undefined;
    const isWord = (word: unknown): boolean =>
      Array.isArray(word) && word.length > 0 && word.every((id) => isId(id) && id >= 0 && id < given.vocabularySize);
    return Array.isArray(value) && value.length > 0 && value.every(isWord)
      ? undefined
      : refused('must be lists of ids of the vocabulary');
  },
  forced_eos_token_id: (value, { vocabularySize, floats }) => {
    if (value === null) return undefined;
    const tokens = typeof value === 'boolean' || floats.has('forced_eos_token_id') ? undefined : numbersIn(value);
    const isUsable = tokens && tokens.length > 0 && tokens.every((id) => isId(id) && id >= 0 && id < vocabularySize);
    return isUsable ? undefined : refused('must be ids of the vocabulary');
  },
  exponential_decay_length_penalty: (value, given) => {
    if (value === null) return undefined;
    const [start, factor] = Array.isArray(value) ? value.map(numberOf) : [];
    if (start === undefined || factor === undefined || !(Math.abs(factor) <= 1e6) || !Number.isFinite(start))
      return refused('must be a list of a start and a factor of at most 1e6');
    if ((given.values['eos_token_id'] ?? null) === null) return refused('needs an eos_token_id');
    if (endsOf(given).some((end) => end < 0 || end >= given.vocabularySize))
      return refused('needs an eos_token_id of the vocabulary');
    return usesBeams(given) && start <= LAST_START ? unsupported('a length penalty that grows, with beams') : undefined;
  },
  suppress_tokens: listOfNumbers,
  begin_suppress_tokens: (value, given) => {
    const hasPlace = value === null || hasForcedPlace(given);
    return hasPlace ? listOfNumbers(value, given) : refused('needs a place in forced_decoder_ids');
  },
  forced_decoder_ids: (value, { vocabularySize }) => {
    if (value === null || value === '' || isEmptyObject(value)) return undefined;
    const isPair = (pair: unknown): boolean =>
      Array.isArray(pair) &&
      pair.length === 2 &&
      isId(pair[0]) &&
      (pair[1] === null || (isId(pair[1]) && pair[1] >= -vocabularySize && pair[1] < vocabularySize));
    return Array.isArray(value) && value.every(isPair) ? undefined : refused('must be pairs of a place and a token id');
  },
};
