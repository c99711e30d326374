import type { ModelConstraints } from '../competition/competition.js';
import type { Finding } from '../contracts/entry-check.js';
import type { ModelFacts, StoredFile } from '../contracts/model.js';
import type { AssayError } from '../errors/assay-error.js';
import { verificationErrors } from './errors.js';

/** Bytes of the whole repo. */
export function sizeCheck(bytes: number, { maxBytes: limit }: ModelConstraints): Finding {
  return check('size', bytes, limit, bytes > limit ? verificationErrors.MODEL_TOO_LARGE({ bytes, limit }) : undefined);
}

/** In the reference two files of one content share a blob, and moving the second one fails: never accepted. */
export function filesCheck(files: readonly StoredFile[]): Finding {
  const firsts = new Map(files.map(({ path, sha256 }) => [sha256, path] as const).reverse());
  const twin = files.find(({ path, sha256 }) => firsts.get(sha256) !== path);
  const error = twin && verificationErrors.DUPLICATE_FILES({ paths: [firsts.get(twin.sha256) ?? '', twin.path] });
  return check('files', files.length, 'each of its own content', error);
}

/**
 * What inspection found against a competition's limits, in the order in which they are demanded.
 * @param vocabularySize ids that the competition's tokenizer can give
 */
export function limitChecks(facts: ModelFacts, constraints: ModelConstraints, vocabularySize: number): Finding[] {
  const { architectures, minParameters: min, maxParameters: max, sequenceLength } = constraints;
  const { architecture, parameterCount: parameters, maxPositions: positions, vocabularySize: vocabulary } = facts;
  return [
    check(
      'architecture',
      architecture,
      architectures.join(', '),
      architectures.includes(architecture)
        ? undefined
        : verificationErrors.ARCHITECTURE_NOT_ALLOWED({ architecture, allowed: architectures }),
    ),
    check(
      'parameters',
      parameters,
      `${min} to ${max}`,
      parameters < min || parameters > max
        ? verificationErrors.PARAMETERS_OUT_OF_RANGE({ parameters, min, max })
        : undefined,
    ),
    check(
      'positions',
      positions ?? 'no limit',
      sequenceLength,
      positions !== undefined && positions < sequenceLength
        ? verificationErrors.SEQUENCES_TOO_LONG({ positions, sequenceLength })
        : undefined,
    ),
    check(
      'vocabulary',
      vocabulary,
      vocabularySize,
      vocabulary < vocabularySize
        ? verificationErrors.VOCABULARY_TOO_SMALL({ vocabulary, needed: vocabularySize })
        : undefined,
    ),
  ];
}

const check = (
  name: string,
  found: string | number,
  limit: string | number,
  error: AssayError | undefined,
): Finding => ({ name, found, limit, ...(error ? { error } : {}) });
