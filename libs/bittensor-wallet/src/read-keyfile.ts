import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { walletErrors } from './errors.js';

/** A warning for the log: a fixed message and what it is about. */
export interface Note {
  message: string;
  context: Record<string, unknown>;
}

interface KeyfileBytes {
  /** Owned by the caller, who overwrites them. */
  bytes: Buffer;
  notes: Note[];
}

/** The vectors' encrypted keyfile, the longest form, has 3 KB. */
const LIMIT_BYTES = 16 * 1024;

/** NOFOLLOW refuses a link, NONBLOCK does not wait at a pipe, NOCTTY takes no terminal. Each is 0 on a platform without it. */
const FLAGS =
  constants.O_RDONLY | (constants.O_NOFOLLOW || 0) | (constants.O_NONBLOCK || 0) | (constants.O_NOCTTY || 0);

/**
 * The bytes of a keyfile: of a plain file that is no link, and at most 16 KiB. What it is, and whose, is asked of the open
 * file, so that nobody can exchange it in between.
 * @param secret whether others may not even read it
 * @throws HOTKEY_MISSING, KEYFILE_LINK, KEYFILE_NOT_A_FILE, KEYFILE_TOO_LARGE, KEYFILE_UNREADABLE
 */
export function readKeyfile(path: string, { secret }: { secret: boolean }): KeyfileBytes {
  const descriptor = open(path);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw walletErrors.KEYFILE_NOT_A_FILE({ path, kind: kindOf(stats) });
    const notes = [...fileNotes(path, stats, secret), ...foldersOf(path).flatMap(folderNotes)];
    return { bytes: readBounded(path, descriptor), notes };
  } finally {
    closeSync(descriptor);
  }
}

function open(path: string): number {
  try {
    return openSync(path, FLAGS);
  } catch (error) {
    throw openError(path, error);
  }
}

function openError(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ELOOP' || code === 'EMLINK') return walletErrors.KEYFILE_LINK({ path });
  if (code === 'ENOENT' || code === 'ENOTDIR') return walletErrors.HOTKEY_MISSING({ path });
  if (code === 'ENXIO' || code === 'EOPNOTSUPP') return walletErrors.KEYFILE_NOT_A_FILE({ path, kind: 'socket' });
  if (code === 'EMFILE' || code === 'ENFILE') return error;
  return walletErrors.KEYFILE_UNREADABLE({ path, reason: code }, error);
}

function readBounded(path: string, descriptor: number): Buffer {
  const whole = Buffer.alloc(LIMIT_BYTES + 1);
  try {
    let length = 0;
    for (let read = 1; read > 0 && length < whole.length; length += read)
      read = readSync(descriptor, whole, length, whole.length - length, null);
    if (length > LIMIT_BYTES) throw walletErrors.KEYFILE_TOO_LARGE({ path, limitBytes: LIMIT_BYTES });
    const bytes = Buffer.alloc(length);
    whole.copy(bytes, 0, 0, length);
    return bytes;
  } finally {
    whole.fill(0);
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'folder';
  if (stats.isFIFO()) return 'pipe';
  return stats.isSocket() ? 'socket' : 'device';
}

/** undefined on platforms without users, where nothing is compared. */
const ownUser = (): number | undefined => process.getuid?.();

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');

function fileNotes(path: string, stats: Stats, secret: boolean): Note[] {
  const user = ownUser();
  if (user === undefined) return [];
  const open = (stats.mode & (secret ? 0o077 : 0o022)) !== 0;
  const foreign = stats.uid !== user;
  return [
    ...(open
      ? [{ message: 'key file is open to other users: chmod 600 it', context: { path, mode: octal(stats.mode) } }]
      : []),
    ...(foreign ? [{ message: 'key file belongs to another user', context: { path, owner: stats.uid, user } }] : []),
  ];
}

/** Every folder on the way to the file, as the path says it and as links lead, from the nearest on. */
function foldersOf(path: string): string[] {
  const folder = dirname(resolve(path));
  return [...new Set([...upwards(folder), ...upwards(realpathSync(folder))])];
}

function upwards(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...upwards(above)];
}

/** Somebody who may write the folder may exchange what is in it. */
function folderNotes(folder: string): Note[] {
  const user = ownUser();
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (user === undefined || stats === undefined) return [];
  const writable = (stats.mode & 0o022) !== 0 && (stats.mode & 0o1000) === 0;
  const foreign = stats.uid !== user && stats.uid !== 0;
  return writable || foreign
    ? [
        {
          message:
            'folder of the key can be changed by other users: chown it to root or to the validator, and chmod go-w it',
          context: { folder, mode: octal(stats.mode), owner: stats.uid },
        },
      ]
    : [];
}
