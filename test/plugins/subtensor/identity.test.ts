import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { passwordVariable } from '@assay/lib-bittensor-wallet';
import { Identity, type KeyOptions } from '../../../plugins/subtensor/dist/identity.js';
import { errorOf } from '../../error-of.js';
import { newSocketPath } from '../../libs/bittensor-wallet/signer-servers.js';
import { hiddenPassword, newWallet, VECTORS } from '../../libs/bittensor-wallet/wallets.js';

const { plain, nacl } = VECTORS;

const identityOf = (options: KeyOptions & { maySign: boolean }, baseDir = '/'): Identity =>
  new Identity(options, { environment: {}, log: () => undefined, resolvePath: (path) => resolve(baseDir, path) });

describe('the identity of a client', () => {
  it.each([true, false])(
    'has its wallet where the config says, a relative path beside the config: signing %s',
    async (maySign) => {
      const { path, name, hotkey } = newWallet(VECTORS.plain_keyfile_json);
      const identity = identityOf(
        { wallet: { path: `./${path.slice(tmpdir().length + 1)}`, name, hotkey }, maySign },
        tmpdir(),
      );
      expect(await identity.get()).toMatchObject({ hotkey: plain.ss58Address });
      await identity.close();
    },
  );

  it('looks at no folder that is not named', async () => {
    const error = await errorOf(identityOf({ wallet: { path: '' }, maySign: true }).get());
    expect(error.code).toBe('WALLET_NAME_INVALID');
  });

  it('is looked for again after a failure, and no more once it is closed', async () => {
    const { path, name, hotkey, file } = newWallet();
    const identity = identityOf({ wallet: { path, name, hotkey }, maySign: true });
    expect((await errorOf(identity.get())).code).toBe('HOTKEY_MISSING');
    writeFileSync(file, VECTORS.plain_keyfile_json, { mode: 0o600 });
    expect(await identity.get()).toMatchObject({ hotkey: plain.ss58Address });
    await identity.close();
    expect((await errorOf((await identity.get()).sign?.(Buffer.from('x')) ?? Promise.resolve())).code).toBe(
      'SIGNER_CLOSED',
    );
    const closed = identityOf({ wallet: { path, name, hotkey }, maySign: true });
    await closed.close();
    expect((await errorOf(closed.get())).code).toBe('ABORTED');
  });

  it('is given up with its client while a signer is waited for or a key decrypted', async () => {
    const waiting = identityOf({ signer: newSocketPath(), maySign: true });
    const { path, name, hotkey, file } = newWallet(Buffer.from(nacl.file_base64, 'base64'));
    const started = performance.now();
    const decrypting = new Identity(
      { wallet: { path, name, hotkey }, maySign: true },
      {
        environment: { [passwordVariable(file)]: hiddenPassword(passwordVariable(file), nacl.password) },
        log: () => undefined,
        resolvePath: resolve,
      },
    );
    const codes = [waiting, decrypting].map(async (identity) => (await errorOf(identity.get())).code);
    await sleep(300);
    await Promise.all([waiting.close(), decrypting.close()]);
    expect(await Promise.all(codes)).toEqual(['ABORTED', 'ABORTED']);
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
