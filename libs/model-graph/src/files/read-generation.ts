import { join } from 'node:path';
import { UnusableJson, type JsonDocument, type JsonObject } from '@assay/core/model/json-object';
import { modelErrors } from '../errors.js';
import type { Library } from '../library.js';
import { forbiddenNames, generationIssues, loadIssues } from './generation-checks.js';
import { effectiveGenerationConfig, generationConfig, type GenerationConfig } from './generation-config.js';
import type { GenerationIssue, GivenGeneration } from './generation-issue.js';
import { ofModelConfig } from './generation-source.js';
import { isTrue } from './python-values.js';
import { readJsonDocument } from './read-json.js';

const FILE = 'generation_config.json';
const CONFIG = 'config.json';

/** What the library knows of the model when it reads its generation config. */
interface GeneratingModel {
  library: Library;
  className: string;
  vocabularySize: number;
  generationDefaults: JsonObject;
}

interface ReadGeneration {
  generation: GenerationConfig;
  /** Set where there is a generation_config.json that the library does not heed. */
  note?: string;
}

/**
 * The generation config that the library obeys. It loads both files, and fails on values in the one that does not count.
 * @throws CONFIG_UNREADABLE, GENERATION_UNSUPPORTED
 */
export async function readGeneration(
  directory: string,
  config: JsonDocument,
  model: GeneratingModel,
  maxBytes: number,
): Promise<ReadGeneration> {
  // Version 5 reads the file itself, without what its class holds where the file is silent.
  const defaults = model.library === '5' ? config.object : { ...model.generationDefaults, ...config.object };
  const { use_cache: usesCache = true } = config.object;
  const modelUsesCache = isTrue(usesCache);
  const common = { modelUsesCache, ...model };
  const ofConfig: GivenGeneration = {
    ...common,
    values: ofModelConfig(defaults, model.library),
    floats: floatsOf(config, model.library),
    isModelConfig: true,
  };
  const file = await readFile(join(directory, FILE), maxBytes);
  // Version 5 does not look at config.json where there is another file.
  if (model.library !== '5')
    requireNone(
      CONFIG,
      loadIssues(ofConfig).filter(({ kind }) => kind === 'refused'),
    );
  if (!file || 'malformed' in file) {
    requireNone(CONFIG, generationIssues(ofConfig));
    const generation = generationOf(ofConfig.values, model);
    return file
      ? { generation, note: `${FILE} is not read: ${file.malformed}. ${CONFIG} counts in its place.` }
      : { generation };
  }
  const ofFile: GivenGeneration = { ...common, values: file.object, floats: file.floats, isModelConfig: false };
  requireNone(FILE, [
    ...forbiddenNames(file.object, model.library),
    ...loadIssues(ofFile).filter(({ kind }) => kind === 'refused'),
  ]);
  const values = effectiveGenerationConfig(file.object, defaults, model.library);
  const isFile = values === file.object;
  requireNone(isFile ? FILE : CONFIG, generationIssues(isFile ? ofFile : ofConfig));
  return { generation: generationOf(values, model) };
}

/** Forced tokens of a decoder are read by 4.44 alone. */
const generationOf = (values: JsonObject, { library }: GeneratingModel): GenerationConfig =>
  generationConfig.parse(library === '4.44' ? values : { ...values, forced_decoder_ids: null });

/** The library goes on without a file that is no JSON, and fails on JSON that is no object. */
async function readFile(path: string, maxBytes: number): Promise<JsonDocument | { malformed: string } | undefined> {
  try {
    return await readJsonDocument(path, maxBytes);
  } catch (error) {
    if (!(error instanceof UnusableJson)) throw error;
    if (error.isMalformed) return { malformed: error.message };
    throw modelErrors.CONFIG_UNREADABLE({ file: FILE, reason: error.message });
  }
}

/** A part of config.json is known by its values only: a number with a fraction is a float in any spelling. */
function floatsOf({ object, floats }: JsonDocument, library: Library): ReadonlySet<string> {
  const taken = Object.entries(ofModelConfig(object, library)).filter(
    ([key, value]) => value !== object[key] && isFraction(value),
  );
  return new Set([...floats, ...taken.map(([key]) => key)]);
}

const isFraction = (value: unknown): boolean => typeof value === 'number' && !Number.isInteger(value);

function requireNone(file: string, issues: readonly GenerationIssue[]): void {
  const [unsupported] = issues.filter(({ kind }) => kind === 'unsupported');
  const refused = issues.filter(({ kind }) => kind === 'refused');
  if (refused.length > 0) {
    const reason = refused.map(({ key, reason: why }) => `${key} ${why}`).join('; ');
    throw modelErrors.CONFIG_UNREADABLE({ file, reason });
  }
  if (unsupported) throw modelErrors.GENERATION_UNSUPPORTED({ file, key: unsupported.key, what: unsupported.reason });
}
