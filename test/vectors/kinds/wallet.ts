import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileSigner, passwordVariable } from '@assay/lib-bittensor-wallet';
import { verifySignature } from '@assay/lib-sr25519';
import { equal, fields, Mismatch, text, unitOf, type Fields, type Kind, type UnitResult } from '../unit.js';

/** The value of a password's variable: base64 of the password XOR the variable's own name. */
function hidden(variable: string, password: string): string {
  const bytes = Array.from(Buffer.from(password), (byte, index) => byte ^ variable.charCodeAt(index % variable.length));
  return Buffer.from(bytes).toString('base64');
}

interface Keyfile {
  content: string | Buffer;
  password?: string;
}

/** Opens a wallet that holds this keyfile, and has it sign: the address that has signed. */
async function addressBehind({ content, password }: Keyfile): Promise<string> {
  const path = mkdtempSync(join(tmpdir(), 'assay-vectors-wallet-'));
  try {
    const folder = join(path, 'default', 'hotkeys');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, 'default');
    writeFileSync(file, content, { mode: 0o600 });
    const variable = passwordVariable(file);
    const environment = password === undefined ? {} : { [variable]: hidden(variable, password) };
    const signer = await fileSigner({ path }, { environment, log: () => undefined, prompt: null });
    const message = Buffer.from('a message of the vectors');
    const signature = await signer.sign(message, new AbortController().signal);
    const isRight = await verifySignature(message, signature, signer.address);
    await signer.close();
    if (!isRight) throw new Mismatch('the signature does not verify');
    return signer.address;
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

export const wallet: Kind = async (content) => {
  const plain = fields(content['plain']);
  const opens = (name: string, keyfile: Keyfile): Promise<UnitResult> =>
    unitOf(name, async (): Promise<'reference'> => {
      equal('address', await addressBehind(keyfile), plain['ss58Address']);
      return 'reference';
    });
  const alone = (...names: string[]): string =>
    JSON.stringify(
      Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, names.includes(key) ? value : null])),
    );
  const of = (name: string): Fields => fields(content[name]);
  return [
    await opens('plain', { content: text(content['plain_keyfile_json']) }),
    await opens('phrase alone', { content: alone('secretPhrase') }),
    await opens('seed alone', { content: alone('secretSeed') }),
    await opens('private key alone', { content: alone('privateKey', 'publicKey') }),
    await unitOf('variable of the password', () => {
      const { path, env_var: variable, password, value } = of('env_password');
      equal('name', passwordVariable(text(path)), variable);
      equal('value', hidden(text(variable), text(password)), value);
      return 'reference';
    }),
    await opens('$NACL', {
      content: Buffer.from(text(of('nacl')['file_hex']), 'hex'),
      password: text(of('nacl')['password']),
    }),
    await unitOf('$NACL with another password', async (): Promise<'assay'> => {
      const keyfile = {
        content: Buffer.from(text(of('nacl')['file_hex']), 'hex'),
        password: text(of('nacl')['wrong_password']),
      };
      const code: unknown = await addressBehind(keyfile).catch((error: unknown) => fields(error)['code']);
      equal('code', code, 'WALLET_PASSWORD_WRONG');
      return 'assay';
    }),
    await opens('$ANSIBLE_VAULT', {
      content: text(of('ansible_vault')['file_utf8']),
      password: text(of('ansible_vault')['password']),
    }),
    await opens('Fernet', {
      content: text(of('legacy_fernet')['file_utf8']),
      password: text(of('legacy_fernet')['password']),
    }),
  ];
};
