import { writeFileSync } from 'node:fs';
import {
  mnemonicToMiniSecret,
  keyExtractPath,
  keyFromPath,
  encodeAddress,
  sr25519PairFromSeed,
} from '@polkadot/util-crypto';

/** The public phrase below which every development key lies. */
const PHRASE = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';

/** Writes a hotkey file as btwallet does, for the development key at this path: with its private key alone. */
export function writeHotkey(file: string, derivation: string): void {
  const root = sr25519PairFromSeed(mnemonicToMiniSecret(PHRASE));
  const { publicKey, secretKey } = keyFromPath(root, keyExtractPath(derivation).path, 'sr25519');
  const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;
  // polkadot keeps eight times the scalar that schnorrkel keeps.
  const scalar = BigInt(hex(secretKey.slice(0, 32).reverse())) / 8n;
  const canonical = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse();
  const fields = {
    accountId: hex(publicKey),
    publicKey: hex(publicKey),
    privateKey: hex(Buffer.concat([canonical, secretKey.slice(32)])),
    secretPhrase: null,
    secretSeed: null,
    ss58Address: encodeAddress(publicKey, 42),
  };
  writeFileSync(file, JSON.stringify(fields), { mode: 0o600 });
}
