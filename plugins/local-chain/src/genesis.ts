import { createHash } from 'node:crypto';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import { z } from 'zod';
import { textless } from './commitments.js';
import { localChainErrors } from './errors.js';

const u16 = z.number().int().min(0).max(65_535);
const block = z.number().int().nonnegative();
const share = z.number().min(0).max(1);
/** Big integers are decimal strings in JSON. */
const bigInteger = z
  .union([z.bigint().nonnegative(), z.string().regex(/^\d{1,20}$/), z.number().int().nonnegative()])
  .transform(BigInt);
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'letters, digits, dots, dashes and underscores');
/** Below the development phrase. */
export const derivation = z
  .string()
  .regex(/^\/\/[A-Za-z0-9_.-]{1,32}(\/\/?[A-Za-z0-9_.-]{1,32}){0,3}$/, 'a path such as //miner/1');

export const hyperparameters = z.strictObject({
  tempo: u16.default(360),
  /** Blocks that must pass between two weight settings of a validator. */
  weightsRateLimit: block.default(100),
  weightsVersionKey: bigInteger.default(0n),
  minAllowedWeights: u16.default(1),
  maxUids: u16.min(1).default(256),
  /** Rao. */
  stakeThreshold: bigInteger.default(0n),
  commitRevealEnabled: z.boolean().default(false),
  /** Uid of the subnet owner's hotkey; 0 when left out. */
  ownerUid: u16.optional(),
  /** Its hotkey itself, registered or not; stronger than `ownerUid`. */
  ownerHotkey: z.string().optional(),
  // What follows has no default here, so that the digest of a genesis without it stays what it was.
  /** Epochs between a commit of weights and its reveal; 1 when left out. */
  revealPeriodEpochs: u16.optional(),
  /** Blocks; 4096 when left out. */
  immunityPeriod: u16.optional(),
  /** Blocks without new weights after which a validator's stake no longer counts in an epoch; 5000 when left out. */
  activityCutoff: u16.optional(),
  /** `null`: the validator with the largest stake decides, and dividends follow stake; `yuma` when left out. */
  consensus: z.enum(['yuma', 'null']).optional(),
  /** Majority of stake behind a weight in Yuma consensus, in parts of 65535; 32767 when left out. */
  kappa: u16.optional(),
  /** Validator permits that an epoch gives; 128 when left out. */
  maxValidators: u16.optional(),
});

/** Who a neuron is: a key derived for it (from `derivation`, or `//NAME`), or only an address. */
export const registration = z
  .strictObject({
    name: name.optional(),
    derivation: derivation.optional(),
    hotkey: z.string().optional(),
    coldkey: z.string().optional(),
    /** Rao. */
    stake: bigInteger.default(0n),
    validatorPermit: z.boolean().default(false),
    incentive: share.default(0),
    dividends: share.default(0),
    validatorTrust: share.default(0),
  })
  .refine(
    (of) => of.name !== undefined || of.derivation !== undefined || of.hotkey !== undefined,
    'needs a name, a derivation or a hotkey',
  )
  .refine((of) => of.derivation === undefined || of.hotkey === undefined, 'has either a derivation or a hotkey');
export type Registration = z.output<typeof registration>;
export type RegistrationInput = z.input<typeof registration>;

const neuron = registration.safeExtend({ uid: u16, registeredAt: block.default(0), lastUpdate: block.optional() });
type GenesisNeuron = z.output<typeof neuron>;

/** A uid, a name given to a neuron, or an ss58 address. */
const who = z.union([u16, z.string().min(1)]);

const hexBytes = z.string().regex(/^([0-9a-f]{2})*$/);

const commitment = z
  .strictObject({
    who,
    data: z.string().optional(),
    hex: hexBytes.optional(),
    block,
    /** Block at which the chain opens it: until then it is timelocked. */
    opens: block.optional(),
    /** A commitment without a text. */
    kind: textless.optional(),
  })
  .refine(
    (of) => [of.data, of.hex, of.kind].filter((content) => content !== undefined).length === 1,
    'has either data, hex or kind',
  )
  .refine((of) => of.kind === undefined || of.opens === undefined, 'without a text can not be opened');

/** What the chain has opened, at `block`. */
const revealedCommitment = z
  .strictObject({ who, data: z.string().optional(), hex: hexBytes.optional(), block })
  .refine((of) => (of.data === undefined) !== (of.hex === undefined), 'has either data or hex');

const row = z.array(z.tuple([u16, u16]));

/** Everything that a network starts from. Two networks of the same genesis are the same network. */
export const genesisSchema = z
  .strictObject({
    netuid: u16,
    /** Block hashes come from it. */
    seed: z.string().min(1),
    startBlock: block.default(1),
    /** Seconds; 0: blocks come only by hand. */
    blockTime: z.number().nonnegative().default(12),
    hyperparameters: hyperparameters.prefault({}),
    neurons: z.array(neuron),
    commitments: z.array(commitment).default([]),
    /** Timelocked commitments that are open already, of each hotkey the oldest first. */
    revealed: z.array(revealedCommitment).optional(),
    /** Raw weights of validators, kept as given. */
    weights: z.array(z.strictObject({ uid: u16, row })).default([]),
  })
  .superRefine((genesis, context) => {
    for (const issue of inconsistencies(genesis)) context.addIssue({ code: 'custom', message: issue });
  });
export type Genesis = z.output<typeof genesisSchema>;
export type GenesisInput = z.input<typeof genesisSchema>;

/** @throws GENESIS_INVALID */
export const parseGenesis = (input: unknown): Genesis => checkedBy(genesisSchema, input);

/** @throws GENESIS_INVALID */
export function checkedBy<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, 10)
    .map(({ path, message }) => `${path.join('.') || 'genesis'}: ${message}`);
  throw localChainErrors.GENESIS_INVALID({ issues });
}

/** Hex sha256 of the genesis with its defaults filled in. */
export function genesisDigest(genesis: Genesis): string {
  const plain: unknown = JSON.parse(
    JSON.stringify(genesis, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  );
  return createHash('sha256')
    .update(canonicalJson(z.json().parse(plain)))
    .digest('hex');
}

interface Consistent {
  startBlock: number;
  hyperparameters: { maxUids: number };
  neurons: readonly Pick<GenesisNeuron, 'uid' | 'name' | 'registeredAt'>[];
  commitments: readonly { block: number; opens?: number | undefined }[];
  revealed?: readonly { block: number }[] | undefined;
}

function* inconsistencies(genesis: Consistent): Generator<string> {
  const {
    startBlock,
    hyperparameters: { maxUids },
    neurons,
    commitments,
    revealed = [],
  } = genesis;
  const uids = neurons.map(({ uid }) => uid);
  const names = neurons.flatMap(({ name: given }) => given ?? []);
  for (const uid of repeated(uids)) yield `uid ${uid} is given twice`;
  for (const given of repeated(names)) yield `name ${given} is given twice`;
  for (const uid of uids) if (uid >= maxUids) yield `uid ${uid} is beyond maxUids ${maxUids}`;
  for (const { uid, registeredAt } of neurons)
    if (registeredAt > startBlock) yield `uid ${uid} is registered after startBlock`;
  for (const { block: at } of [...commitments, ...revealed])
    if (at > startBlock) yield `a commitment at block ${at} comes after startBlock`;
  for (const { opens } of commitments)
    if (opens !== undefined && opens <= startBlock) yield `a commitment that opens at block ${opens} is open already`;
}

function repeated<T>(values: readonly T[]): T[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
