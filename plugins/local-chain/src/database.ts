import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAssayError, type AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import Database from 'libsql';
import { z } from 'zod';
import { localChainErrors } from './errors.js';

/** `ASYN`: tells a network from any other SQLite file. */
const APPLICATION_ID = 0x4153594e;
const SCHEMA_VERSION = 1;

/** How long a statement waits for another process's short lock, in milliseconds. */
const BUSY_TIMEOUT = 5000;

const SCHEMA = `
  CREATE TABLE network (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    genesis_digest TEXT NOT NULL,
    netuid INTEGER NOT NULL,
    seed TEXT NOT NULL,
    hyperparameters TEXT NOT NULL,
    block_time REAL NOT NULL,
    head INTEGER NOT NULL,
    head_at REAL NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE accounts (hotkey TEXT PRIMARY KEY, name TEXT UNIQUE, derivation TEXT) STRICT;
  CREATE TABLE neurons (
    uid INTEGER PRIMARY KEY,
    hotkey TEXT NOT NULL UNIQUE,
    coldkey TEXT NOT NULL,
    stake TEXT NOT NULL,
    validator_permit INTEGER NOT NULL,
    last_update INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    incentive REAL NOT NULL,
    dividends REAL NOT NULL,
    validator_trust REAL NOT NULL
  ) STRICT;
  CREATE TABLE commitments (hotkey TEXT PRIMARY KEY, data TEXT NOT NULL, block INTEGER NOT NULL) STRICT;
  CREATE TABLE weights (uid INTEGER PRIMARY KEY, row TEXT NOT NULL) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};`;

const header = z.object({ application: z.number(), version: z.number(), tables: z.number() });

/** One network's file. Every access is a transaction, and what SQLite throws comes out coded. */
export class NetworkFile {
  private constructor(
    readonly file: string,
    private readonly database: Database.Database,
  ) {}

  static exists(file: string): boolean {
    return existsSync(file) && NetworkFile.#open(file, 'write', (opened) => opened.#state() === 'network');
  }

  /** Makes the file and its content at once: a crash leaves either all of it or an empty file that is filled later. */
  static create(file: string, fill: (database: Database.Database) => void): void {
    NetworkFile.#open(file, 'write', (opened) => {
      opened.write((database) => {
        if (opened.#state() === 'network') return;
        database.exec(SCHEMA);
        fill(database);
      });
    });
  }

  /** @throws NETWORK_MISSING, NETWORK_FOREIGN, NETWORK_NEWER, NETWORK_DAMAGED */
  static open(file: string, mode: 'write' | 'read'): NetworkFile {
    if (!existsSync(file)) throw localChainErrors.NETWORK_MISSING({ file });
    let kept: NetworkFile | undefined;
    NetworkFile.#open(
      file,
      mode,
      (opened) => {
        if (opened.#state() !== 'network') throw localChainErrors.NETWORK_MISSING({ file });
        kept = opened;
      },
      'keep',
    );
    if (!kept) throw localChainErrors.NETWORK_MISSING({ file });
    return kept;
  }
}
