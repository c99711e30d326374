import { sr25519Verify } from '@polkadot/util-crypto';
import { fileSigner, hotkeyAddress } from '@assay/lib-bittensor-wallet';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../error-of.js';
import { keptLog, never, newWallet, OTHER_KEY, SERVICE, VECTORS } from './wallets.js';

const { plain } = VECTORS;
const MESSAGE = Buffer.from('a message');

/** The address for which the keyfile signs, after a signature that verifies. */
async function signingAddress(content: string | Buffer): Promise<string> {
  const signer = await fileSigner(newWallet(content), SERVICE);
  try {
    const signature = await signer.sign(MESSAGE, never());
    expect(signature).toHaveLength(64);
    expect(sr25519Verify(MESSAGE, signature, signer.publicKey)).toBe(true);
    return signer.address;
  } finally {
    await signer.close();
  }
}

const codeOf = async (content: string | Buffer): Promise<string> =>
  (await errorOf(fileSigner(newWallet(content), SERVICE))).code;

describe('a plain keyfile', () => {
  it('as btwallet writes it signs for its address', async () => {
    expect(await signingAddress(VECTORS.plain_keyfile_json)).toBe(plain.ss58Address);
  });

  it.each(['secretPhrase', 'secretSeed', 'privateKey'] as const)('signs with nothing but its %s', async (field) => {
    expect(await signingAddress(JSON.stringify({ [field]: plain[field] }))).toBe(plain.ss58Address);
  });

  it('loads in every order of its fields, with nulls and blanks, as long as one secret is left', async () => {
    const secrets = ['secretPhrase', 'secretSeed', 'privateKey'] as const;
    const fields = [...secrets, 'accountId', 'publicKey', 'ss58Address'] as const;
    const file = fc.record({
      order: fc.shuffledSubarray([...fields, 'cryptoType', 'note'] as const, { minLength: 8 }),
      kept: fc.subarray([...fields]),
      secret: fc.constantFrom(...secrets),
      missing: fc.constantFrom('null', 'left out'),
      indent: fc.constantFrom(undefined, 2, '\t'),
    });
    const others = { cryptoType: 1, note: 'é "\\ \n' };
    await fc.assert(
      fc.asyncProperty(file, async ({ order, kept, secret, missing, indent }) => {
        const entries = order.flatMap((field): [string, unknown][] => {
          if (field === 'cryptoType' || field === 'note') return [[field, others[field]]];
          if (field === secret || kept.includes(field)) return [[field, plain[field]]];
          return missing === 'null' ? [[field, null]] : [];
        });
        const content = JSON.stringify(Object.fromEntries(entries), null, indent);
        expect(await signingAddress(content)).toBe(plain.ss58Address);
      }),
      { numRuns: 15 },
    );
  });

  it.each([
    ['hex without 0x', { secretSeed: plain.secretSeed.slice(2), publicKey: plain.publicKey.slice(2) }],
    ['capitals', { secretSeed: `0x${plain.secretSeed.slice(2).toUpperCase()}` }],
    ['tabs and line ends in the phrase', { secretPhrase: `${plain.secretPhrase.replaceAll(' ', '\t\n')}\r\n` }],
    ['more than one blank in the phrase', { secretPhrase: ` ${plain.secretPhrase.replaceAll(' ', '  ')} ` }],
    ['the type as a text', { secretSeed: plain.secretSeed, cryptoType: '1' }],
  ])('may have %s', async (_what, fields) => {
    expect(await signingAddress(JSON.stringify(fields))).toBe(plain.ss58Address);
  });

  it('may have escapes', async () => {
    const escaped = plain.secretPhrase.replace('old', '\\u006f\\u006cd');
    expect(await signingAddress(`{"secretPhrase":"${escaped}"}`)).toBe(plain.ss58Address);
  });

  it.each([
    ['another seed than its phrase', { ...plain, secretSeed: OTHER_KEY.secretSeed }, ['secretPhrase', 'secretSeed']],
    [
      'a privateKey in the form of polkadot',
      { ...plain, privateKey: VECTORS.privateKey_note.polkadotjs_secretKey_ed25519_form },
      undefined,
    ],
    ['another publicKey', { ...plain, publicKey: OTHER_KEY.publicKey }, ['secretPhrase', 'publicKey']],
    ['another accountId', { ...plain, accountId: OTHER_KEY.publicKey }, ['secretPhrase', 'accountId']],
    [
      'another address',
      { secretSeed: plain.secretSeed, ss58Address: OTHER_KEY.ss58Address },
      ['secretSeed', 'ss58Address'],
    ],
    [
      'another address and no secret',
      { publicKey: plain.publicKey, ss58Address: OTHER_KEY.ss58Address },
      ['publicKey', 'ss58Address'],
    ],
  ])('with %s is refused', async (_what, fields, parts) => {
    const error = await errorOf(fileSigner(newWallet(JSON.stringify(fields)), SERVICE));
    if (parts === undefined) expect(['KEYFILE_CONTRADICTORY', 'KEYFILE_INVALID']).toContain(error.code);
    else expect(error).toMatchObject({ code: 'KEYFILE_CONTRADICTORY', payload: { parts } });
  });

  it('with the address alone is known and can’t sign', async () => {
    const wallet = newWallet(JSON.stringify({ ss58Address: plain.ss58Address, secretPhrase: null }));
    expect(await errorOf(fileSigner(wallet, SERVICE))).toMatchObject({
      code: 'KEYFILE_WITHOUT_KEY',
      payload: { address: plain.ss58Address },
    });
    expect(await hotkeyAddress(wallet, SERVICE)).toBe(plain.ss58Address);
  });

  const WORDS = plain.secretPhrase.split(' ');
  it.each([
    ['nothing', ''],
    ['blanks', ' \n'],
    ['no JSON', 'hello'],
    ['a bare phrase', plain.secretPhrase],
    ['a bare seed', plain.secretSeed],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x7b])],
    ['a BOM', `\ufeff${VECTORS.plain_keyfile_json}`],
    ['a list', `[${VECTORS.plain_keyfile_json}]`],
    ['a text', JSON.stringify(VECTORS.plain_keyfile_json)],
    ['JSON that is cut off', VECTORS.plain_keyfile_json.slice(0, -1)],
    ['something after it', `${VECTORS.plain_keyfile_json}{}`],
    ['a comma at its end', VECTORS.plain_keyfile_json.replace('}', ',}')],
    ['a field twice', VECTORS.plain_keyfile_json.replace('{', `{"secretSeed":"${OTHER_KEY.secretSeed}",`)],
    ['a field twice, once escaped', VECTORS.plain_keyfile_json.replace('{', '{"secret\\u0053eed":null,')],
    ['an object within', `{"secretSeed":{"a":"${plain.secretSeed}"}}`],
    ['10,000 lists within', `{"secretSeed":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['a hundred fields', `{${Array.from({ length: 100 }, (_, i) => `"f${i}":null`).join()}}`],
    ['no field that counts', '{"address":"x"}'],
    ['nulls alone', '{"secretPhrase":null,"ss58Address":null}'],
    ['a seed of 31 bytes', JSON.stringify({ secretSeed: plain.secretSeed.slice(0, -2) })],
    ['a seed that is no hex', JSON.stringify({ secretSeed: `${plain.secretSeed.slice(0, -1)}g` })],
    ['a seed that is a number', '{"secretSeed":123}'],
    ['an empty phrase', '{"secretPhrase":""}'],
    ['a phrase of 11 words', JSON.stringify({ secretPhrase: WORDS.slice(1).join(' ') })],
    ['a phrase whose checksum is wrong', JSON.stringify({ secretPhrase: [...WORDS.slice(1), 'old'].join(' ') })],
    ['a phrase with an unknown word', JSON.stringify({ secretPhrase: plain.secretPhrase.replace('old', 'olde') })],
    ['a privateKey beyond 32 bytes', JSON.stringify({ privateKey: `0x${'ff'.repeat(64)}` })],
    [
      'an address of Polkadot’s format',
      JSON.stringify({ ss58Address: '15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5' }),
    ],
    ['an address with a wrong digit', JSON.stringify({ ss58Address: plain.ss58Address.replace('5H', '5J') })],
    ['a raw control character', `{"secretPhrase":"a\u0001b"}`],
    ['a broken escape', '{"secretPhrase":"\\x41"}'],
  ])('with %s is no keyfile', async (_what, content) => {
    expect(await codeOf(content)).toBe('KEYFILE_INVALID');
  });

  it.each(['0', '2', '"ed25519"'])('of type %s is refused', async (type) => {
    expect(await codeOf(`{"cryptoType":${type},"secretSeed":"${plain.secretSeed}"}`)).toBe('KEYFILE_KEY_TYPE');
  });

  it('never shows its content in an error', async () => {
    const contents = [
      plain.secretPhrase,
      plain.secretSeed,
      JSON.stringify({ ...plain, secretSeed: OTHER_KEY.secretSeed }),
      JSON.stringify({ secretPhrase: `${plain.secretPhrase} ${plain.secretPhrase}` }),
    ];
    for (const content of contents) {
      const error = await errorOf(fileSigner(newWallet(content), SERVICE));
      const shown = JSON.stringify([error.toReport(), error.stack, String(error.cause)]);
      expect(shown).not.toContain('leopard');
      expect(shown).not.toContain(plain.secretSeed.slice(2, 18));
    }
  });
});

describe('a signer', () => {
  it('signs nothing once it is closed, and closes twice', async () => {
    const signer = await fileSigner(newWallet(VECTORS.plain_keyfile_json), SERVICE);
    await Promise.all([signer.close(), signer.close()]);
    expect((await errorOf(signer.sign(MESSAGE, never()))).code).toBe('SIGNER_CLOSED');
  });

  it('gives up when it is told to', async () => {
    const signer = await fileSigner(newWallet(VECTORS.plain_keyfile_json), SERVICE);
    expect((await errorOf(signer.sign(MESSAGE, AbortSignal.abort()))).code).toBe('ABORTED');
    expect(await signer.sign(MESSAGE, never())).toHaveLength(64);
    await signer.close();
    const given = fileSigner(newWallet(VECTORS.plain_keyfile_json), { ...SERVICE, signal: AbortSignal.abort() });
    expect((await errorOf(given)).code).toBe('ABORTED');
  });
});

describe('hotkeyAddress', () => {
  const publicFile = JSON.stringify({
    accountId: plain.accountId,
    publicKey: plain.publicKey,
    ss58Address: plain.ss58Address,
  });

  it('reads the public file, and no hotkey file beside it', async () => {
    const wallet = newWallet('this is never parsed');
    writeFileSync(join(wallet.hotkeys, 'validatorpub.txt'), publicFile);
    expect(await hotkeyAddress(wallet, SERVICE)).toBe(plain.ss58Address);
  });

  it('reads the address of a plain hotkey file', async () => {
    const { log, lines } = keptLog();
    expect(await hotkeyAddress(newWallet(VECTORS.plain_keyfile_json), { ...SERVICE, log })).toBe(plain.ss58Address);
    expect(lines).toEqual([]);
  });

  it.each([
    ['there is no file', undefined],
    ['the only file is encrypted', Buffer.from(VECTORS.nacl.file_base64, 'base64')],
    ['the only file shows no address', JSON.stringify({ secretSeed: plain.secretSeed })],
  ])('says so where %s', async (_what, content) => {
    expect((await errorOf(hotkeyAddress(newWallet(content), SERVICE))).code).toBe('HOTKEY_ADDRESS_UNKNOWN');
  });

  it('refuses a public file that contradicts itself', async () => {
    const wallet = newWallet();
    const content = JSON.stringify({ publicKey: plain.publicKey, ss58Address: OTHER_KEY.ss58Address });
    writeFileSync(join(wallet.hotkeys, 'validatorpub.txt'), content);
    expect((await errorOf(hotkeyAddress(wallet, SERVICE))).code).toBe('KEYFILE_CONTRADICTORY');
  });
});
