import { asHotkey } from '@assay/core/contracts/brands';
import type { ValidatorIdentity } from '@assay/core/contracts/chain-client';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import {
  fileSigner,
  hotkeyAddress,
  socketSigner,
  walletPaths,
  type Signer,
  type WalletChoice,
} from '@assay/lib-bittensor-wallet';
import { isHotkey } from '@assay/lib-sr25519';
import { subtensorErrors } from './errors.js';
import { submitErrors } from './submit/errors.js';
import { HotkeyLock } from './submit/lock.js';

export interface KeyOptions {
  wallet?: WalletChoice | undefined;
  /** Path of an external signer's socket. */
  signer?: string | undefined;
  /** Uid that may own the socket beside root and the user of this process. */
  signerUser?: number | undefined;
  /** ss58 address to act as. */
  hotkey?: string | undefined;
}

/** The hotkey of a client, looked up when it is first asked for. Where it may not sign, no key is opened at all. */
export class Identity {
  #known: Promise<ValidatorIdentity> | undefined;
  #signer: Signer | undefined;
  /** Ends what is under way, and lets nothing begin, once the client is closed. */
  readonly #closing = new AbortController();

  /** @param maySign false for a client that only reads */
  constructor(
    private readonly options: KeyOptions & { maySign: boolean },
    private readonly deps: Pick<PluginDeps, 'environment' | 'log' | 'resolvePath'>,
  ) {}

  /**
   * A failure is not remembered: a keyfile may be mended while the run goes on.
   * @throws HOTKEY_ADDRESS_INVALID, HOTKEY_DIFFERENT, those of the wallet (fault `config`)
   */
  get(): Promise<ValidatorIdentity> {
    this.#known ??= this.#find().catch((error: unknown) => {
      this.#known = undefined;
      throw error;
    });
    return this.#known;
  }

  /**
   * The key for extrinsics, and the lock that keeps its nonces apart.
   * @throws SIGNING_DISABLED, KEY_MISSING, what `get` throws
   */
  async key(): Promise<{ signer: Signer; lock: HotkeyLock }> {
    if (!this.options.maySign) throw submitErrors.SIGNING_DISABLED({});
    const { hotkey } = await this.get();
    if (!this.#signer) throw submitErrors.KEY_MISSING({ hotkey });
    return { signer: this.#signer, lock: new HotkeyLock(this.#keyPath(), this.deps.log) };
  }

  /** The file of the key, or the socket of the signer. */
  #keyPath(): string {
    const { signer } = this.options;
    if (signer !== undefined) return this.deps.resolvePath(signer);
    return walletPaths(this.#wallet() ?? {}, this.deps.environment).hotkey;
  }

  /** Also gives up a key that is still being opened: a password may be waited for, or computed with for a minute. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#known?.catch(() => undefined);
    await this.#signer?.close();
  }

  async #find(): Promise<ValidatorIdentity> {
    const { hotkey, signer, maySign } = this.options;
    const wallet = this.#wallet();
    if (hotkey !== undefined && !(await isHotkey(hotkey))) throw subtensorErrors.HOTKEY_ADDRESS_INVALID({ hotkey });
    if (hotkey !== undefined && ((!wallet && signer === undefined) || !maySign)) return { hotkey: asHotkey(hotkey) };
    if (signer === undefined && !maySign) return { hotkey: asHotkey(await hotkeyAddress(wallet ?? {}, this.deps)) };
    const found = await this.#open();
    if (hotkey !== undefined && hotkey !== found.address) {
      await found.close();
      throw subtensorErrors.HOTKEY_DIFFERENT({ wanted: hotkey, found: found.address });
    }
    if (!maySign) {
      await found.close();
      return { hotkey: asHotkey(found.address) };
    }
    this.#signer = found;
    return {
      hotkey: asHotkey(found.address),
      sign: (message) => found.sign(message, this.#closing.signal, "a record of this validator's journal"),
    };
  }

  #open(): Promise<Signer> {
    const { signer, signerUser, hotkey } = this.options;
    const { environment, log, resolvePath } = this.deps;
    const { signal } = this.#closing;
    if (signer === undefined) return fileSigner(this.#wallet() ?? {}, { environment, log, signal });
    return socketSigner(
      {
        path: resolvePath(signer),
        ...(hotkey !== undefined && { address: hotkey }),
        ...(signerUser !== undefined && { owner: signerUser }),
      },
      { log, signal },
    );
  }

  /** A relative path of a config starts where all of its paths do. */
  #wallet(): WalletChoice | undefined {
    const { wallet } = this.options;
    return wallet?.path ? { ...wallet, path: this.deps.resolvePath(wallet.path) } : wallet;
  }
}
