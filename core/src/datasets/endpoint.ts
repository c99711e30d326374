import { z } from 'zod';
import { datasetErrors } from './errors.js';

/** Errors and `config show` print addresses. */
const NO_USER = 'no user name or password may stand in an address: it is shown in messages';

/** The address of a service, for options of plugins. */
export const endpointOption = z.url({ protocol: /^https?$/ }).refine(holdsNoUser, NO_USER);

/**
 * The address of a service that a variable holds.
 * @throws ENDPOINT_UNUSABLE
 */
export function requireAddress(variable: string, given: string): string {
  const parsed = endpointOption.safeParse(given);
  if (parsed.success) return parsed.data;
  throw datasetErrors.ENDPOINT_UNUSABLE({
    variable,
    reason: holdsNoUser(given) ? 'it is no address that begins with http:// or https://' : NO_USER,
  });
}

function holdsNoUser(address: string): boolean {
  if (!URL.canParse(address)) return true;
  const { username, password } = new URL(address);
  return username === '' && password === '';
}
