import { abortError } from '@assay/core/errors/describe';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { Log } from '@assay/core/contracts/logger';
import { walletErrors } from './errors.js';
import { KeyHolder } from './key-holder.js';
import { passwordOf, passwordVariable } from './password.js';
import { logNotes } from './log-notes.js';
import { encodedAddress } from './ss58.js';
import type { Signer } from './signer.js';
import { terminalPrompt, type PasswordPrompt } from './terminal-prompt.js';
import { untilAborted } from '@assay/core/runtime/until-aborted';
import { walletPaths, type WalletChoice } from './wallet-paths.js';

export interface FileSignerDeps {
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
  /** Asks for the password of an encrypted keyfile; the terminal of the process where left out, `null` for nobody. */
  prompt?: PasswordPrompt | null;
  /** Gives up opening the keyfile. */
  signal?: AbortSignal;
}

const TRIES = 3;

/**
 * Signs with the hotkey file of a wallet. The file is read once; its key stays in a thread of its own until `close`.
 * @throws WALLET_NAME_INVALID, HOTKEY_MISSING, KEYFILE_*, WALLET_PASSWORD_*; ABORTED
 */
export async function fileSigner(wallet: WalletChoice, deps: FileSignerDeps): Promise<Signer> {
  const path = walletPaths(wallet, deps.environment).hotkey;
  const holder = new KeyHolder();
  const stop = (): void => void holder.stop();
  deps.signal?.addEventListener('abort', stop, { once: true });
  try {
    if (deps.signal?.aborted) throw abortError();
    const publicKey = await openKey(holder, path, deps);
    return new FileSigner(await encodedAddress(publicKey), publicKey, holder);
  } catch (error) {
    await holder.close();
    throw deps.signal?.aborted ? abortError() : error;
  } finally {
    deps.signal?.removeEventListener('abort', stop);
  }
}

async function openKey(holder: KeyHolder, path: string, deps: FileSignerDeps): Promise<Uint8Array> {
  const { publicKey, notes } = await holder.open(path);
  logNotes(deps.log, notes);
  if (publicKey) return publicKey;
  const variable = passwordVariable(path);
  const value = deps.environment[variable];
  if (value) return await unlock(holder, passwordOf(variable, value));
  const prompt = deps.prompt === undefined ? terminalPrompt() : deps.prompt;
  if (!prompt) throw walletErrors.WALLET_PASSWORD_MISSING({ path, variable });
  return await askAndUnlock(holder, path, prompt, deps);
}

async function unlock(holder: KeyHolder, password: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const { publicKey } = await holder.unlock(password);
  if (publicKey) return publicKey;
  throw walletErrors.KEY_THREAD_ENDED({ reason: 'it holds no key' });
}

async function askAndUnlock(
  holder: KeyHolder,
  path: string,
  prompt: PasswordPrompt,
  { signal, log }: FileSignerDeps,
): Promise<Uint8Array> {
  for (let left = TRIES - 1; ; left -= 1) {
    const password = await prompt(`Password of ${path}: `, signal);
    try {
      return await unlock(holder, password);
    } catch (error) {
      if (left === 0 || !isAssayError(error) || error.code !== 'WALLET_PASSWORD_WRONG') throw error;
      log('warn', 'the password does not open the hotkey', { path, triesLeft: left });
    }
  }
}

class FileSigner implements Signer {
  #closing: Promise<void> | undefined;

  constructor(
    readonly address: string,
    readonly publicKey: Uint8Array,
    private readonly holder: KeyHolder,
  ) {}

  async sign(message: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    if (this.#closing) throw walletErrors.SIGNER_CLOSED({ address: this.address });
    return await untilAborted(this.holder.sign(message), signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.holder.close();
    return this.#closing;
  }
}
