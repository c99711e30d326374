import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import { DEFAULT_SOURCE, repoName, type ModelReference } from '@assay/core/contracts/model';
import type { Rule } from '@assay/core/contracts/rule';
import { explainFiles } from '@assay/core/model/explain-files';
import { filesThatCount } from '@assay/core/model/files-that-count';
import { z } from 'zod';
import { duelErrors } from '../errors.js';
import { readClaimText, writeClaimText } from './claim-text.js';

const OCI = 'oci';
const COMMIT = 'hf:';
/** The hub, or the host of a registry. */
const PLACE = /^[a-z0-9][a-z0-9.-]*(?::\d{1,5})?$/;

const parameters = z.strictObject({
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9]{1,16}$/)
    .default('v4')
    .describe('First part of every claim. Claims of another one are refused.'),
  author: z.boolean().default(true).describe("Whether a claim ends with its author's hotkey, which does not count."),
  registry: z
    .string()
    .regex(PLACE)
    .optional()
    .describe('Host of the registry that has the repos of `sha256:` digests; the first part of a repo when left out.'),
  places: z
    .array(z.string().regex(PLACE))
    .min(1)
    .optional()
    .describe('Where models may lie: `hf` for the hub, and hosts of registries. Left out: everywhere.'),
  fromBlock: z.number().int().nonnegative().default(0).describe('Claims that were revealed before it do not count.'),
});
type Parameters = z.infer<typeof parameters>;

/** `v4|repo|digest|author`, revealed. The digest names every byte of the model, and the chain's key says who claims it. */
export const duelScheme: Rule<CommitmentScheme, Parameters> = {
  name: 'duel',
  version: 1,
  summary:
    'Revealed claims of the form v4|repo|digest|author: a commit of the hub, or the digest of a manifest in a registry.',
  parameters,
  examples: [{}, { prefix: 'v7', author: false, registry: 'registry.example', fromBlock: 6_000_000 }],
  bind: (given) => ({
    readFrom: 'revealed-commitments',
    fromBlock: given.fromBlock,
    parse: (text) => {
      const { repo, digest } = readClaimText(text, given);
      const reference = referenceOf(repo, digest, given.registry);
      requirePlace(reference, given.places);
      return { reference, proof: reference.revision, competition: null };
    },
    format: ({ reference }, hotkey) => {
      requirePlace(reference, given.places);
      return writeClaimText({ ...claimedAs(reference, given.registry), author: given.author ? hotkey : null }, given);
    },
    filesThatCount,
    explainFiles,
    proofOf: ({ reference }) => reference.revision,
  }),
};

/** The part of the name after the last `/` is the name, and all before it the namespace. */
function referenceOf(repo: string, digest: string, registry: string | undefined): ModelReference {
  const end = repo.lastIndexOf('/');
  const [namespace, name] = [repo.slice(0, end), repo.slice(end + 1)];
  if (digest.startsWith(COMMIT)) return { namespace, name, revision: digest.slice(COMMIT.length) };
  const host = registry === undefined ? [] : [registry];
  return { source: OCI, namespace: [...host, namespace].join('/'), name, revision: digest };
}

/**
 * A miner chooses the registry of a claim, and no validator reads a registry that the subnet does not use. Such a claim would wait
 * first in the queue without an end.
 * @throws DUEL_PLACE_NOT_READ
 */
function requirePlace({ source = DEFAULT_SOURCE, namespace }: ModelReference, places: Parameters['places']): void {
  const placeOf = (one: string): string => (one === DEFAULT_SOURCE ? one : `${OCI}:${one}`);
  const place = source === OCI ? `${OCI}:${namespace.split('/')[0] ?? ''}` : source;
  if (places && !places.map(placeOf).includes(place)) throw duelErrors.DUEL_PLACE_NOT_READ({ place, places });
}

/** @throws DUEL_CLAIM_UNWRITABLE */
function claimedAs(reference: ModelReference, registry: string | undefined): { repo: string; digest: string } {
  const { source = DEFAULT_SOURCE, namespace, name, revision } = reference;
  const refuse = (reason: string): Error =>
    duelErrors.DUEL_CLAIM_UNWRITABLE({ repo: repoName(reference), source, reason });
  const repo = `${namespace}/${name}`;
  if (source === DEFAULT_SOURCE) return { repo, digest: `${COMMIT}${revision}` };
  if (source !== OCI) throw refuse(`the form has no models from ${source}`);
  if (registry === undefined) return { repo, digest: revision };
  if (!repo.startsWith(`${registry}/`)) throw refuse(`it is not in ${registry}`);
  return { repo: repo.slice(registry.length + 1), digest: revision };
}
