import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { passwordVariable } from '@assay/lib-bittensor-wallet';
import { describe, expect, it } from 'vitest';
import { hiddenPassword, newWallet, VECTORS } from './wallets.js';

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, 'hold-key.mjs');
const { plain, ansible_vault: vault, nacl, privateKey_note: forms } = VECTORS;

const bytes = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex');
const scalar = (hex: string): Buffer => bytes(hex).subarray(0, 32);

/** What an attacker would look for. */
const TERMS: Record<string, Buffer> = {
  'seed, bytes': bytes(plain.secretSeed),
  'seed, hex': Buffer.from(plain.secretSeed.slice(2)),
  phrase: Buffer.from(plain.secretPhrase),
  'private key, hex': Buffer.from(plain.privateKey.slice(2, 66)),
  'scalar of the file': scalar(plain.privateKey),
  'scalar as it signs': scalar(forms.polkadotjs_secretKey_ed25519_form),
  'nonce half': bytes(plain.privateKey).subarray(32),
};

/** The program searches for the inverse of what it is given, so that it does not find its own terms. */
const inverted = Object.fromEntries(
  Object.entries(TERMS).map(([term, value]) => [term, Buffer.from(value.map((byte) => byte ^ 0xff)).toString('hex')]),
);

async function search(
  content: string | Buffer,
  step: 'open' | 'closed',
  password?: string,
): Promise<Record<string, number>> {
  const { path, name, hotkey, file } = newWallet(content);
  const variable = passwordVariable(file);
  const environment = password === undefined ? {} : { [variable]: hiddenPassword(variable, password) };
  const encoded = Buffer.from(JSON.stringify(inverted)).toString('base64');
  const { stdout } = await run(process.execPath, [PROGRAM, path, name, hotkey, encoded, step], {
    env: { ...process.env, ...environment },
  });
  const { address, found } = JSON.parse(stdout) as { address: string; found: Record<string, number> };
  expect(address).toBe(plain.ss58Address);
  return found;
}

const nothing = Object.fromEntries(Object.keys(TERMS).map((term) => [term, 0]));

describe.skipIf(!existsSync('/proc/self/mem'))('memory (skipped where /proc/self/mem is missing)', () => {
  it('holds no phrase and no seed while a signer is open, only the key that it signs with', async () => {
    const found = await search(VECTORS.plain_keyfile_json, 'open');
    expect(found).toMatchObject({ 'seed, hex': 0, phrase: 0, 'private key, hex': 0 });
    // The search finds what is there.
    expect(found['nonce half']).toBeGreaterThan(0);
  });

  it('holds nothing of a plain keyfile after close', async () => {
    expect(await search(VECTORS.plain_keyfile_json, 'closed')).toEqual(nothing);
  });

  it('holds nothing of an encrypted keyfile after close', async () => {
    expect(await search(vault.file_utf8, 'closed', vault.password)).toEqual(nothing);
  });

  it('holds nothing of a $NACL keyfile after close, and no phrase and no seed before', async () => {
    const content = Buffer.from(nacl.file_base64, 'base64');
    const found = await search(content, 'open', nacl.password);
    expect(found).toMatchObject({ 'seed, hex': 0, phrase: 0, 'private key, hex': 0 });
    expect(await search(content, 'closed', nacl.password)).toEqual(nothing);
  }, 180_000);
});
