import { isDeepStrictEqual } from 'node:util';
import type {
  ComparedModel,
  EntryCheck,
  EntryContext,
  Finding,
  InspectedModel,
  LikeModel,
  ListedModel,
} from '../../contracts/entry-check.js';
import { isAssayError } from '../../errors/assay-error.js';
import { demand } from '../checks.js';

type Case = (check: EntryCheck) => void;

const BARE: EntryContext = {
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
/** Nobody claims the model and none reigns; and the other way round. */
const CONTEXTS: readonly EntryContext[] = [
  BARE,
  {
    ...BARE,
    owner: { hotkey: 'hotkey-7', coldkey: 'coldkey-7' },
    defender: {
      reference: { namespace: 'team', name: 'king', revision: 'd'.repeat(40) },
      config: { model_type: 'llama', architectures: ['LlamaForCausalLM'], hidden_size: 128 },
    },
  },
];
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

/** A contender of a round that is like no other. */
const UNLIKE: ComparedModel = { uid: 7, hotkey: 'hotkey-7', block: 5000, like: [] };

/** Contenders that have nothing, half, and all of their weights from an earlier one: in identical tensors, or in near ones. */
function comparedWorlds({ compares }: EntryCheck): ComparedModel[] {
  const { within } = compares ?? {};
  const likeWith = (share: number, near: number): LikeModel => ({
    ...{ uid: 3, hotkey: 'hotkey-3', block: 4000, share },
    ...(within === undefined ? {} : { distance: { cosine: 1, difference: 0, near: [{ within, share: near }] } }),
  });
  const likes = [[likeWith(0.5, 0.5)], [likeWith(1, 1)], [likeWith(0, 1)], [likeWith(0.5, 0.5), likeWith(1, 1)]];
  return [UNLIKE, ...likes.map((like) => ({ ...UNLIKE, like }))];
}

const comparedFindings = (check: EntryCheck): Finding[] =>
  comparedWorlds(check).flatMap((model) => check.compared?.(model) ?? []);

const findingsOf = (check: EntryCheck): Finding[] => [
  ...CONTEXTS.flatMap((context) =>
    WORLDS.flatMap(([listed, inspected]) => [
      ...(check.listed?.(listed, context) ?? []),
      ...(check.fetched?.(inspected, context) ?? []),
      ...(check.inspected?.(inspected, context) ?? []),
    ]),
  ),
  ...comparedFindings(check),
];

const isShare = (value: number): boolean => value > 0 && value <= 1;
const isDifference = (value: number): boolean => value >= 0 && value < 1;

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
  'says what it compares by, where it compares': (check) => {
    const { compares } = check;
    const isAsked = check.compared !== undefined;
    demand(
      !isAsked || compares !== undefined,
      'it compares, and says nothing of what it wants to know: see `compares`',
    );
    if (!compares) return;
    demand(isAsked, 'it wants to know what models have in common, and never looks at it');
    const { share, within = 0 } = compares;
    demand(isShare(share), `it asks for a share of ${share}, not above 0 and at most 1`);
    demand(isDifference(within), `it asks for a difference of ${within}, not from 0 below 1`);
  },
  'has nothing against a model that is like no other': (check) => {
    for (const { name, error, margin = 0, suspicion } of check.compared?.(UNLIKE) ?? [])
      demand(!error && margin === 0 && suspicion === undefined, `${name}: it does`);
  },
  'raises margins from 0 below 1': (check) => {
    for (const { name, margin = 0 } of comparedFindings(check))
      demand(margin >= 0 && margin < 1, `${name}: the margin is ${margin}`);
  },
};
