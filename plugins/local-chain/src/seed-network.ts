import type Database from 'libsql';
import type { Genesis, Registration } from './genesis.js';
import { COMMITMENT_LIMIT } from './commitment-space.js';
import { localChainErrors } from './errors.js';
import { deriveHotkey, isHotkey } from '@assay/lib-sr25519';

/** A neuron's keys, as the chain has them. */
interface Keys {
  hotkey: string;
  coldkey: string;
  name: string | null;
  derivation: string | null;
}

/** @throws GENESIS_INVALID for an address that is none */
export async function keysOf({
  name,
  derivation,
  hotkey,
  coldkey,
}: Pick<Registration, 'name' | 'derivation' | 'hotkey' | 'coldkey'>): Promise<Keys> {
  for (const address of [hotkey, coldkey]) {
    if (address !== undefined && !(await isHotkey(address))) {
      throw localChainErrors.GENESIS_INVALID({ issues: [`${address} is not an ss58 address of format 42`] });
    }
  }
  if (hotkey !== undefined) return { hotkey, coldkey: coldkey ?? hotkey, name: name ?? null, derivation: null };
  const path = derivation ?? `//${name}`;
  return {
    hotkey: await deriveHotkey(path),
    coldkey: coldkey ?? (await deriveHotkey(`${path}//coldkey`)),
    name: name ?? null,
    derivation: path,
  };
}

/** Everything that needs keys, worked out before the transaction starts. */
interface PreparedGenesis {
  genesis: Genesis;
  digest: string;
  keys: readonly Keys[];
  /** Hotkey of each commitment. */
  committers: readonly string[];
}

export async function prepareGenesis(genesis: Genesis, digest: string): Promise<PreparedGenesis> {
  const keys: Keys[] = [];
  for (const neuron of genesis.neurons) keys.push(await keysOf(neuron));
  const issues = keys
    .filter(({ hotkey }, index) => keys.findIndex((other) => other.hotkey === hotkey) !== index)
    .map(({ hotkey }) => `hotkey ${hotkey} is given twice`);
  const committers: string[] = [];
  for (const { who } of genesis.commitments) {
    const index = genesis.neurons.findIndex(({ uid, name }) => uid === who || name === who);
    const hotkey = keys[index]?.hotkey ?? (typeof who === 'string' && (await isHotkey(who)) ? who : undefined);
    if (hotkey === undefined) issues.push(`commitments: ${who} is nobody's uid, name or address`);
    else committers.push(hotkey);
  }
  if (issues.length > 0) throw localChainErrors.GENESIS_INVALID({ issues });
  return { genesis, digest, keys, committers };
}

/** Fills the empty tables. */
export function seedNetwork(database: Database.Database, { genesis, digest, keys, committers }: PreparedGenesis): void {
  const { netuid, seed, blockTime, startBlock, hyperparameters } = genesis;
  database
    .prepare(
      `INSERT INTO network (only, genesis_digest, netuid, seed, hyperparameters, block_time, head, head_at, changed_at)
       VALUES (1, ?, ?, ?, ?, ?, ?, 0, ?)`,
    )
    .run(digest, netuid, seed, parametersText(hyperparameters), blockTime, startBlock, startBlock);
  genesis.neurons.forEach((neuron, index) => {
    const own = keys[index];
    if (own) insertNeuron(database, { ...neuron, lastUpdate: neuron.lastUpdate ?? neuron.registeredAt }, own);
  });
  genesis.commitments.forEach(({ data, hex, block }, index) => {
    const bytes = data === undefined ? Buffer.from(hex ?? '', 'hex') : Buffer.from(data);
    writeCommitment(database, committers[index] ?? '', bytes, block);
  });
  for (const { uid, row } of genesis.weights) writeWeights(database, uid, row);
}

export const parametersText = (parameters: object): string =>
  JSON.stringify(parameters, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

export function insertNeuron(
  database: Database.Database,
  neuron: Registration & { uid: number; registeredAt: number; lastUpdate: number },
  { hotkey, coldkey, name, derivation }: Keys,
): void {
  const { uid, stake, validatorPermit, lastUpdate, registeredAt, incentive, dividends, validatorTrust } = neuron;
  database
    .prepare('INSERT INTO accounts (hotkey, name, derivation) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
    .run(hotkey, name, derivation);
  database
    .prepare(
      `INSERT INTO neurons (uid, hotkey, coldkey, stake, validator_permit, last_update, registered_at, incentive, dividends, validator_trust)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      uid,
      hotkey,
      coldkey,
      String(stake),
      validatorPermit ? 1 : 0,
      lastUpdate,
      registeredAt,
      incentive,
      dividends,
      validatorTrust,
    );
}

/** The newest overwrites: the chain keeps no history. @throws COMMITMENT_TOO_LONG */
export function writeCommitment(database: Database.Database, hotkey: string, bytes: Buffer, block: number): void {
  if (bytes.length > COMMITMENT_LIMIT)
    throw localChainErrors.COMMITMENT_TOO_LONG({ bytes: bytes.length, limit: COMMITMENT_LIMIT });
  database
    .prepare('INSERT OR REPLACE INTO commitments (hotkey, data, block) VALUES (?, ?, ?)')
    .run(hotkey, bytes.toString('hex'), block);
}

export function writeWeights(
  database: Database.Database,
  uid: number,
  row: readonly (readonly [number, number])[],
): void {
  database.prepare('INSERT OR REPLACE INTO weights (uid, row) VALUES (?, ?)').run(uid, JSON.stringify(row));
}
