import { homedir } from 'node:os';
import { walletErrors } from './errors.js';

/** Values of `--wallet.path`, `--wallet.name` and `--wallet.hotkey`. */
export interface WalletChoice {
  path?: string | undefined;
  name?: string | undefined;
  hotkey?: string | undefined;
}

/** Where the files of one hotkey lie. */
export interface WalletPaths {
  /** The keyfile of the hotkey, perhaps encrypted. */
  hotkey: string;
  /** Public part of the hotkey. */
  hotkeyPublic: string;
  /** Public part of the coldkey. The coldkey itself has no path here, because nothing opens it. */
  coldkeyPublic: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const WALLET_DEFAULTS = { path: '~/.bittensor/wallets', name: 'default', hotkey: 'default' } as const;

/** A file name may have 255 bytes, and `pub.txt` is added to it. */
const LONGEST_NAME_BYTES = 200;
const FORBIDDEN = /[/\\\p{Cc}]/u;

/**
 * Paths of a wallet's files, spelled as btwallet spells them: `~` is expanded, a relative path stays relative. The name of
 * the password's variable is made of this spelling.
 * @throws WALLET_NAME_INVALID for a wallet or hotkey name that is no plain file name
 */
export function walletPaths(choice: WalletChoice, environment: Environment): WalletPaths {
  const name = fileName('name', choice.name ?? WALLET_DEFAULTS.name);
  const hotkey = fileName('hotkey', choice.hotkey ?? WALLET_DEFAULTS.hotkey);
  const wallet = `${folder(choice.path ?? WALLET_DEFAULTS.path, environment)}${name}`;
  return {
    hotkey: `${wallet}/hotkeys/${hotkey}`,
    hotkeyPublic: `${wallet}/hotkeys/${hotkey}pub.txt`,
    coldkeyPublic: `${wallet}/coldkeypub.txt`,
  };
}

function fileName(option: 'name' | 'hotkey', value: string): string {
  const plain = value !== '' && value !== '.' && value !== '..' && !FORBIDDEN.test(value);
  if (plain && Buffer.byteLength(value) <= LONGEST_NAME_BYTES) return value;
  throw walletErrors.WALLET_NAME_INVALID({ option, name: value });
}

/** The folder of all wallets, with a slash at its end. */
function folder(path: string, environment: Environment): string {
  const expanded = expandHome(path, environment);
  if (expanded === '' || expanded.includes('\0'))
    throw walletErrors.WALLET_NAME_INVALID({ option: 'path', name: path });
  return `${expanded.replace(/\/+$/, '')}/`;
}

/** `~` and `~/...` start at the home folder; `~other` is a plain name. */
export function expandHome(path: string, environment: Environment): string {
  return path.replace(/^~(?=\/|$)/, () => environment['HOME'] || homedir());
}
