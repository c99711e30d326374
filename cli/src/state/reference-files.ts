import { open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import {
  enumeration,
  PyRecord,
  PyTensor,
  readPickles,
  readTorchFile,
  record,
  type AllowedGlobals,
} from '@assay/lib-python-pickle';
import { messageOf } from '@assay/core/errors/describe';
import { z } from 'zod';
import { stateErrors } from './errors.js';

/** Files in the folder `vali-state` of the reference validator (macrocosm-os/pretraining, neurons/validator.py). */
const TRACKER_FILE = 'model_tracker.pickle';
const STANDINGS_FILE = 'competition_tracker.pickle';
const UIDS_FILE = 'uids.pickle';

const MOST_UIDS = 65_536;
const ROUNDING = 1e-3;
const LARGEST_FILE = 16 * 1024 * 1024;

/** Classes of the reference and of the versions before it, which kept them in a package of their own. */
const GLOBALS: AllowedGlobals = new Map([
  ...['taoverse.model.data', 'model.data'].flatMap((module) =>
    ['ModelId', 'ModelMetadata', 'EvalResult'].map((name) => [`${module}.${name}`, record(name)] as const),
  ),
  [
    'competitions.data.CompetitionId',
    enumeration('CompetitionId', {
      B7_MODEL: 0,
      M772_MODEL: 1,
      B3_MODEL: 2,
      B7_MODEL_LOWER_EPSILON: 3,
      B14_MODEL: 4,
      B14_MODEL_MULTI_DATASET: 5,
      TTS_V0: 6,
    }),
  ] as const,
]);

const whole = z.bigint().min(0n).max(BigInt(Number.MAX_SAFE_INTEGER)).transform(Number);
const uid = whole.pipe(z.number().max(65_535));
const competition = whole.pipe(z.number().max(65_535));
const hotkey = z.string().min(1).max(64);
const part = z.string().max(256);
/** Python's inf stands for a model that failed, and so does nan. */
const score = z.union([z.number(), z.nan(), z.literal([Infinity, -Infinity]), z.bigint().transform(Number)]);
const scoreOrNone = score.transform((value) => (Number.isFinite(value) ? value : null));

/** A record's attributes, as an object. */
const attributesOf = <T extends z.ZodType>(name: string, shape: T) =>
  z
    .instanceof(PyRecord)
    .refine(({ className }) => className === name, { error: `it is no ${name}` })
    .transform(({ attributes }): unknown => Object.fromEntries(attributes))
    .pipe(shape);

const modelId = attributesOf(
  'ModelId',
  z.object({
    namespace: part,
    name: part,
    commit: part.nullish(),
    secure_hash: part.nullish(),
    competition_id: competition,
  }),
);
const metadata = attributesOf('ModelMetadata', z.object({ id: modelId, block: whole }));

/** Before November 2024 a score was called a loss. */
const evalResult = attributesOf(
  'EvalResult',
  z.object({
    block: whole,
    score: scoreOrNone.optional(),
    avg_loss: scoreOrNone.optional(),
    winning_model_block: z.union([whole, scoreOrNone]),
    winning_model_score: scoreOrNone.optional(),
    winning_model_loss: scoreOrNone.optional(),
  }),
).transform((found) => ({
  block: found.block,
  score: found.score ?? found.avg_loss ?? null,
  winnerBlock: found.winning_model_block,
  winnerScore: found.winning_model_score ?? found.winning_model_loss ?? null,
}));

const tracker = z.tuple([
  z.tuple([
    z.map(hotkey, metadata),
    z.map(hotkey, z.union([z.map(competition, z.array(evalResult)), z.array(evalResult)])),
  ]),
]);
const uidsByCompetition = z.map(competition, z.set(uid));
const uids = z.tuple([uidsByCompetition, uidsByCompetition]);
const standings = z.map(z.string(), z.unknown()).transform((all) => all.get('weights_by_competition'));
const tensors = z.map(competition, z.instanceof(PyTensor));

/** The claim of a hotkey as the reference last saw it, and what it found out about its model. */
export interface ReferenceMiner {
  hotkey: string;
  /** Text of the commitment, as its miner's program writes it. */
  commitment: string;
  block: number;
  /** By competition, oldest first. */
  results: ReadonlyMap<number, readonly z.output<typeof evalResult>[]>;
}

/** Each is null where its file is missing. */
export interface ReferenceState {
  miners: readonly ReferenceMiner[] | null;
  /** By competition: moving averages of the weights, by uid. */
  weights: ReadonlyMap<number, readonly number[]> | null;
  uids: { kept: ReadonlyMap<number, ReadonlySet<number>>; pending: ReadonlyMap<number, ReadonlySet<number>> } | null;
}

/**
 * The state of the reference validator.
 * @throws STATE_FOLDER_EMPTY, STATE_FILE_UNREADABLE, STATE_FILE_UNEXPECTED, and the errors of the pickle reader
 */
export async function readReferenceState(folder: string): Promise<ReferenceState> {
  const [trackerBytes, standingBytes, uidBytes] = await Promise.all(
    [TRACKER_FILE, STANDINGS_FILE, UIDS_FILE].map((name) => bytesOf(join(folder, name))),
  );
  if (!trackerBytes && !standingBytes && !uidBytes)
    throw stateErrors.STATE_FOLDER_EMPTY({ folder, files: [TRACKER_FILE, STANDINGS_FILE, UIDS_FILE] });
  return {
    miners: trackerBytes ? minersIn(trackerBytes) : null,
    weights: standingBytes ? weightsIn(standingBytes) : null,
    uids: uidBytes ? uidsIn(uidBytes) : null,
  };
}

/** Undefined where there is no such file. A link is followed; a pipe or a device is not waited for. */
async function bytesOf(file: string): Promise<Uint8Array | undefined> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) throw new Error('it is no plain file');
      if (facts.size > LARGEST_FILE) throw new Error(`it has more than ${LARGEST_FILE} bytes`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw stateErrors.STATE_FILE_UNREADABLE({ file, reason: messageOf(error) }, error);
  }
}

function minersIn(bytes: Uint8Array): ReferenceMiner[] {
  const [[claims, results]] = checked(TRACKER_FILE, tracker, readPickles(TRACKER_FILE, bytes, GLOBALS));
  return [...claims].map(([key, { id, block }]) => {
    const own = results.get(key) ?? new Map();
    // Before October 2024 the results of a hotkey were of the competition of its claim.
    const byCompetition = Array.isArray(own) ? new Map([[id.competition_id, own]]) : own;
    const parts = [id.namespace, id.name, id.commit ?? 'None', id.secure_hash ?? 'None', id.competition_id];
    return { hotkey: key, commitment: parts.join(':'), block, results: byCompetition };
  });
}

function weightsIn(bytes: Uint8Array): Map<number, number[]> {
  const found = checked(STANDINGS_FILE, standings, readTorchFile(STANDINGS_FILE, bytes, GLOBALS));
  const all = checked(STANDINGS_FILE, tensors, found);
  return new Map([...all].map(([id, tensor]) => [id, usable(id, tensor.vector())]));
}

/** Averages of shares: each at least 0, together at most 1 but for rounding. */
function usable(competitionId: number, weights: number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (weights.length <= MOST_UIDS && weights.every((weight) => weight >= 0) && sum <= 1 + ROUNDING) return weights;
  throw stateErrors.STATE_FILE_UNEXPECTED({
    file: STANDINGS_FILE,
    at: `weights_by_competition[${competitionId}]`,
    reason: 'the weights are not shares: one is negative or no number, there are too many, or their sum is above 1',
  });
}

function uidsIn(bytes: Uint8Array): NonNullable<ReferenceState['uids']> {
  const [kept, pending] = checked(UIDS_FILE, uids, readPickles(UIDS_FILE, bytes, GLOBALS));
  return { kept, pending };
}

function checked<T extends z.ZodType>(file: string, schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw stateErrors.STATE_FILE_UNEXPECTED({
    file,
    at: issue?.path.map(String).join('.') || 'the whole',
    reason: issue?.message ?? 'the shape is another one',
  });
}
