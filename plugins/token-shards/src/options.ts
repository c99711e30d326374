import { z } from 'zod';
import { endpointOption } from '@assay/core/datasets/endpoint';
import type { CredentialNeed } from '@assay/core/plugin/plugin';
import { limitOptions } from '@assay/lib-http';

export const DATASET = 'token-shards';

/** Where the standard AWS chain finds credentials. */
export const AWS_CREDENTIALS: CredentialNeed = {
  variables: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  page: 'https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html',
  files: ['${AWS_SHARED_CREDENTIALS_FILE}', '~/.aws/credentials', '${AWS_CONFIG_FILE}', '~/.aws/config'],
};

const source = z.strictObject({
  name: z.string().min(1).optional().describe('Seeds what is drawn of it; the folder of its manifest when left out.'),
  manifest: z.string().min(1).describe('Path, address or s3://BUCKET/KEY of its manifest.'),
  weight: z
    .number()
    .nonnegative()
    .max(1e9)
    .optional()
    .describe('Share of the sequences, relative to the other weights.'),
  enabled: z.boolean().default(true).describe('false leaves it out.'),
});

const s3Options = z.strictObject({
  region: z.string().default('us-east-1').describe('Region of the buckets.'),
  endpoint: endpointOption.optional().describe('A service that speaks S3; AWS itself when left out.'),
  anonymous: z.boolean().default(false).describe('Send no credentials.'),
});

export const shardOptions = z
  .strictObject({
    bundle: z
      .string()
      .min(1)
      .optional()
      .describe('Path, address or s3://BUCKET/KEY of a bundle, which names the sources.'),
    sources: z.array(source).min(1).optional().describe('The sources, in place of a bundle.'),
    baseLength: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('Tokens of a record where the manifest does not say; the sequence length when left out.'),
    shardsPerSource: z
      .number()
      .int()
      .nonnegative()
      .default(2)
      .describe('Shards of a source over which its part is spread; 0 for all.'),
    vocabularySize: z
      .number()
      .int()
      .nonnegative()
      .optional()
      .describe("Sequences with an id at or beyond it are dropped, 0 drops none; the tokenizer's when left out."),
    manifests: z
      .string()
      .regex(/^(sha256:)?[0-9a-f]{64}$/)
      .optional()
      .describe('Digest of the manifests that are drawn from; others are refused.'),
    cache: z
      .string()
      .optional()
      .describe('Folder of shards that are kept as a whole; below the data folder when left out.'),
    cacheBytes: z
      .number()
      .int()
      .positive()
      .default(50e9)
      .describe('Bytes that kept shards may take; the least recently used ones are dropped.'),
    s3: s3Options.prefault({}).describe('How s3:// places are reached.'),
    ...limitOptions,
  })
  .refine(({ bundle, sources }) => (bundle === undefined) !== (sources === undefined), {
    error: 'names either a bundle or sources',
    path: ['bundle'],
  })
  .refine(({ sources }) => !sources || sources.some(({ enabled, weight }) => enabled && weight !== 0), {
    error: 'has no enabled source with a weight',
    path: ['sources'],
  });
export type ShardOptions = z.infer<typeof shardOptions>;

/** Credentials are needed where the config itself names a place of S3. */
export function credentialsFor({ bundle, sources, s3 }: ShardOptions): readonly CredentialNeed[] {
  const named = [bundle ?? [], sources?.map(({ manifest }) => manifest) ?? []].flat();
  return !s3.anonymous && named.some((place) => /^s3:/i.test(place)) ? [AWS_CREDENTIALS] : [];
}
