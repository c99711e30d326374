import { compressModelId, parseModelId, ParseFailure, splitRepoId, type ParsedModelId } from '../reference-model-id.js';
import { bigint, equal, fields, Mismatch, show, text, units, type Fields, type Kind } from '../unit.js';

export const modelId: Kind = (content) => [
  ...units(content, 'roundtrip', (given) => {
    checkRoundtrip(given);
    return 'reference';
  }),
  ...units(content, 'from_compressed_str', (given) => {
    const string = text(given['string']);
    checkOutcome('parse', () => asVector(parseModelId(string)), given);
    checkOutcome(
      'with default 9',
      () => asVector(parseModelId(string, 9n)),
      fields(given['with_default_competition_9']),
    );
    return 'reference';
  }),
  ...units(content, 'validate_hf_repo_id', (given) => {
    const repoId = text(given['repo_id']);
    equal('length', Array.from(repoId).length, given['len_codepoints']);
    checkOutcome('repo id', () => splitRepoId(repoId), given);
    return 'reference';
  }),
];

function checkRoundtrip(given: Fields): void {
  const id = fields(given['id']);
  const parsed: ParsedModelId = {
    namespace: text(id['namespace']),
    name: text(id['name']),
    commit: id['commit'] === null ? null : text(id['commit']),
    hash: id['hash'] === null ? null : text(id['hash']),
    secureHash: id['secure_hash'] === null ? null : text(id['secure_hash']),
    competitionId: bigint(id['competition_id']),
  };
  equal('compressed', compressModelId(parsed), given['compressed']);
  checkOutcome('back', () => asVector(parseModelId(text(given['compressed']))), {
    result: given['back'],
    raises: given['raises'],
  });
}

const asVector = (id: ParsedModelId): Fields => ({
  namespace: id.namespace,
  name: id.name,
  competition_id: id.competitionId,
  commit: id.commit,
  hash: id.hash,
  secure_hash: id.secureHash,
});

/** The result that Python returned, or the exception that it raised. */
function checkOutcome(what: string, run: () => unknown, given: Fields): void {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error;
    equal(`${what} raises`, error.python, given['raises']);
    if (given['message'] !== undefined) equal(`${what} message`, error.message, given['message']);
    return;
  }
  if (given['raises'] !== undefined) throw new Mismatch(`${what}: expected ${show(given['raises'])}`);
  const expected = given['result'];
  if (Array.isArray(expected)) {
    equal(what, result, expected);
    return;
  }
  for (const [key, value] of Object.entries(fields(expected))) {
    const found = fields(result)[key];
    equal(
      `${what} ${key}`,
      key === 'competition_id' ? String(found) : found,
      key === 'competition_id' ? String(value) : value,
    );
  }
}
