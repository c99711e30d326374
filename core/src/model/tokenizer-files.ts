import type { JsonObject } from './json-object.js';
import { versionedFile } from './versioned-file.js';

export const TOKENIZER_CONFIG = 'tokenizer_config.json';
const TOKENIZER = 'tokenizer.json';

const SENTENCE_PIECE = ['tokenizer.model'];
const BYTE_PAIRS = ['vocab.json', 'merges.txt'];
const WORD_PIECE = ['vocab.txt'];
const SPIECE = ['spiece.model'];
const SENTENCE_PIECE_BPE = ['sentencepiece.bpe.model'];

/** Vocabulary files of the library's tokenizer classes beside tokenizer.json; `Fast` at the end of a name is left out. */
const VOCABULARY_FILES = new Map<string, readonly string[]>([
  ...namesWith(['PreTrainedTokenizer', 'BloomTokenizer', 'CohereTokenizer'], []),
  ...namesWith(['LlamaTokenizer', 'CodeLlamaTokenizer', 'GemmaTokenizer'], SENTENCE_PIECE),
  ...namesWith(
    [
      'GPT2Tokenizer',
      'Qwen2Tokenizer',
      'BartTokenizer',
      'GPTNeoXTokenizer',
      'CodeGenTokenizer',
      'RobertaTokenizer',
      'LEDTokenizer',
      'LongformerTokenizer',
      'DebertaTokenizer',
      'OpenAIGPTTokenizer',
      'CLIPTokenizer',
      'CTRLTokenizer',
      'BlenderbotTokenizer',
    ],
    BYTE_PAIRS,
  ),
  ...namesWith(
    [
      'BertTokenizer',
      'DistilBertTokenizer',
      'ElectraTokenizer',
      'MobileBertTokenizer',
      'MPNetTokenizer',
      'FunnelTokenizer',
    ],
    WORD_PIECE,
  ),
  ...namesWith(
    ['T5Tokenizer', 'AlbertTokenizer', 'XLNetTokenizer', 'BigBirdTokenizer', 'PegasusTokenizer', 'GPTSw3Tokenizer'],
    SPIECE,
  ),
  ...namesWith(
    ['XLMRobertaTokenizer', 'CamembertTokenizer', 'MBartTokenizer', 'XGLMTokenizer', 'NllbTokenizer'],
    SENTENCE_PIECE_BPE,
  ),
]);

/** Class that the library takes by model type where no file names one. */
const CLASS_OF_MODEL_TYPE = new Map([
  ...namesWith(['llama', 'mistral'], 'LlamaTokenizer'),
  ...namesWith(['gemma', 'gemma2'], 'GemmaTokenizer'),
  ...namesWith(['gpt2', 'gptj'], 'GPT2Tokenizer'),
  ['gpt_neox', 'GPTNeoXTokenizer'],
  ['qwen2', 'Qwen2Tokenizer'],
  ['bart', 'BartTokenizer'],
  ['phi', 'CodeGenTokenizer'],
  ['falcon', 'PreTrainedTokenizer'],
]);

/**
 * Files that loading the tokenizer leaves in the folder, whether the repo has them or not. The reference swallows what
 * the library raises on the way: what it had fetched by then stays, and counts.
 * @param config the config that the library uses
 * @param tokenizerConfig undefined where the repo has none, null where it is no JSON object
 */
export function tokenizerFiles(config: JsonObject, tokenizerConfig: JsonObject | null | undefined): string[] {
  const fetchedFirst = [TOKENIZER_CONFIG];
  if (tokenizerConfig === null) return fetchedFirst;
  const vocabulary = vocabularyFiles(config, tokenizerConfig);
  const listed = tokenizerConfig?.['fast_tokenizer_files'];
  const tokenizer =
    tokenizerConfig && 'fast_tokenizer_files' in tokenizerConfig ? versionedFile(listed, TOKENIZER) : TOKENIZER;
  if (!vocabulary || tokenizer === undefined) return fetchedFirst;
  return [...fetchedFirst, tokenizer, 'added_tokens.json', 'special_tokens_map.json', ...vocabulary];
}

/** Whether some tokenizer class of the library reads a file of this name. */
export const isVocabularyFile = (path: string): boolean =>
  /^(tokenizer\b.*|added_tokens|special_tokens_map)\.json$/.test(path) ||
  [...VOCABULARY_FILES.values()].some((names) => names.includes(path));

/** undefined where the library knows no such class and raises */
function vocabularyFiles(config: JsonObject, tokenizerConfig: JsonObject | undefined): readonly string[] | undefined {
  const named =
    tokenizerConfig?.['tokenizer_class'] ??
    config['tokenizer_class'] ??
    CLASS_OF_MODEL_TYPE.get(String(config['model_type']));
  return typeof named === 'string' ? VOCABULARY_FILES.get(named.replace(/Fast$/, '')) : undefined;
}

function namesWith<T>(names: readonly string[], value: T): [string, T][] {
  return names.map((name) => [name, value]);
}
