import { isIP } from 'node:net';
import { storeErrors } from '@assay/core/model/errors';

const MOST_REDIRECTS = 5;
const REDIRECT = new Set([301, 302, 303, 307, 308]);

interface RedirectRules {
  /** What is asked for, for messages. */
  what: string;
  /** The address that the config names: plain http and addresses of private networks are allowed for its origin only. */
  endpoint: URL | undefined;
  mayReach: (address: string) => boolean;
}

export const isRedirect = (status: number): boolean => REDIRECT.has(status);

/**
 * Where a redirect leads.
 * @param hop redirects before this one
 * @throws REDIRECT_REFUSED
 */
export function redirectTarget(from: URL, location: string | undefined, hop: number, rules: RedirectRules): URL {
  if (location === undefined || !URL.canParse(location, from.href))
    throw refusal(rules, location ?? 'nowhere', 'that is no address');
  const target = new URL(location, from);
  if (hop >= MOST_REDIRECTS) throw refusal(rules, target.host, `it is redirected more than ${MOST_REDIRECTS} times`);
  requireAllowed(target, rules);
  return target;
}

/**
 * Names are checked once more when they have been resolved.
 * @throws REDIRECT_REFUSED
 */
export function requireAllowed(url: URL, rules: RedirectRules): void {
  if (url.username !== '' || url.password !== '') throw refusal(rules, url.host, 'the address holds a user name');
  if (url.origin === rules.endpoint?.origin) return;
  if (url.protocol !== 'https:') throw refusal(rules, `${url.protocol}//${url.host}`, 'it is not https');
  // The parser of addresses has turned every spelling, such as 0x7f.1, into the usual one.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !rules.mayReach(host)) throw refusal(rules, url.host, 'that is no public address');
}

export function refusal({ what }: Pick<RedirectRules, 'what'>, to: string, reason: string): Error {
  return storeErrors.REDIRECT_REFUSED({ what, to, reason });
}
