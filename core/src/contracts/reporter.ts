import { z } from 'zod';
import { columnValues, ruleColumn } from './rule.js';
import { similarPair } from './similarity.js';
import { errorReport as error } from '../errors/error-report.js';

/** Version of the events below; grows when a field is renamed or removed, not when one is added. */
export const EVENT_SCHEMA_VERSION = 2;

const competition = z.object({ id: z.number(), name: z.string() });
const miner = z.object({ uid: z.number(), hotkey: z.string() });
const block = z.number().int();

const weight = z.object({
  uid: z.number(),
  /** Share of the subnet's weight, 0..1, before quantisation. */
  share: z.number(),
  /** What the chain holds: u16, the largest 65535. */
  value: z.number(),
  /** Where it comes from: what the merge rules made the weight of. */
  from: z.array(
    competition.extend({
      /** Of the subnet's weight, as the schedule has it. */
      share: z.number(),
      /** This uid's share of what the competition hands out. */
      standing: z.number(),
    }),
  ),
});

/** What a contender has in common with one of an earlier claim. */
const similarTo = miner.extend(similarPair.pick({ share: true, distance: true }).shape);

/** One line of a round's table. A uid below 0 stands for a hotkey that is not registered. */
const roundRow = miner.extend({
  repo: z.string(),
  /** Block of the commitment. */
  block,
  score: z.number().nullable(),
  /** Epsilon that a later model has to overcome against this one, now. */
  epsilon: z.number().nullable(),
  /** null for a contender that did not play: an earlier model beats it at every block, or it has no score. */
  winRate: z.number().nullable(),
  wins: z.number().nullable(),
  /** Of the competition's weight after this round, 0..1. */
  share: z.number(),
  /** By the keys of `columns`. */
  values: columnValues,
  /** The same model as this uid's: evaluated once for both. */
  sameAs: z.number().nullable(),
  /** Contenders of earlier claims that have at least half of its weights; absent where there are none. */
  similarTo: z.array(similarTo).optional(),
  /** By how much it has to be better than every earlier model beside epsilon, as a share of its loss; absent: not at all. */
  margin: z.number().optional(),
  error: error.nullable(),
});

/** Everything that a run tells, one object per event. Times are milliseconds since 1970. */
export const runEvent = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('run-started'),
    version: z.string(),
    netuid: z.number(),
    chain: z.string(),
    hotkey: z.string(),
    dataDir: z.string(),
    competitions: z.array(competition.extend({ share: z.number() })),
    mode: z.array(z.enum(['offline', 'dry-run', 'no-weights', 'read-only'])),
    /** Rounds that the journal holds already. */
    recordedRounds: z.number(),
    /** How this validator differs from others of the subnet, by its profile. */
    notes: z.array(z.string()).optional(),
  }),
  z.object({
    event: z.literal('metagraph-synced'),
    block,
    neurons: z.number(),
    /** Hotkeys with a claim, or with what stands in its place. */
    commitments: z.number(),
    uid: z.number().nullable(),
  }),
  /** What has become of uids since the sync before. */
  z.object({
    event: z.literal('hotkeys-changed'),
    block,
    /** Of all changes; `changes` lists the first 50. */
    count: z.number(),
    changes: z.array(
      z.object({
        uid: z.number(),
        /** swapped: the same registration has another hotkey; replaced: another registration has the uid. */
        change: z.enum(['swapped', 'replaced', 'registered', 'left']),
        /** Hotkey; null where the uid was free. */
        before: z.string().nullable(),
        /** Hotkey; null where the uid is free now. */
        after: z.string().nullable(),
      }),
    ),
  }),
  z.object({
    event: z.literal('model-checked'),
    ...miner.shape,
    block,
    repo: z.string(),
    competition: z.number().nullable(),
    /** resting: its evaluation delay is not over. */
    status: z.enum(['verified', 'rejected', 'resting', 'postponed']),
    architecture: z.string().nullable(),
    parameterCount: z.number().nullable(),
    error: error.nullable(),
  }),
  /** What the entrants rule of a competition has made of a claim. */
  z.object({
    event: z.literal('claim-taken-in'),
    competition,
    ...miner.shape,
    block,
    repo: z.string(),
    /** queued: it waits for its turn; ignored: it does not count; left: it waited, and its turn will not come. */
    status: z.enum(['queued', 'ignored', 'refused', 'left']),
    /** Why a claim is ignored. */
    reason: z.string().nullable(),
    error: error.nullable(),
  }),
  /** A queue goes on that had to wait for its first claim: see the warning QUEUE_BLOCKED. */
  z.object({ event: z.literal('queue-unblocked'), competition, block }),
  z.object({
    event: z.literal('download-progress'),
    ...miner.shape,
    repo: z.string(),
    path: z.string(),
    /** Bytes. */
    done: z.number(),
    total: z.number(),
    bytesPerSecond: z.number().optional(),
    remainingMs: z.number().optional(),
  }),
  z.object({
    event: z.literal('round-started'),
    competition,
    block,
    syncBlock: block,
    /** Decimal digits. */
    seed: z.string(),
    contenders: z.array(miner.extend({ repo: z.string() })),
  }),
  z.object({
    event: z.literal('sampling-started'),
    competition,
    task: z.string(),
    dataset: z.string(),
    /** 0 where `sequences` says how much is drawn. */
    pages: z.number(),
    sequences: z.number().optional(),
  }),
  z.object({
    event: z.literal('samples-drawn'),
    competition,
    task: z.string(),
    dataset: z.string(),
    pages: z.number(),
    batches: z.number(),
    tokens: z.number(),
  }),
  z.object({
    event: z.literal('evaluation-progress'),
    competition,
    ...miner.shape,
    repo: z.string(),
    phase: z.enum(['load', 'generate', 'score']),
    done: z.number(),
    total: z.number(),
    /** This model among those of the round. */
    model: z.number(),
    models: z.number(),
    /** Estimate until the round's last model is scored; null before there is one to go by. */
    remainingMs: z.number().nullable(),
  }),
  z.object({
    event: z.literal('evaluation-finished'),
    competition,
    ...miner.shape,
    repo: z.string(),
    score: z.number().nullable(),
    error: error.nullable(),
    sameAs: z.number().nullable(),
    elapsedMs: z.number(),
    /** What the evaluator says of its newest answer; null where it gave none for this contender. */
    timings: z
      .object({
        loadMs: z.number(),
        computeMs: z.number(),
        /** Of all threads. */
        cpuMs: z.number().optional(),
        peakRssBytes: z.number().optional(),
        peakAnonymousBytes: z.number().optional(),
      })
      .nullable(),
    /** What the model's files say and its evaluation does not heed. Absent where there is nothing of the kind. */
    notes: z.array(z.string()).optional(),
  }),
  z.object({
    event: z.literal('round-finished'),
    number: z.number(),
    hash: z.string(),
    competition,
    block,
    void: error.nullable(),
    /** Device, compute type, runtime: what scores depend on beside model and samples. Empty where nothing was scored. */
    numerics: z.record(z.string(), z.string()),
    /** What the round's own rules add to each row. */
    columns: z.array(ruleColumn),
    rows: z.array(roundRow),
    elapsedMs: z.number(),
    /** Hotkeys that hold a share of the competition after the round and did not play; absent where there are none. */
    paidBeside: z.array(z.object({ uid: z.number(), share: z.number() })).optional(),
    /** Absent where every sample was computed for every model that has a score. */
    saved: z
      .object({
        /** That were drawn. */
        samples: z.number(),
        /** That the round was judged on: fewer where the match rule ended it early. */
        used: z.number(),
        /** Distinct models that have a score. */
        models: z.number(),
        /** Losses that were computed, of all these models; the others were known already, or not needed. */
        computed: z.number(),
        /** Estimate of the time that the others would have taken; null where nothing was computed. */
        estimatedMs: z.number().nullable(),
      })
      .optional(),
  }),
  /** Nothing was judged and nothing recorded; the old standing is kept. */
  z.object({ event: z.literal('round-skipped'), competition, block: block.nullable(), error }),
  z.object({
    event: z.literal('weights-set'),
    block,
    /** Block of the newest round that they rest on. */
    weights: z.array(weight),
    /** Read back from the chain and equal; false for committed weights, which can't be read yet. */
    confirmed: z.boolean(),
    /** Present for committed weights: who opens them, and the first block that can hold the reveal. */
    reveal: z.object({ block, by: z.enum(['chain', 'validator']) }).optional(),
  }),
  z.object({
    event: z.literal('weights-withheld'),
    /** doppelganger: another validator sets weights with this hotkey. */
    reason: z.enum(['dry-run', 'disabled', 'offline', 'read-only', 'doppelganger']),
    weights: z.array(weight),
  }),
  z.object({ event: z.literal('weights-failed'), error, retryInMs: z.number().nullable() }),
  /** The answer to a submission was lost. A block up to `lastBlock` may still hold it, and nothing else is sent until then. */
  z.object({ event: z.literal('weights-open'), lastBlock: block }),
  /** What has become of a submission whose answer was lost. */
  z.object({
    event: z.literal('weights-settled'),
    status: z.enum(['set', 'committed', 'refused', 'lost']),
    /** That holds it; null where none does. */
    block: block.nullable(),
    /** Why the chain has refused it. */
    error: error.nullable(),
  }),
  /** Committed weights are in force since `block`. */
  z.object({ event: z.literal('weights-revealed'), committedAt: block, block }),
  /** The reveal of committed weights takes longer than planned. */
  z.object({ event: z.literal('weights-waiting'), committedAt: block, reason: z.string() }),
  /** Alarm: committed weights will never be in force. */
  z.object({ event: z.literal('weights-unrevealed'), committedAt: block, reason: z.string() }),
  /** Alarm: the weights on chain are older than three tempos. */
  z.object({
    event: z.literal('weights-stale'),
    block,
    uid: z.number(),
    /** Block of the newest weights; null where none were ever set. */
    lastUpdate: block.nullable(),
    /** Since then, or since the registration. */
    blocks: z.number().int(),
    tempo: z.number().int(),
    /** Newest reason for which weights were not set; null where this run has none. */
    error: error.nullable(),
  }),
  /** Alarm: another validator sets weights with this hotkey, so that this one sets none. */
  z.object({
    event: z.literal('doppelganger'),
    block,
    uid: z.number(),
    /** Block of the other validator's newest weights. */
    lastUpdate: block,
    /** Newest update that this validator knows to be its own. */
    expected: block,
    error,
  }),
  z.object({ event: z.literal('store-cleaned'), removed: z.array(z.string()), freedBytes: z.number() }),
  z.object({ event: z.literal('warning'), error }),
  z.object({
    event: z.literal('run-stopped'),
    reason: z.enum(['rounds-done', 'idle', 'signal', 'error']),
    rounds: z.number(),
  }),
]);
export type RunEvent = z.infer<typeof runEvent>;
export type RoundRow = z.infer<typeof roundRow>;
export type EventOf<Name extends RunEvent['event']> = Extract<RunEvent, { event: Name }>;

/** Where the run sends its events: one for all reporters, and it never keeps the run waiting. */
export interface EventSink {
  /** @param at milliseconds since 1970 */
  report(event: RunEvent, at: number): void;
  close(): Promise<void>;
}

/**
 * Where events go: a terminal, a file, a remote service. Events come in order, one at a time: the next one when a promise
 * that `report` returned is settled. Secrets are already replaced. An error that it throws is logged
 * and does not affect the run.
 */
export interface Reporter {
  /** @param at milliseconds since 1970 */
  report(event: RunEvent, at: number): void | Promise<void>;
  close(): Promise<void>;
}
