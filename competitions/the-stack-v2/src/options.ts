import type { CredentialNeed } from '@assay/core';
import { endpointOption } from '@assay/core/datasets/endpoint';
import { z } from 'zod';

export const DATASET = 'bigcode/the-stack-v2-dedup';

/** Where the standard AWS chain finds credentials. */
export const AWS_CREDENTIALS: CredentialNeed = {
  variables: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  page: `https://huggingface.co/datasets/${DATASET}`,
  files: ['${AWS_SHARED_CREDENTIALS_FILE}', '~/.aws/credentials', '${AWS_CONFIG_FILE}', '~/.aws/config'],
};

export const stackOptions = z.strictObject({
  bucket: z.string().default('softwareheritage').describe('Bucket with the contents.'),
  region: z.string().default('us-east-1').describe('Its region.'),
  endpoint: endpointOption.optional().describe('A mirror that speaks S3; AWS itself when left out.'),
  anonymous: z.boolean().default(false).describe('Send no credentials: for a mirror that wants none.'),
});
export type StackOptions = z.infer<typeof stackOptions>;
