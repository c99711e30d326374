import { isAssayError } from '@assay/core/errors/assay-error';
import type { Log } from '@assay/core/contracts/logger';
import { isEncrypted } from './decrypt.js';
import { walletErrors } from './errors.js';
import { logNotes } from './log-notes.js';
import { eraseFields, FlatJsonError, parseFlatJson, type FlatFields } from './flat-json.js';
import { publicParts, requireOneKey } from './public-parts.js';
import { readKeyfile } from './read-keyfile.js';
import { encodedAddress } from './ss58.js';
import { walletPaths, type WalletChoice } from './wallet-paths.js';

export interface AddressDeps {
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
}

/**
 * The ss58 address of a hotkey, without its key: out of `<hotkey>pub.txt`, or else of the public fields of a plain hotkey
 * file, whose other bytes are overwritten unread.
 * @throws WALLET_NAME_INVALID, HOTKEY_ADDRESS_UNKNOWN, KEYFILE_*
 */
export async function hotkeyAddress(wallet: WalletChoice, { environment, log }: AddressDeps): Promise<string> {
  const { hotkey: path, hotkeyPublic: publicPath } = walletPaths(wallet, environment);
  const address = (await addressIn(publicPath, false, log)) ?? (await addressIn(path, true, log));
  if (address === undefined) throw walletErrors.HOTKEY_ADDRESS_UNKNOWN({ path, publicPath });
  return address;
}

/**
 * The ss58 address of a wallet's coldkey, out of `coldkeypub.txt`. The coldkey itself is never opened.
 * @throws WALLET_NAME_INVALID, COLDKEY_ADDRESS_UNKNOWN, KEYFILE_*
 */
export async function coldkeyAddress(wallet: WalletChoice, { environment, log }: AddressDeps): Promise<string> {
  const { coldkeyPublic: path } = walletPaths(wallet, environment);
  const address = await addressIn(path, false, log);
  if (address === undefined) throw walletErrors.COLDKEY_ADDRESS_UNKNOWN({ path });
  return address;
}

/** undefined where there is no file, or none that shows an address. */
async function addressIn(path: string, secret: boolean, log: Log): Promise<string | undefined> {
  const bytes = bytesIn(path, secret, log);
  if (bytes === undefined || isEncrypted(bytes)) return undefined;
  let fields: FlatFields | undefined;
  try {
    fields = parseFlatJson(bytes);
    const parts = await publicParts(path, fields);
    requireOneKey(path, parts);
    return parts[0] && (await encodedAddress(parts[0].publicKey));
  } catch (error) {
    if (error instanceof FlatJsonError) throw walletErrors.KEYFILE_INVALID({ path, reason: error.message });
    throw error;
  } finally {
    bytes.fill(0);
    if (fields) eraseFields(fields);
  }
}

function bytesIn(path: string, secret: boolean, log: Log): Buffer | undefined {
  try {
    const { bytes, notes } = readKeyfile(path, { secret });
    logNotes(log, notes);
    return bytes;
  } catch (error) {
    if (isAssayError(error) && error.code === 'HOTKEY_MISSING') return undefined;
    throw error;
  }
}
