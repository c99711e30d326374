import { createHash } from 'node:crypto';
import type { DatasetSample, SampleRequest } from '../contracts/dataset-provider.js';
import { withoutSecrets } from '../errors/secrets.js';
import type { PythonRandom } from '../sampling/python-random.js';
import { batchesOf } from '../sampling/packing.js';

/** What a loader has gathered: one stream of documents, each ended by the tokenizer's end of text. */
export interface Collected {
  stream: number[];
  /** Names of the pages, in the order drawn. */
  pages: string[];
  revision: string | undefined;
}

/** A way of drawing pages. `random` is Python's global generator: afterwards it stands where the reference's does. */
export interface Loader {
  /** Everything of this loader that decides which tokens come out, beside the request. */
  readonly identity: Readonly<Record<string, string | number | boolean>>;
  readonly description: string;
  collect(request: SampleRequest, random: PythonRandom, signal: AbortSignal): Promise<Collected>;
}

/** Rounds of new pages while there is less than one sequence. */
export const REFILLS = 14;

/** Changes whenever the same request may give other tokens. */
const LOADER_VERSION = 1;

/** What two requests must have in common to be answered by the same sample set. */
export function sampleKey(loader: Loader, request: SampleRequest): string {
  const { tokenizer, seed, ...rest } = request;
  const key = [LOADER_VERSION, loader.identity, { ...rest, seed: seed.toString(), tokenizer: tokenizer.digest }];
  return createHash('sha256').update(JSON.stringify(key)).digest('hex');
}

export const sampleOf = (
  loader: Loader,
  request: SampleRequest,
  { stream, pages, revision }: Collected,
): DatasetSample =>
  withoutSecretsIn({
    batches: batchesOf(stream, request),
    pages,
    source: revision === undefined ? loader.description : `${loader.description} at ${revision}`,
  });

/** What a sample says of itself is kept on disk, told and signed: a service that repeats what it was sent must not get that far. */
export const withoutSecretsIn = ({ pages, source, ...data }: DatasetSample): DatasetSample => ({
  ...data,
  pages: pages.map(withoutSecrets),
  source: withoutSecrets(source),
});
