import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { LocalNetwork } from '@assay/plugin-local-chain';
import Database from 'libsql';
import { expect, it } from 'vitest';
import { newFolder } from '../libsql-journal/processes.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const SEED = 20261127n;

const READER = `
  import { LocalNetwork } from '@assay/plugin-local-chain';
  for (const file of process.argv.slice(1)) {
    let code = 'none';
    try {
      const network = LocalNetwork.open(file, 'write');
      try {
        network.snapshot();
        network.accounts();
        network.advance(1);
        code = 'read';
      } finally {
        network.close();
      }
    } catch (error) {
      code = error.code ?? String(error.stack);
    }
    console.log(code);
  }
`;

async function network(): Promise<string> {
  const file = join(newFolder(), 'chain.db');
  const made = await LocalNetwork.create(file, {
    netuid: 9,
    seed: 'damage',
    neurons: [0, 1, 2].map((uid) => ({ uid, name: `neuron-${uid}` })),
    commitments: [{ who: 1, data: 'miner:model:revision:hash:1', block: 1 }],
    weights: [{ uid: 0, row: [[1, 65_535]] }],
  });
  made.close();
  const database = new Database(file);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  return file;
}

function codesOf(files: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', READER, ...files], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const codes = stdout.trimEnd().split('\n');
  expect({ status, stderr, codes: codes.length }).toEqual({ status: 0, stderr: '', codes: files.length });
  return codes;
}

it('bytes that are no text, in any column, end in a coded error', async () => {
  const columns = [
    'network.seed',
    'network.genesis_digest',
    'network.hyperparameters',
    'accounts.hotkey',
    'accounts.name',
    'accounts.derivation',
    'neurons.hotkey',
    'neurons.coldkey',
    'neurons.stake',
    'commitments.data',
    'weights.row',
  ];
  const files = await Promise.all(
    columns.map(async (column) => {
      const [table, name] = column.split('.');
      const file = await network();
      const database = new Database(file);
      database.exec(
        `UPDATE ${table} SET ${name} = CAST(x'61ff62' AS TEXT) WHERE rowid = (SELECT max(rowid) FROM ${table})`,
      );
      database.close();
      return file;
    }),
  );
  expect(codesOf(files)).toEqual(columns.map(() => 'NETWORK_DAMAGED'));
});

it('bytes that a disk changed end no process', async () => {
  const random = new PythonRandom(SEED);
  const source = readFileSync(await network());
  const files = Array.from({ length: 80 }, () => {
    const bytes = Buffer.from(source);
    const at = Math.floor(random.random() * bytes.length);
    bytes.fill(Math.floor(random.random() * 256), at, at + 1 + Math.floor(random.random() * 8));
    const file = join(newFolder(), 'chain.db');
    writeFileSync(file, bytes);
    return file;
  });
  for (const code of codesOf(files)) expect(code).toMatch(/^(read|NETWORK_[A-Z]+)$/);
});
