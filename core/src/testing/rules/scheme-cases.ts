import { isDeepStrictEqual } from 'node:util';
import type { Claim, CommitmentScheme } from '../../contracts/commitment-scheme.js';
import type { ModelReference, RepoFile, StoredFile } from '../../contracts/model.js';
import { isAssayError } from '../../errors/assay-error.js';
import { demand } from '../checks.js';

type Case = (scheme: CommitmentScheme) => void;

const stored = (path: string, digit: string): StoredFile => ({ path, size: 10, sha256: digit.repeat(64) });
const FILES = [stored('config.json', 'a'), stored('model.safetensors', 'b')];
const [HOTKEY, ANOTHER] = [
  '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
  '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty',
];
/** A commit of a git repo, and a digest of a registry: a scheme has to be able to name one of them. */
const REFERENCES: readonly ModelReference[] = [
  { namespace: 'team', name: 'model', revision: 'c'.repeat(40) },
  { source: 'oci', namespace: 'team', name: 'model', revision: `sha256:${'d'.repeat(64)}` },
];
const NONSENSE = ['', ' ', ':', '|||', '{}', '{"model":1}', 'a'.repeat(1024), 'v4|a/b|c|d|e|f', '\u0000', '٢:٢:٢:٢:٢'];

/** Claims that a scheme can write and reads back the same. */
const claimsOf = (scheme: CommitmentScheme): Claim[] =>
  REFERENCES.flatMap((reference) =>
    [3, null].flatMap((competition) => {
      const claim = { reference, proof: scheme.proofOf({ reference, files: FILES }, HOTKEY), competition };
      try {
        return isDeepStrictEqual(scheme.parse(scheme.format(claim, HOTKEY)), claim) ? [claim] : [];
      } catch (error) {
        if (isAssayError(error)) return [];
        throw error;
      }
    }),
  );

/** What every commitment scheme has to do. */
export const SCHEME_CASES: Readonly<Record<string, Case>> = {
  'reads what it writes': (scheme) => {
    demand(claimsOf(scheme).length > 0, 'no claim survives being written and read');
  },
  'writes at most 1,024 bytes': (scheme) => {
    for (const claim of claimsOf(scheme)) {
      const { length } = Buffer.from(scheme.format(claim, HOTKEY), 'utf8');
      demand(length <= 1024, `a claim takes ${length} bytes`);
    }
  },
  'refuses nonsense with a code, as the fault of the miner': (scheme) => {
    for (const text of NONSENSE) {
      try {
        scheme.parse(text);
      } catch (error) {
        demand(isAssayError(error) && error.fault === 'miner', `${JSON.stringify(text)}: ${String(error)}`);
        continue;
      }
      demand(false, `it takes ${JSON.stringify(text)} for a claim`);
    }
  },
  'binds the files or the revision': (scheme) => {
    const proofs = REFERENCES.map((reference) => scheme.proofOf({ reference, files: FILES }, HOTKEY));
    const others = REFERENCES.map((reference) =>
      scheme.proofOf(
        { reference: { ...reference, revision: '0'.repeat(40) }, files: [stored('config.json', 'f')] },
        HOTKEY,
      ),
    );
    demand(
      proofs.every((proof, index) => proof !== others[index]),
      'other files of another revision have the same proof',
    );
  },
  'gives the same proof twice': (scheme) => {
    for (const reference of REFERENCES)
      for (const hotkey of [HOTKEY, ANOTHER]) {
        const model = { reference, files: FILES };
        demand(scheme.proofOf(model, hotkey) === scheme.proofOf(model, hotkey), 'the second time it is another');
      }
  },
  'counts only files that the repo has, and never code or a pickle': (scheme) => {
    const files: RepoFile[] = ['config.json', 'model.safetensors', 'README.md', 'modeling.py', 'pytorch_model.bin'].map(
      (path) => ({ path, size: 10 }),
    );
    const counted = scheme.filesThatCount(files, { config: { model_type: 'llama' } }).map(({ path }) => path);
    const strange = counted.find((path) => !files.some((file) => file.path === path));
    demand(strange === undefined, `it counts ${strange ?? ''}, which is not there`);
    demand(counted.includes('model.safetensors'), 'the weights do not count');
    const opened = counted.find((path) => /\.(py|bin)$/.test(path));
    demand(opened === undefined, `it counts ${opened ?? ''}`);
  },
};
