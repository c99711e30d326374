import type { ErrorReport } from '@assay/core/errors/assay-error';
import type { Note } from './read-keyfile.js';

/** What the thread that holds the key is asked. Passwords are moved to it, not copied. */
export type KeyOrder =
  | { order: 'open'; path: string }
  | { order: 'unlock'; password: Uint8Array }
  | { order: 'sign'; message: Uint8Array }
  | { order: 'close' };

/** `publicKey` is there once the file is open and decrypted. */
export interface KeyOpened {
  publicKey?: Uint8Array;
  notes: Note[];
}

export interface KeyAnswers {
  open: KeyOpened;
  unlock: KeyOpened;
  sign: Uint8Array;
  close: undefined;
}

export interface KeyRequest {
  id: number;
  order: KeyOrder;
}

export type KeyAnswer = { id: number; result: KeyAnswers[keyof KeyAnswers] } | { id: number; error: ErrorReport };
