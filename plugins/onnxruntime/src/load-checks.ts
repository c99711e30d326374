import type { AnyArchitecture } from './architectures/architecture.js';
import { modelErrors } from './errors.js';

type Raw = Readonly<Record<string, unknown>>;

/** Names of torch's types, of this version and of those before and after it. */
const TORCH_TYPES =
  /^(float|double|half|bfloat16|float16|float32|float64|float8_(e4m3fn|e5m2)(fnuz)?|u?int(8|16|32|64)|short|int|long|bool|complex(32|64|128)|c(half|float|double))$/;
const ATTENTIONS = ['eager', 'sdpa', 'flash_attention_2'];
const PROBLEM_TYPES = ['regression', 'single_label_classification', 'multi_label_classification'];
/** Texts that Python's int() reads. */
const WHOLE_NUMBER = /^\s*[+-]?\d+(_\d+)*\s*$/;

const isRecord = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What Python takes a JSON value for where it needs true or false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isRecord(value) ? Object.keys(value).length > 0 : Number.isNaN(value) || Boolean(value);
}

/**
 * Refuses what the library can't make a model of: keys that change no number, but that its constructors check.
 * @throws CONFIG_UNSUPPORTED
 */
export function requireLoadable(raw: Raw, architecture: AnyArchitecture, config: unknown): void {
  const issues = [
    ...paddingIssues(raw, architecture, architecture.vocabularySize(config)),
    ...dropoutIssues(raw, architecture.dropouts ?? []),
    ...labelIssues(raw),
    ...loadingIssues(raw),
  ];
  if (issues.length > 0) throw modelErrors.CONFIG_UNSUPPORTED({ architecture: architecture.className, issues });
}

/** Every class compares it with a number. A table of embeddings has a row for it, counted from the end where it is negative. */
function paddingIssues(raw: Raw, { padsEmbedding, generationDefaults }: AnyArchitecture, vocabulary: number): string[] {
  const padding = raw['pad_token_id'] === undefined ? generationDefaults['pad_token_id'] : raw['pad_token_id'];
  if (padding === undefined || padding === null) return [];
  if (padsEmbedding !== true)
    return typeof padding === 'object' || typeof padding === 'string' ? ['pad_token_id: it must be a number'] : [];
  const isRow = Number.isInteger(padding) && Number(padding) < vocabulary && Number(padding) >= -vocabulary;
  return isRow ? [] : [`pad_token_id: it must be a token of the vocabulary, 0 to ${vocabulary - 1}`];
}

function dropoutIssues(raw: Raw, keys: readonly string[]): string[] {
  const isProbability = (value: unknown): boolean =>
    value === undefined || typeof value === 'boolean' || (typeof value === 'number' && value >= 0 && value <= 1);
  return keys.filter((key) => !isProbability(raw[key])).map((key) => `${key}: it must be a number from 0 to 1`);
}

/** Every config of the library has these, though only classifiers need them. */
function labelIssues({ id2label, label2id, num_labels: count, problem_type: problem }: Raw): string[] {
  const issues: string[] = [];
  if (label2id !== undefined && label2id !== null && !isRecord(label2id)) issues.push('label2id: it must be an object');
  if (id2label === undefined || id2label === null) {
    if (count !== undefined && !Number.isInteger(count) && typeof count !== 'boolean')
      issues.push('num_labels: it must be a whole number');
  } else if (!isRecord(id2label) || !Object.keys(id2label).every((key) => WHOLE_NUMBER.test(key))) {
    issues.push('id2label: it must be an object whose keys are whole numbers');
  }
  if (problem !== undefined && problem !== null && !PROBLEM_TYPES.some((known) => known === problem))
    issues.push(`problem_type: it must be ${PROBLEM_TYPES.join(', ')} or null`);
  return issues;
}

function loadingIssues(raw: Raw): string[] {
  const issues: string[] = [];
  const { torch_dtype: type, pruned_heads: pruned } = raw;
  if (typeof type === 'string' && !TORCH_TYPES.test(type)) issues.push('torch_dtype: it must be a type of torch');
  if (pruned !== undefined && (!isRecord(pruned) || Object.keys(pruned).length > 0))
    issues.push('pruned_heads: it must be absent or empty');
  if ('quantization_config' in raw && raw['quantization_config'] === null)
    issues.push('quantization_config: it must be absent');
  for (const key of ['_attn_implementation', '_attn_implementation_internal']) {
    const value = raw[key];
    if (value !== undefined && value !== null && !ATTENTIONS.some((known) => known === value))
      issues.push(`${key}: it must be ${ATTENTIONS.join(', ')}`);
  }
  return issues;
}
