import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@assay/core/contracts/logger';
import { z } from 'zod';

const text = z.string();
const schema = z.object({
  plain_keyfile_json: text,
  plain: z.object({
    accountId: text,
    publicKey: text,
    privateKey: text,
    secretPhrase: text,
    secretSeed: text,
    ss58Address: text,
  }),
  nacl: z.object({ password: text, file_base64: text, wrong_password: text }),
  env_password: z.object({ path: text, env_var: text, password: text, value: text }),
  privateKey_note: z.object({ polkadotjs_secretKey_ed25519_form: text }),
  legacy_fernet: z.object({ password: text, file_utf8: text }),
  ansible_vault: z.object({ password: text, file_utf8: text }),
});

const FILE = join(import.meta.dirname, '..', '..', 'fixtures', 'protocol', 'wallet.json');

/** Keyfiles that btwallet wrote, and what is in them. */
export const VECTORS = schema.parse(JSON.parse(readFileSync(FILE, 'utf8')));

/** Another key than that of the vectors: Alice of Substrate's development phrase. */
export const OTHER_KEY = {
  publicKey: '0xd43593c715fdd31c61141abd04a99fd6822c8557854ccde39a5684e7a56da27d',
  ss58Address: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
  secretSeed: '0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a',
};

export interface TestWallet {
  /** For `--wallet.path`. */
  path: string;
  name: string;
  hotkey: string;
  /** The hotkey file. */
  file: string;
  hotkeys: string;
}

/** A folder of wallets with one wallet, `main`, whose hotkey `validator` has this content. */
export function newWallet(content?: string | Buffer, mode = 0o600): TestWallet {
  const path = mkdtempSync(join(tmpdir(), 'wallets-'));
  const hotkeys = join(path, 'main', 'hotkeys');
  mkdirSync(hotkeys, { recursive: true, mode: 0o700 });
  const file = join(hotkeys, 'validator');
  if (content !== undefined) {
    writeFileSync(file, content);
    chmodSync(file, mode);
  }
  return { path, name: 'main', hotkey: 'validator', file, hotkeys };
}

export interface LogLine {
  level: string;
  message: string;
  context: Record<string, unknown> | undefined;
}

/** A log that keeps its lines. */
export function keptLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = [];
  return { lines, log: (level, message, context) => void lines.push({ level, message, context }) };
}

/** What a service has: no variables, no terminal. */
export const SERVICE = { environment: {}, log: (): void => undefined, prompt: null } as const;

export const never = (): AbortSignal => new AbortController().signal;

/** The value of a password's variable, as btwallet's `save_password_to_environment` makes it. */
export const hiddenPassword = (variable: string, password: string): string =>
  Buffer.from(Buffer.from(password).map((byte, index) => byte ^ variable.charCodeAt(index % variable.length))).toString(
    'base64',
  );
