import { fileSigner, passwordVariable } from '@assay/lib-bittensor-wallet';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../error-of.js';
import { hiddenPassword, keptLog, never, newWallet, SERVICE, VECTORS, type TestWallet } from './wallets.js';

const { nacl, ansible_vault: vault, legacy_fernet: fernet, plain } = VECTORS;
const NACL = Buffer.from(nacl.file_base64, 'base64');
const MIB = 1024 * 1024;

/** What a service has that knows the password. */
function withPassword(wallet: TestWallet, password: string): typeof SERVICE & { environment: Record<string, string> } {
  const variable = passwordVariable(wallet.file);
  return { ...SERVICE, environment: { [variable]: hiddenPassword(variable, password) } };
}

/** Answers as a person would, one after the other. */
function person(...answers: string[]): {
  asked: string[];
  prompt: (question: string) => Promise<Uint8Array<ArrayBuffer>>;
} {
  const asked: string[] = [];
  return {
    asked,
    prompt: async (question) => {
      asked.push(question);
      return new Uint8Array(Buffer.from(answers.shift() ?? ''));
    },
  };
}

it('makes the value of the vector', () => {
  const { env_var: variable, password, value } = VECTORS.env_password;
  expect(hiddenPassword(variable, password)).toBe(value);
});

describe('an encrypted keyfile', () => {
  it.each([
    ['$ANSIBLE_VAULT', vault.file_utf8, vault.password],
    ['$ANSIBLE_VAULT with lines of Windows', vault.file_utf8.replaceAll('\n', '\r\n'), vault.password],
    ['$ANSIBLE_VAULT 1.2 with a label', vault.file_utf8.replace('1.1;AES256', '1.2;AES256;mine'), vault.password],
    ['gAAAAA', fernet.file_utf8, fernet.password],
  ])('%s opens by the variable of its path and signs', async (_what, content, password) => {
    const wallet = newWallet(content);
    const signer = await fileSigner(wallet, withPassword(wallet, password));
    expect(signer.address).toBe(plain.ss58Address);
    expect(await signer.sign(Buffer.from('x'), never())).toHaveLength(64);
    await signer.close();
  });

  it('$NACL opens too, leaves the event loop free and gives its 512 MiB back', async () => {
    const wallet = newWallet(NACL);
    const before = process.memoryUsage.rss();
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    const signer = await fileSigner(wallet, withPassword(wallet, nacl.password));
    delay.disable();
    // The derivation takes seconds; a thread beside this one, on a busy machine, delays it by less than one of them.
    expect(delay.max / 1e6).toBeLessThan(1500);
    expect((process.memoryUsage.rss() - before) / MIB).toBeLessThan(256);
    await signer.close();
  });

  it.each([
    ['$NACL', NACL],
    ['$ANSIBLE_VAULT', vault.file_utf8],
    ['gAAAAA', fernet.file_utf8],
  ])('%s and a wrong password are an error of their own, which names the variable', async (_what, content) => {
    const wallet = newWallet(content);
    const error = await errorOf(fileSigner(wallet, withPassword(wallet, nacl.wrong_password)));
    expect(error.code).toBe('WALLET_PASSWORD_WRONG');
    expect(error.hint).toContain(passwordVariable(wallet.file));
  });

  it('without a variable or a terminal is an error that names the variable', async () => {
    const wallet = newWallet(NACL);
    const variable = passwordVariable(wallet.file);
    expect(await errorOf(fileSigner(wallet, SERVICE))).toMatchObject({
      code: 'WALLET_PASSWORD_MISSING',
      payload: { variable },
    });
    expect((await errorOf(fileSigner(wallet, { ...SERVICE, environment: { [variable]: '' } }))).code).toBe(
      'WALLET_PASSWORD_MISSING',
    );
  });

  it.each(['testing-Password-123!', 'abc', 'ab=c', '===='])(
    'and %j as value of the variable is an error',
    async (value) => {
      const wallet = newWallet(vault.file_utf8);
      const environment = { [passwordVariable(wallet.file)]: value };
      const error = await errorOf(fileSigner(wallet, { ...SERVICE, environment }));
      expect(error.code).toBe('WALLET_PASSWORD_VALUE_INVALID');
      expect(JSON.stringify(error.toReport())).not.toContain(value);
    },
  );

  it('asks a person three times', async () => {
    const wallet = newWallet(vault.file_utf8);
    const { log, lines } = keptLog();
    const patient = person('one', 'two', vault.password);
    const signer = await fileSigner(wallet, { ...SERVICE, log, prompt: patient.prompt });
    expect(signer.address).toBe(plain.ss58Address);
    expect(patient.asked).toHaveLength(3);
    expect(lines.map(({ context }) => context?.['triesLeft'])).toEqual([2, 1]);
    await signer.close();
    const wrong = person('one', 'two', 'three', vault.password);
    expect((await errorOf(fileSigner(wallet, { ...SERVICE, prompt: wrong.prompt }))).code).toBe(
      'WALLET_PASSWORD_WRONG',
    );
    expect(wrong.asked).toHaveLength(3);
  });

  it('asks nobody where the variable is set', async () => {
    const wallet = newWallet(vault.file_utf8);
    const unasked = person();
    const signer = await fileSigner(wallet, { ...withPassword(wallet, vault.password), prompt: unasked.prompt });
    expect(unasked.asked).toEqual([]);
    await signer.close();
  });

  it.each([
    ['$NACL that is cut off', NACL.subarray(0, 40), 'KEYFILE_ENCRYPTION_UNKNOWN'],
    ['a vault with a digit changed', vault.file_utf8.replace(/61\n$/, '62\n'), 'WALLET_PASSWORD_WRONG'],
    ['a vault of a later version', vault.file_utf8.replace('1.1', '2.0'), 'KEYFILE_ENCRYPTION_UNKNOWN'],
    ['a vault of another cipher', vault.file_utf8.replace('AES256', 'AES'), 'KEYFILE_ENCRYPTION_UNKNOWN'],
    ['a vault that is cut off', vault.file_utf8.slice(0, 200), 'KEYFILE_ENCRYPTION_UNKNOWN'],
    ['a vault without a body', '$ANSIBLE_VAULT;1.1;AES256\n', 'KEYFILE_ENCRYPTION_UNKNOWN'],
    ['gAAAAA that is cut off', fernet.file_utf8.slice(0, 60), 'KEYFILE_ENCRYPTION_UNKNOWN'],
  ])('%s is refused', async (_what, content, code) => {
    const wallet = newWallet(content);
    expect((await errorOf(fileSigner(wallet, withPassword(wallet, nacl.password)))).code).toBe(code);
  });

  it('stops deriving when it is told to', async () => {
    const wallet = newWallet(NACL);
    const start = performance.now();
    const work = fileSigner(wallet, { ...withPassword(wallet, nacl.password), signal: AbortSignal.timeout(800) });
    expect((await errorOf(work)).code).toBe('ABORTED');
    expect(performance.now() - start).toBeLessThan(4000);
  });
});
