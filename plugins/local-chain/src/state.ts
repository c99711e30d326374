import { asBlockNumber, asHotkey, asNetuid, asUid, type Uid } from '@assay/core/contracts/brands';
import type { ChainSnapshot, Commitment, Neuron, WeightRow } from '@assay/core/contracts/chain-client';
import type Database from 'libsql';
import { z } from 'zod';
import { blockReference } from './blocks.js';
import { columns, text } from '@assay/lib-libsql';
import { commitmentText } from '@assay/core/chain/commitment-text';

const bool = z.union([z.literal(0), z.literal(1)]).transform((value) => value === 1);
const bigInteger = text.transform((digits) => BigInt(digits));

const jsonOf = <T extends z.ZodType>(schema: T) => text.transform((json): unknown => JSON.parse(json)).pipe(schema);

const bigIntegerInJson = z.string().transform(BigInt);

const parameters = z.object({
  tempo: z.number(),
  weightsRateLimit: z.number(),
  weightsVersionKey: bigIntegerInJson,
  minAllowedWeights: z.number(),
  maxUids: z.number(),
  stakeThreshold: bigIntegerInJson,
  commitRevealEnabled: z.boolean(),
  ownerUid: z.number().default(0),
});

const networkRow = z.object({
  genesis_digest: text,
  netuid: z.number().transform(asNetuid),
  seed: text,
  hyperparameters: jsonOf(parameters),
  /** Seconds. */
  block_time: z.number(),
  /** Number of the newest block. */
  head: z.number(),
  /** Milliseconds since 1970 at which it was made, by the clock of the validator that lets time pass. */
  head_at: z.number(),
  /** Newest block whose state differs from the one before it. */
  changed_at: z.number(),
});
type NetworkRow = z.infer<typeof networkRow>;

const neuronRow = z
  .object({
    uid: z.number().transform(asUid),
    hotkey: text.transform((address) => asHotkey(address)),
    coldkey: text,
    stake: bigInteger,
    validator_permit: bool,
    last_update: z.number().transform(asBlockNumber),
    registered_at: z.number().transform(asBlockNumber),
    incentive: z.number(),
    dividends: z.number(),
    validator_trust: z.number(),
  })
  .transform(({ validator_permit, last_update, registered_at, validator_trust, ...same }): Neuron => ({
    ...same,
    validatorPermit: validator_permit,
    lastUpdate: last_update,
    registeredAt: registered_at,
    validatorTrust: validator_trust,
  }));

const commitmentRow = z
  .object({
    hotkey: text.transform((address) => asHotkey(address)),
    data: text,
    block: z.number().transform(asBlockNumber),
  })
  .transform(({ hotkey, data, block }): Commitment => ({
    hotkey,
    data: commitmentText(Buffer.from(data, 'hex')),
    block,
  }));

const weightsRow = z.object({
  uid: z.number().transform(asUid),
  row: jsonOf(z.array(z.tuple([z.number(), z.number()]))),
});

const NETWORK = `SELECT ${columns({
  text: ['genesis_digest', 'seed', 'hyperparameters'],
  other: ['netuid', 'block_time', 'head', 'head_at', 'changed_at'],
})} FROM network`;
const NEURONS = `SELECT ${columns({
  text: ['hotkey', 'coldkey', 'stake'],
  other: ['uid', 'validator_permit', 'last_update', 'registered_at', 'incentive', 'dividends', 'validator_trust'],
})} FROM neurons ORDER BY uid`;

const accountRow = z.object({ hotkey: text, name: text.nullable(), derivation: text.nullable() });
export type Account = z.infer<typeof accountRow>;

export function readNetwork(database: Database.Database): NetworkRow {
  return networkRow.parse(database.prepare(NETWORK).get());
}

/** In ascending order of uid. */
export function readNeurons(database: Database.Database): Neuron[] {
  return z.array(neuronRow).parse(database.prepare(NEURONS).all());
}

export function readAccounts(database: Database.Database): Account[] {
  return z
    .array(accountRow)
    .parse(
      database
        .prepare(`SELECT ${columns({ text: ['hotkey', 'name', 'derivation'] })} FROM accounts ORDER BY accounts.name`)
        .all(),
    );
}

/** Commitments of hotkeys that have left stay on the chain, and are left out here. */
function readCommitments(database: Database.Database): Commitment[] {
  const rows = database
    .prepare(
      `SELECT ${columns({ text: ['hotkey', 'data'], other: ['block'] })} FROM commitments JOIN neurons USING (hotkey) ORDER BY uid`,
    )
    .all();
  return z.array(commitmentRow).parse(rows);
}

function readWeights(database: Database.Database): Map<Uid, WeightRow> {
  const rows = z
    .array(weightsRow)
    .parse(database.prepare(`SELECT ${columns({ text: ['row'], other: ['uid'] })} FROM weights ORDER BY uid`).all());
  return new Map(rows.map(({ uid, row }) => [uid, row]));
}

/** Everything, inside the caller's transaction, so of one moment. */
export function readSnapshot(database: Database.Database, at?: number): ChainSnapshot {
  const network = readNetwork(database);
  const neurons = readNeurons(database);
  const { ownerUid, ...parameters } = network.hyperparameters;
  return {
    netuid: network.netuid,
    at: blockReference(network.seed, at ?? network.head),
    mechanism: 0,
    neurons,
    commitments: readCommitments(database),
    revealed: [],
    unreadable: [],
    weights: readWeights(database),
    parameters: { ...parameters, revealPeriodEpochs: 1, immunityPeriod: 4096, activityCutoff: 5000, consensus: 'yuma' },
    ownerHotkey: neurons.find(({ uid }) => uid === ownerUid)?.hotkey ?? null,
    nextEpoch: null,
  };
}
