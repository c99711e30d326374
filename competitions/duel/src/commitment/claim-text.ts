import { duelErrors } from '../errors.js';
import { pythonStrip } from '../python-strip.js';

interface ClaimForm {
  /** First part of every claim, e.g. `v4`. */
  prefix: string;
  /** Whether the hotkey of the author is the last part. */
  author: boolean;
}

/** The parts of a claim, as they stand in it. */
interface ClaimText {
  repo: string;
  /** `hf:` and a commit, or `sha256:` and the digest of a manifest. */
  digest: string;
  /** Says nothing: the chain's key of the reveal is the author. */
  author: string | null;
}

const REPO = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._/-]*$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|hf:[0-9a-f]{40})$/;
/** An address in base58, its checksum unread. */
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{47,48}$/;

/** The text of a reveal by the grammar of subnet 3. @throws DUEL_CLAIM_MALFORMED */
export function readClaimText(text: string, { prefix, author: hasAuthor }: ClaimForm): ClaimText {
  const wanted = hasAuthor ? 4 : 3;
  const refuse = (reason: string): Error =>
    duelErrors.DUEL_CLAIM_MALFORMED({
      ...{ reason, claim: text.slice(0, 256) },
      form: [prefix, 'repo', 'digest', ...(hasAuthor ? ['hotkey'] : [])].join('|'),
    });
  const [first, ...rest] = pythonStrip(text).split('|');
  if (first !== prefix) throw refuse(`it does not begin with ${prefix}|`);
  if (rest.length + 1 !== wanted) throw refuse(`it has ${rest.length + 1} parts instead of ${wanted}`);
  const [repo = '', digest = '', author = null] = rest.map(pythonStrip);
  if (!REPO.test(repo)) throw refuse('its repo has another form than namespace/name');
  if (!DIGEST.test(digest)) throw refuse('its digest is neither a commit nor a sha256');
  if (author !== null && !ADDRESS.test(author)) throw refuse('its author is no address');
  return { repo, digest, author };
}

export const writeClaimText = ({ repo, digest, author }: ClaimText, { prefix }: ClaimForm): string =>
  [prefix, repo, digest, ...(author === null ? [] : [author])].join('|');
