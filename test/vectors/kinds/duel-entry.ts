import { safetensorsLayout } from '@assay/competition-duel/dist/entry/safetensors-layout.js';
import type { EntryContext, Finding } from '@assay/core/contracts/entry-check';
import type { RepoFile } from '@assay/core/contracts/model';
import { configLock } from '@assay/core/rules/entry/config-lock';
import { equal, fields, list, Mismatch, number, text, units, type Fields, type Kind } from '../unit.js';

/** By the code of the refusal. A key of the config is named by its payload. */
const REASONS: Readonly<Record<string, string>> = {
  NO_SAFETENSORS: 'safetensors-missing',
  SHARD_INDEX_MISSING: 'index-missing',
  WEIGHT_FILES_MISNAMED: 'file-names',
  WEIGHTS_TOO_LARGE: 'size',
};

const REFERENCE = { namespace: 'miner', name: 'model', revision: '0'.repeat(40) };
const LAYOUT = safetensorsLayout.bind(safetensorsLayout.parameters.parse({}));

/** The first refusal in the order of the reference: config, file names, size. (A validator lists the repo first.) */
export const configLocks: Kind = (content) => {
  const extraKeys = list(content['extra_lock_keys']).map(text);
  const lock = configLock.bind(configLock.parameters.parse({ like: 'defender', extraKeys }));
  return units(content, 'cases', (given) => {
    const context = contextOf(fields(given['king']));
    const files = filesOf(given);
    const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
    const findings = [
      ...(lock.inspected?.({ ...INSPECTED, config: fields(given['challenger']) }, context) ?? []),
      ...(LAYOUT.listed?.({ reference: REFERENCE, files, totalBytes }, context) ?? []),
    ];
    equal('refused', reasonOf(findings), given['refused']);
    return 'reference';
  });
};

/** All bytes are those of the first file of weights. */
function filesOf(given: Fields): RepoFile[] {
  const paths = list(given['files']).map(text);
  const first = paths.findIndex((path) => path.endsWith('.safetensors'));
  return paths.map((path, index) => ({ path, size: index === first ? number(given['safetensors_bytes']) : 0 }));
}

function reasonOf(findings: readonly Finding[]): string | null {
  const error = findings.find((finding) => finding.error)?.error;
  if (!error) return null;
  if (error.code !== 'CONFIG_LOCKED') return REASONS[error.code] ?? error.code;
  const { key } = error.payload;
  if (typeof key !== 'string') throw new Mismatch('the refusal names no key');
  return key === 'architectures' ? 'architecture' : key;
}

const contextOf = (config: Fields): EntryContext => ({
  constraints: { minParameters: 0, maxParameters: 1, maxBytes: 1, architectures: [], sequenceLength: 1 },
  vocabularySize: 1,
  defender: { reference: REFERENCE, config },
});

const INSPECTED = {
  reference: REFERENCE,
  files: [],
  facts: {
    architecture: 'Qwen3ForCausalLM',
    parameterCount: 1,
    vocabularySize: 1,
    evaluationDigest: '',
    tensorsDigest: '',
    unusedTensors: [],
    dtypes: [],
  },
};
