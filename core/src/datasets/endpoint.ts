import { z } from 'zod';
import { datasetErrors } from './errors.js';

/** An address is told in errors and shown with the config. */
const NO_USER = 'no user name or password may stand in an address: it is shown in messages';

/** The address of a service, for options of plugins. */
export const endpointOption = z.url({ protocol: /^https?$/ }).refine(holdsNoUser, NO_USER);

/**
 * The hub, or the mirror that HF_ENDPOINT names, as the hub's own tools find it.
 * @throws ENDPOINT_UNUSABLE
 */
export function hubEndpoint(environment: Readonly<Record<string, string | undefined>>): string {
  const given = environment['HF_ENDPOINT'];
  if (given === undefined || given === '') return 'https://huggingface.co';
  const parsed = endpointOption.safeParse(given);
  if (parsed.success) return parsed.data;
  throw datasetErrors.ENDPOINT_UNUSABLE({
    variable: 'HF_ENDPOINT',
    reason: holdsNoUser(given) ? 'it is no address that begins with http:// or https://' : NO_USER,
  });
}

function holdsNoUser(address: string): boolean {
  if (!URL.canParse(address)) return true;
  const { username, password } = new URL(address);
  return username === '' && password === '';
}
