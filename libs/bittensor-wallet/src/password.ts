import { walletErrors } from './errors.js';

/** Every variable with the password of a keyfile starts so. No child process may inherit one. */
export const PASSWORD_VARIABLE_PREFIX = 'BT_PW_';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The variable that holds the password of a keyfile, by the keyfile's path as btwallet spells it. */
export const passwordVariable = (path: string): string =>
  `${PASSWORD_VARIABLE_PREFIX}${path.replace(/[/.]/g, '_').toUpperCase()}`;

/**
 * The password in the variable's value, which is the base64 of the password XOR the repeated name of the variable. The bytes
 * are the caller's to overwrite or to transfer.
 * @throws WALLET_PASSWORD_VALUE_INVALID
 */
export function passwordOf(variable: string, value: string): Uint8Array<ArrayBuffer> {
  const text = value.trim();
  if (!BASE64.test(text)) throw walletErrors.WALLET_PASSWORD_VALUE_INVALID({ variable });
  const name = new TextEncoder().encode(variable);
  const hidden = Buffer.from(text, 'base64');
  return Uint8Array.from(hidden, (byte, index) => byte ^ (name[index % name.length] ?? 0));
}
