import { asBlockNumber, asHotkey, asNetuid, asUid, type Hotkey, type Uid } from '@assay/core/contracts/brands';
import type { ChainSnapshot, Neuron, SubnetParameters, WeightRow } from '@assay/core/contracts/chain-client';
import type Database from 'libsql';
import { z } from 'zod';
import { blockReference } from './blocks.js';
import { columns, text } from '@assay/lib-libsql';
import { readCommitments } from './commitments.js';
import { nextEpoch } from './epoch-schedule.js';
import { schemaOf } from './schema.js';

const bool = z.union([z.literal(0), z.literal(1)]).transform((value) => value === 1);
const bigInteger = text.transform((digits) => BigInt(digits));

export const jsonOf = <T extends z.ZodType>(schema: T): z.ZodType<z.output<T>> =>
  text.transform((json): unknown => JSON.parse(json)).pipe(schema);

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
  // What networks and genesis files of older versions do not name has the runtime's first values.
  ownerHotkey: z.string().optional(),
  revealPeriodEpochs: z.number().default(1),
  immunityPeriod: z.number().default(4096),
  activityCutoff: z.number().default(5000),
  consensus: z.enum(['yuma', 'null']).default('yuma'),
  kappa: z.number().default(32_767),
  maxValidators: z.number().default(128),
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
  /** Block of the last epoch; null in a file that an older version has made, until it is opened for writing. */
  last_epoch: z.number().nullable(),
  /** Epochs that have passed since the network was made, or was brought up from an older version. */
  epoch_index: z.number(),
  /** Blocks that weights which were sent wait for before a block holds them. */
  inclusion_delay: z.number(),
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

const weightsRow = z.object({
  uid: z.number().transform(asUid),
  row: jsonOf(z.array(z.tuple([z.number(), z.number()]))),
});

const networkColumns = columns({
  text: ['genesis_digest', 'seed', 'hyperparameters'],
  other: ['netuid', 'block_time', 'head', 'head_at', 'changed_at'],
});
const NEURONS = `SELECT ${columns({
  text: ['hotkey', 'coldkey', 'stake'],
  other: ['uid', 'validator_permit', 'last_update', 'registered_at', 'incentive', 'dividends', 'validator_trust'],
})} FROM neurons ORDER BY uid`;

const accountRow = z.object({ hotkey: text, name: text.nullable(), derivation: text.nullable() });
export type Account = z.infer<typeof accountRow>;

export function readNetwork(database: Database.Database): NetworkRow {
  const schema = schemaOf(database);
  const lastEpoch = schema < 2 ? 'NULL AS last_epoch' : 'last_epoch';
  const counted = schema < 3 ? '0 AS epoch_index, 0 AS inclusion_delay' : 'epoch_index, inclusion_delay';
  return networkRow.parse(database.prepare(`SELECT ${networkColumns}, ${lastEpoch}, ${counted} FROM network`).get());
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

export function readWeights(database: Database.Database): Map<Uid, WeightRow> {
  const rows = z
    .array(weightsRow)
    .parse(database.prepare(`SELECT ${columns({ text: ['row'], other: ['uid'] })} FROM weights ORDER BY uid`).all());
  return new Map(rows.map(({ uid, row }) => [uid, row]));
}

/** Without what a snapshot has elsewhere, or nobody needs. */
function shownParameters(all: NetworkRow['hyperparameters']): SubnetParameters {
  const { tempo, weightsRateLimit, weightsVersionKey, minAllowedWeights, maxUids, stakeThreshold } = all;
  const { commitRevealEnabled, revealPeriodEpochs, immunityPeriod, activityCutoff, consensus } = all;
  return {
    ...{ tempo, weightsRateLimit, weightsVersionKey, minAllowedWeights, maxUids, stakeThreshold },
    ...{ commitRevealEnabled, revealPeriodEpochs, immunityPeriod, activityCutoff, consensus },
  };
}

/** The owner's hotkey as it is named, or that of its uid. */
function ownerOf({ ownerHotkey, ownerUid }: NetworkRow['hyperparameters'], neurons: readonly Neuron[]): Hotkey | null {
  if (ownerHotkey !== undefined) return asHotkey(ownerHotkey);
  return neurons.find(({ uid }) => uid === ownerUid)?.hotkey ?? null;
}

/** Everything, inside the caller's transaction, so of one moment. */
export function readSnapshot(database: Database.Database, at?: number): ChainSnapshot {
  const network = readNetwork(database);
  const neurons = readNeurons(database);
  const block = at ?? network.head;
  const { last_epoch: lastEpoch } = network;
  const next = lastEpoch === null ? null : nextEpoch({ lastEpoch, tempo: network.hyperparameters.tempo }, block);
  return {
    netuid: network.netuid,
    at: blockReference(network.seed, block),
    mechanism: 0,
    neurons,
    ...readCommitments(database, schemaOf(database)),
    weights: readWeights(database),
    parameters: shownParameters(network.hyperparameters),
    ownerHotkey: ownerOf(network.hyperparameters, neurons),
    nextEpoch: next === null ? null : asBlockNumber(next),
  };
}
