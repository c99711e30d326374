import { requireAddress } from '@assay/core/datasets/endpoint';

const VARIABLE = 'HF_ENDPOINT';

/**
 * The hub, or the mirror that HF_ENDPOINT names, as the hub's own tools find it.
 * @throws ENDPOINT_UNUSABLE
 */
export function hubEndpoint(environment: Readonly<Record<string, string | undefined>>): string {
  const given = environment[VARIABLE];
  return given === undefined || given === '' ? 'https://huggingface.co' : requireAddress(VARIABLE, given);
}
