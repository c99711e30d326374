import { z } from 'zod';
import { ruleState, type RuleState } from '../../contracts/rule.js';
import type { JournalRecord, NewRecord } from '../../contracts/round-journal.js';
import { joinEntry, type Contents } from '../../journal/stored-entry.js';
import type { RuntimeDeps } from '../context.js';
import { newRecord } from '../new-record.js';
import type { ValidatorState } from '../validator-state.js';
import { put, type Put } from '../derived-rows.js';
import { IntakeRows } from './intake-rows.js';

const source = z.discriminatedUnion('kind', [
  /** The validator was there from the start. */
  z.object({ kind: z.literal('start') }),
  /** The operator has written it in the config. */
  z.object({ kind: z.literal('config') }),
  /** It follows from the exported journal of another validator. */
  z.object({
    kind: z.literal('journal'),
    /** Of the other validator; absent where its records are not signed. */
    hotkey: z.string().optional(),
    /** Number of records, and hash of the newest. */
    records: z.number(),
    head: z.string(),
    /** What could not be checked, in words. */
    unchecked: z.array(z.string()),
  }),
]);
export type HistorySource = z.infer<typeof source>;

/** What this validator knows of a competition before its own first round and claim there. */
export const historyEntry = z.object({
  type: z.literal('history'),
  format: z.literal(2),
  /** ISO 8601. */
  recordedAt: z.string(),
  netuid: z.number(),
  /** Of the validator. */
  hotkey: z.string(),
  /** The head when it was recorded. */
  block: z.number(),
  competition: z.object({ id: z.number(), name: z.string() }),
  source,
  standing: ruleState.nullable(),
  entrants: ruleState.nullable(),
  /** Of the entrants rule, in their order. */
  marks: z.array(z.string()),
});
export type HistoryEntry = z.infer<typeof historyEntry>;

/** What is known of a competition. */
export interface KnownHistory {
  competition: { id: number; name: string };
  source: HistorySource;
  standing: RuleState | null;
  entrants: RuleState | null;
  marks: readonly string[];
}

/** Records what is known and writes what follows from it, in one commit. */
export async function recordHistory(
  { state, chain, clock, profile }: Pick<RuntimeDeps, 'chain' | 'clock' | 'profile'> & { state: ValidatorState },
  block: number,
  known: KnownHistory,
): Promise<void> {
  const identity = await chain.identity();
  const entry: HistoryEntry = {
    type: 'history',
    format: 2,
    recordedAt: new Date(clock.now()).toISOString(),
    netuid: profile.netuid,
    hotkey: identity.hotkey,
    block,
    ...known,
    marks: [...known.marks],
  };
  const append: NewRecord = await newRecord('history', entry, identity);
  await state.change(() => ({ append, put: rowsOf(state, known) }));
}

const rowsOf = (state: ValidatorState, { competition: { id }, standing, entrants, marks }: KnownHistory): Put[] => [
  ...(standing ? [put.standing(id, standing)] : []),
  ...(entrants ? [put.entrants(id, entrants)] : []),
  ...new IntakeRows(state.journal, id).marked(marks),
];

/** A record of this type, whole. */
export const historyOf = ({ entry }: Pick<JournalRecord, 'entry'>, contents: Contents): HistoryEntry =>
  historyEntry.parse(joinEntry(entry, contents).entry);
