import { walletErrors } from './errors.js';
import type { FlatFields } from './flat-json.js';
import { bytesOf } from './hex-bytes.js';
import { addressKey } from './ss58.js';

export interface PublicPart {
  field: string;
  publicKey: Uint8Array;
}

/** What a keyfile says of its public key, as far as it does. @throws KEYFILE_INVALID */
export async function publicParts(path: string, fields: FlatFields): Promise<PublicPart[]> {
  const parts: PublicPart[] = [];
  for (const field of ['publicKey', 'accountId']) {
    const value = fields.get(field);
    if (value)
      parts.push({ field, publicKey: bytesOf(value, 32) ?? invalid(path, `its ${field} is not 32 bytes in hex`) });
  }
  const address = fields.get('ss58Address');
  if (address) {
    const publicKey = await addressKey(address.toString('latin1'));
    parts.push({
      field: 'ss58Address',
      publicKey: publicKey ?? invalid(path, 'its ss58Address is no address of format 42'),
    });
  }
  return parts;
}

/** @throws KEYFILE_CONTRADICTORY with the first two parts that differ */
export function requireOneKey(path: string, parts: readonly PublicPart[]): void {
  const [first, ...others] = parts;
  const other = others.find(({ publicKey }) => first && Buffer.compare(publicKey, first.publicKey) !== 0);
  if (first && other) throw walletErrors.KEYFILE_CONTRADICTORY({ path, parts: [first.field, other.field] });
}

/** @throws KEYFILE_INVALID */
export function invalid(path: string, reason: string): never {
  throw walletErrors.KEYFILE_INVALID({ path, reason });
}
