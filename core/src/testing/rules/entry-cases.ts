import { isDeepStrictEqual } from 'node:util';
import type { EntryCheck, EntryContext, Finding, InspectedModel, ListedModel } from '../../contracts/entry-check.js';
import { isAssayError } from '../../errors/assay-error.js';
import { demand } from '../checks.js';

type Case = (check: EntryCheck) => void;

const CONTEXT: EntryContext = {
  constraints: {
    minParameters: 1000,
    maxParameters: 2000,
    maxBytes: 1_000_000,
    architectures: ['LlamaForCausalLM'],
    sequenceLength: 128,
  },
  vocabularySize: 1024,
};
const LISTED: ListedModel = {
  reference: { namespace: 'team', name: 'model', revision: 'c'.repeat(40) },
  files: [
    { path: 'config.json', size: 500 },
    { path: 'model.safetensors', size: 4000 },
  ],
  totalBytes: 4500,
};
const INSPECTED: InspectedModel = {
  reference: LISTED.reference,
  files: LISTED.files.map((file, index) => ({ ...file, sha256: String(index).repeat(64) })),
  facts: {
    architecture: 'LlamaForCausalLM',
    parameterCount: 1500,
    vocabularySize: 1024,
    maxPositions: 256,
    evaluationDigest: 'e'.repeat(64),
    tensorsDigest: 'f'.repeat(64),
    unusedTensors: [],
    dtypes: ['BF16'],
  },
  config: { model_type: 'llama', architectures: ['LlamaForCausalLM'], hidden_size: 64 },
};
/** A model that meets every limit, and one of another kind that is too large. */
const WORLDS: readonly (readonly [ListedModel, InspectedModel])[] = [
  [LISTED, INSPECTED],
  [
    { ...LISTED, totalBytes: 2_000_000 },
    {
      ...INSPECTED,
      facts: { ...INSPECTED.facts, architecture: 'GPT2LMHeadModel', parameterCount: 9_000_000 },
      config: { model_type: 'gpt2' },
    },
  ],
];

const findingsOf = (check: EntryCheck): Finding[] =>
  WORLDS.flatMap(([listed, inspected]) => [
    ...(check.listed?.(listed, CONTEXT) ?? []),
    ...(check.fetched?.(inspected, CONTEXT) ?? []),
    ...(check.inspected?.(inspected, CONTEXT) ?? []),
  ]);

/** What every entry check has to do. */
export const ENTRY_CASES: Readonly<Record<string, Case>> = {
  'looks at something, and tells each thing that it looked at': (check) => {
    const findings = findingsOf(check);
    demand(findings.length > 0, 'it finds nothing of any model');
    const unnamed = findings.find(({ name }) => name.length === 0);
    demand(unnamed === undefined, 'a finding has no name');
  },
  'finds the same twice and changes nothing of what it is given': (check) => {
    const given = structuredClone(WORLDS);
    const told = (): unknown =>
      findingsOf(check).map(({ name, found, limit, error }) => [name, found, limit, error?.code]);
    demand(isDeepStrictEqual(told(), told()), 'the second time it finds something else');
    demand(isDeepStrictEqual(given, WORLDS), 'a model is another after it');
  },
  'refuses with a code, as the fault of the miner': (check) => {
    for (const { name, error } of findingsOf(check)) {
      if (error === undefined) continue;
      demand(isAssayError(error), `${name}: the error has no code`);
      demand(error.fault === 'miner', `${name}: ${error.code} is a fault of ${error.fault}`);
    }
  },
};
