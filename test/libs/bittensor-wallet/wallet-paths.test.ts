import { homedir } from 'node:os';
import { passwordVariable, WALLET_SETTINGS, walletPaths } from '@assay/lib-bittensor-wallet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VECTORS } from './wallets.js';

const HOME = { HOME: '/home/validator' };

describe('walletPaths', () => {
  it.each([
    ['the defaults', {}, '/home/validator/.bittensor/wallets/default/hotkeys/default'],
    ['names', { name: 'owner', hotkey: 'v1' }, '/home/validator/.bittensor/wallets/owner/hotkeys/v1'],
    ['a slash at the end of the path', { path: '/keys/' }, '/keys/default/hotkeys/default'],
    ['a relative path', { path: './keys' }, './keys/default/hotkeys/default'],
    ['the root', { path: '/' }, '/default/hotkeys/default'],
    ['the home itself', { path: '~' }, '/home/validator/default/hotkeys/default'],
    ['another user’s home, which is not expanded', { path: '~bob' }, '~bob/default/hotkeys/default'],
    [
      'names with dots and spaces',
      { name: 'a.b c', hotkey: '..x' },
      '/home/validator/.bittensor/wallets/a.b c/hotkeys/..x',
    ],
  ])('takes %s', (_what, choice, hotkey) => {
    expect(walletPaths(choice, HOME).hotkey).toBe(hotkey);
  });

  it('names the public files beside it', () => {
    expect(walletPaths({ path: '/w', name: 'n', hotkey: 'h' }, HOME)).toEqual({
      hotkey: '/w/n/hotkeys/h',
      hotkeyPublic: '/w/n/hotkeys/hpub.txt',
      coldkeyPublic: '/w/n/coldkeypub.txt',
    });
  });

  it('asks the system for the home where HOME is not set', () => {
    expect(walletPaths({}, {}).hotkey).toBe(`${homedir()}/.bittensor/wallets/default/hotkeys/default`);
  });

  it.each(['', '.', '..', '../other', 'a/b', '/etc/passwd', 'a\\b', 'a\0b', 'a\nb', 'x'.repeat(201), 'é'.repeat(101)])(
    'refuses %j as a name of a wallet or hotkey',
    (name) => {
      expect(() => walletPaths({ name }, HOME)).toThrow(expect.objectContaining({ code: 'WALLET_NAME_INVALID' }));
      expect(() => walletPaths({ hotkey: name }, HOME)).toThrow(
        expect.objectContaining({ code: 'WALLET_NAME_INVALID' }),
      );
    },
  );

  it.each(['', 'a\0b'])('refuses %j as a path', (path) => {
    expect(() => walletPaths({ path }, HOME)).toThrow(expect.objectContaining({ code: 'WALLET_NAME_INVALID' }));
  });

  it('never leaves the folder of the wallets', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, hotkey) => {
        let file: string;
        try {
          file = walletPaths({ path: '/w', name, hotkey }, HOME).hotkey;
        } catch {
          return;
        }
        expect(new URL(`file://${file.split('/').map(encodeURIComponent).join('/')}`).pathname.split('/')).toHaveLength(
          5,
        );
      }),
    );
  });
});

describe('passwordVariable', () => {
  it('is the one of btwallet', () => {
    expect(passwordVariable(VECTORS.env_password.path)).toBe(VECTORS.env_password.env_var);
  });
});

describe('WALLET_SETTINGS', () => {
  it.each([
    ['BT_WALLET_NAME', 'wallet.name'],
    ['BT_WALLET', 'wallet.name'],
    ['BT_WALLET_HOTKEY', 'wallet.hotkey'],
    ['BT_WALLET_PATH', 'wallet.path'],
  ])('gives %s to %s alone', (variable, option) => {
    const takers = WALLET_SETTINGS.filter(({ variables }) => variables.includes(variable));
    expect(takers.map((setting) => setting.option)).toEqual([option]);
  });

  it('gives no spelling to two options', () => {
    const spellings = WALLET_SETTINGS.flatMap(({ flags, variables, btcliKeys }) => [
      ...flags,
      ...variables,
      ...btcliKeys,
    ]);
    expect(new Set(spellings).size).toBe(spellings.length);
  });
});
