import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

/** The password does not fit, or the content is damaged: the formats can't tell which. */
export class WrongPassword extends Error {}

/** The content begins as an encrypted key does, and goes on otherwise. */
export class BrokenEncryption extends Error {}

type Decryption = (content: Buffer, password: Uint8Array) => Promise<Buffer> | Buffer;

/** How btwallet and its predecessors encrypt, by the first bytes of the file. */
const FORMATS: readonly { prefix: string; decrypt: Decryption }[] = [
  { prefix: '$NACL', decrypt: decryptNacl },
  { prefix: '$ANSIBLE_VAULT;', decrypt: decryptVault },
  { prefix: 'gAAAAA', decrypt: decryptFernet },
];

const formatOf = (content: Buffer): (typeof FORMATS)[number] | undefined =>
  FORMATS.find(({ prefix }) => content.subarray(0, prefix.length).equals(Buffer.from(prefix)));

export const isEncrypted = (content: Buffer): boolean => formatOf(content) !== undefined;

/**
 * The keyfile's JSON. Takes seconds, and 512 MiB for `$NACL`: call it in a thread of its own.
 * @throws WrongPassword, BrokenEncryption
 */
export async function decrypt(content: Buffer, password: Uint8Array): Promise<Buffer> {
  const format = formatOf(content);
  if (format === undefined) throw new BrokenEncryption('it is not encrypted');
  return await format.decrypt(content, password);
}

const NACL_SALT = Buffer.from('137183dff15a09bc9c90b5518739e9b1', 'hex');
const NACL_PASSES = 8;
const NACL_MEMORY_BYTES = 536_870_912;

/** `$NACL`, 24 bytes nonce, secretbox; the key is Argon2i of the password. */
async function decryptNacl(content: Buffer, password: Uint8Array): Promise<Buffer> {
  const nonce = content.subarray(5, 29);
  const box = content.subarray(29);
  if (box.length < 16) throw new BrokenEncryption('it is cut off');
  const { default: sodium } = await import('libsodium-wrappers-sumo');
  await sodium.ready;
  const key = sodium.crypto_pwhash(
    sodium.crypto_secretbox_KEYBYTES,
    password,
    NACL_SALT,
    NACL_PASSES,
    NACL_MEMORY_BYTES,
    sodium.crypto_pwhash_ALG_ARGON2I13,
  );
  try {
    const { buffer, byteOffset, byteLength } = openBox(() => sodium.crypto_secretbox_open_easy(box, nonce, key));
    return Buffer.from(buffer, byteOffset, byteLength);
  } finally {
    key.fill(0);
  }
}

/** libsodium throws an error without a type where the box does not open. */
function openBox(open: () => Uint8Array): Uint8Array {
  try {
    return open();
  } catch (error) {
    throw new WrongPassword('the box does not open', { cause: error });
  }
}

const VAULT_ROUNDS = 10_000;
const VAULT_HEAD = /^\$ANSIBLE_VAULT;1\.[12];AES256(?:;[\w.-]{1,64})?\r?\n/;

/** Ansible Vault 1.1: hex of three lines of hex, salt, HMAC and text; AES-256-CTR, padded to 16 bytes. */
function decryptVault(content: Buffer, password: Uint8Array): Buffer {
  const text = content.toString('latin1');
  const head = VAULT_HEAD.exec(text)?.[0];
  if (head === undefined)
    throw new BrokenEncryption(`its head is ${JSON.stringify(text.split('\n', 1)[0]?.slice(0, 40))}`);
  const [salt, digest, sealed, ...rest] = hexBytes(text.slice(head.length).replace(/\r?\n/g, ''))
    .toString('latin1')
    .split('\n')
    .map(hexBytes);
  if (!salt || !digest || !sealed || rest.length > 0 || digest.length !== 32)
    throw new BrokenEncryption('it is cut off');
  const keys = pbkdf2Sync(password, salt, VAULT_ROUNDS, 80, 'sha256');
  try {
    requireHmac(keys.subarray(32, 64), sealed, digest);
    return withoutPadding(decipher('aes-256-ctr', keys.subarray(0, 32), keys.subarray(64, 80), sealed));
  } finally {
    keys.fill(0);
  }
}

function hexBytes(text: string): Buffer {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(text)) throw new BrokenEncryption('it is cut off');
  return Buffer.from(text, 'hex');
}

const FERNET_SALT = 'Iguesscyborgslikemyselfhaveatendencytobeparanoidaboutourorigins';
const FERNET_ROUNDS = 10_000_000;
const FERNET_LEAST_BYTES = 1 + 8 + 16 + 16 + 32;

/** Fernet: version, time, IV, AES-128-CBC, HMAC, in base64url; the key is PBKDF2 of the password. */
function decryptFernet(content: Buffer, password: Uint8Array): Buffer {
  const token = Buffer.from(content.toString('latin1').trim(), 'base64url');
  if (token.length < FERNET_LEAST_BYTES || token.length % 16 !== (1 + 8 + 16 + 32) % 16)
    throw new BrokenEncryption('it is cut off');
  const signed = token.subarray(0, -32);
  const keys = pbkdf2Sync(password, FERNET_SALT, FERNET_ROUNDS, 32, 'sha256');
  try {
    requireHmac(keys.subarray(0, 16), signed, token.subarray(-32));
    return withoutPadding(decipher('aes-128-cbc', keys.subarray(16), signed.subarray(9, 25), signed.subarray(25)));
  } finally {
    keys.fill(0);
  }
}

function requireHmac(key: Buffer, content: Buffer, digest: Buffer): void {
  if (!timingSafeEqual(createHmac('sha256', key).update(content).digest(), digest))
    throw new WrongPassword('the digest differs');
}

function decipher(algorithm: string, key: Buffer, iv: Buffer, sealed: Buffer): Buffer {
  const cipher = createDecipheriv(algorithm, key, iv).setAutoPadding(false);
  const [start, end] = [cipher.update(sealed), cipher.final()];
  const padded = Buffer.concat([start, end]);
  start.fill(0);
  end.fill(0);
  return padded;
}

/** PKCS #7: the last byte says how many bytes of padding there are. The digest has been verified before. */
function withoutPadding(padded: Buffer): Buffer {
  const count = padded.at(-1) ?? 0;
  if (count < 1 || count > 16 || count > padded.length) throw new BrokenEncryption('its padding is wrong');
  const bytes = Buffer.alloc(padded.length - count);
  padded.copy(bytes, 0, 0, bytes.length);
  padded.fill(0);
  return bytes;
}
