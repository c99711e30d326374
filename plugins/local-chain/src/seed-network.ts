import type Database from 'libsql';
import type { Genesis, Registration } from './genesis.js';
import { writeCommitment, writeRevealed } from './commitments.js';
import { localChainErrors } from './errors.js';
import { deriveHotkey, isHotkey } from '@assay/lib-sr25519';

/** A neuron's keys, as the chain has them. */
export interface Keys {
  hotkey: string;
  coldkey: string;
  name: string | null;
  derivation: string | null;
}

/** @throws GENESIS_INVALID */
export async function requireHotkey(address: string): Promise<void> {
  if (!(await isHotkey(address)))
    throw localChainErrors.GENESIS_INVALID({ issues: [`${address} is not an ss58 address of format 42`] });
}

/** @throws GENESIS_INVALID for an address that is none */
export async function keysOf({
  name,
  derivation,
  hotkey,
  coldkey,
}: Pick<Registration, 'name' | 'derivation' | 'hotkey' | 'coldkey'>): Promise<Keys> {
  for (const address of [hotkey, coldkey]) if (address !== undefined) await requireHotkey(address);
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
  /** Hotkey of each revealed commitment. */
  revealers: readonly string[];
}

export async function prepareGenesis(genesis: Genesis, digest: string): Promise<PreparedGenesis> {
  const keys: Keys[] = [];
  for (const neuron of genesis.neurons) keys.push(await keysOf(neuron));
  const issues = keys
    .filter(({ hotkey }, index) => keys.findIndex((other) => other.hotkey === hotkey) !== index)
    .map(({ hotkey }) => `hotkey ${hotkey} is given twice`);
  const hotkeyOf = async (who: string | number): Promise<string> => {
    const index = genesis.neurons.findIndex(({ uid, name }) => uid === who || name === who);
    const hotkey = keys[index]?.hotkey ?? (typeof who === 'string' && (await isHotkey(who)) ? who : undefined);
    if (hotkey === undefined) issues.push(`commitments: ${who} is nobody's uid, name or address`);
    return hotkey ?? '';
  };
  const committers: string[] = [];
  for (const { who } of genesis.commitments) committers.push(await hotkeyOf(who));
  const revealers: string[] = [];
  for (const { who } of genesis.revealed ?? []) revealers.push(await hotkeyOf(who));
  const { ownerHotkey } = genesis.hyperparameters;
  if (ownerHotkey !== undefined && !(await isHotkey(ownerHotkey)))
    issues.push(`hyperparameters.ownerHotkey: ${ownerHotkey} is not an ss58 address of format 42`);
  if (issues.length > 0) throw localChainErrors.GENESIS_INVALID({ issues });
  return { genesis, digest, keys, committers, revealers };
}

/** Fills the empty tables. */
export function seedNetwork(database: Database.Database, prepared: PreparedGenesis): void {
  const { genesis, digest, keys } = prepared;
  const { netuid, seed, blockTime, startBlock, hyperparameters } = genesis;
  database
    .prepare(
      `INSERT INTO network (only, genesis_digest, netuid, seed, hyperparameters, block_time, head, head_at, changed_at, last_epoch)
       VALUES (1, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
    )
    .run(digest, netuid, seed, parametersText(hyperparameters), blockTime, startBlock, startBlock, startBlock);
  genesis.neurons.forEach((neuron, index) => {
    const own = keys[index];
    if (own) insertNeuron(database, { ...neuron, lastUpdate: neuron.lastUpdate ?? neuron.registeredAt }, own);
  });
  seedCommitments(database, prepared);
  for (const { uid, row } of genesis.weights) writeWeights(database, uid, row);
}

function seedCommitments(database: Database.Database, { genesis, committers, revealers }: PreparedGenesis): void {
  genesis.commitments.forEach(({ data, hex, kind, opens, block }, index) => {
    const bytes = bytesOf(data, hex);
    const timelocked = opens === undefined ? undefined : ({ kind: 'timelocked', data: bytes, opens } as const);
    const slot = kind === undefined ? (timelocked ?? ({ kind: 'text', data: bytes } as const)) : { kind };
    writeCommitment(database, committers[index] ?? '', slot, block);
  });
  genesis.revealed?.forEach(({ data, hex, block }, index) => {
    writeRevealed(database, revealers[index] ?? '', bytesOf(data, hex).toString('hex'), block);
  });
}

const bytesOf = (data: string | undefined, hex: string | undefined): Buffer =>
  data === undefined ? Buffer.from(hex ?? '', 'hex') : Buffer.from(data);

export const parametersText = (parameters: object): string =>
  JSON.stringify(parameters, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

export function insertAccount(database: Database.Database, { hotkey, name, derivation }: Keys): void {
  database
    .prepare('INSERT INTO accounts (hotkey, name, derivation) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
    .run(hotkey, name, derivation);
}

export function insertNeuron(
  database: Database.Database,
  neuron: Registration & { uid: number; registeredAt: number; lastUpdate: number },
  keys: Keys,
): void {
  const { hotkey, coldkey } = keys;
  const { uid, stake, validatorPermit, lastUpdate, registeredAt, incentive, dividends, validatorTrust } = neuron;
  insertAccount(database, keys);
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

export function writeWeights(
  database: Database.Database,
  uid: number,
  row: readonly (readonly [number, number])[],
): void {
  database.prepare('INSERT OR REPLACE INTO weights (uid, row) VALUES (?, ?)').run(uid, JSON.stringify(row));
}
