import { HubError } from './answers.js';

/** @typedef {{ token: string, user: string, role?: 'read' | 'write' }} Account */

/** Who asks, by the token that a request carries. */
export class Accounts {
  /** @param {readonly Account[]} accounts */
  constructor(accounts) {
    this.accounts = accounts;
  }

  /**
   * The account of a request; undefined without a token.
   * @param {import('node:http').IncomingHttpHeaders} headers
   */
  of({ authorization }) {
    if (authorization === undefined) return undefined;
    const given = authorization.replace(/^Bearer /, '');
    const found = this.accounts.find(({ token }) => token === given);
    if (!found) throw new HubError(401, 'Invalid credentials in Authorization header');
    return found;
  }

  /** @param {import('node:http').IncomingHttpHeaders} headers */
  require(headers) {
    const account = this.of(headers);
    if (!account) throw new HubError(401, 'Invalid username or password.');
    return account;
  }

  /**
   * An account that may write to repos of this namespace.
   * @param {import('node:http').IncomingHttpHeaders} headers
   * @param {string} namespace
   * @param {string} refusal message where it may not
   */
  requireWriter(headers, namespace, refusal) {
    const account = this.require(headers);
    if (account.role === 'read')
      throw new HubError(403, 'Forbidden: this token has no write permission. Create one of the role "write".');
    if (account.user !== namespace) throw new HubError(403, refusal);
    return account;
  }
}

/**
 * The answer of `GET /api/whoami-v2`.
 * @param {Account} account
 */
export const whoAmI = ({ user, role = 'write' }) => ({
  type: 'user',
  id: user,
  name: user,
  fullname: user,
  orgs: [],
  auth: { type: 'access_token', accessToken: { displayName: user, role, createdAt: '2026-01-01T00:00:00.000Z' } },
});
