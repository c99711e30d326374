import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { HubError } from './answers.js';

/** Seconds for which a signed path can be used. */
const LIFETIME = 3600;

/**
 * Paths that anybody may ask for who has them, for a time: as the hub hands them out for large files. They end with the
 * process that signed them.
 */
export class Signatures {
  #secret = randomBytes(32);

  /** @param {string} path */
  sign(path) {
    const expires = Math.floor(Date.now() / 1000) + LIFETIME;
    return `${path}?Expires=${expires}&Signature=${this.#of(path, expires)}`;
  }

  /**
   * @param {URL} url
   * @throws HubError 403
   */
  require({ pathname, searchParams }) {
    const [expires, given] = [Number(searchParams.get('Expires')), searchParams.get('Signature') ?? ''];
    const wanted = Buffer.from(this.#of(pathname, expires));
    const found = Buffer.from(given);
    const isOurs = found.length === wanted.length && timingSafeEqual(found, wanted);
    if (!isOurs || expires < Date.now() / 1000) throw new HubError(403, 'AccessDenied: the signature has expired');
  }

  /**
   * @param {string} path
   * @param {number} expires
   */
  #of(path, expires) {
    return createHmac('sha256', this.#secret).update(`${path}\n${expires}`).digest('hex');
  }
}
