import { Flags } from '@oclif/core';
import {
  RECORD_TYPES,
  type JournalRecord,
  type RecordType,
  type RoundJournal,
} from '@assay/core/contracts/round-journal';
import type { Contents } from '@assay/core/journal/stored-entry';
import { defineErrors } from '@assay/core/errors/define-errors';
import { BaseCommand } from './base-command.js';

export const journalCommandErrors = defineErrors({
  ROUND_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    /** `type` is absent for a round. */
    message: (p: { number: number; newest: number; type?: string }) =>
      `There is no ${p.type ?? 'round'} ${p.number}; the newest is ${p.newest}.`,
    hint: () => 'List them: validator journal ls',
  },
  EXPORT_UNNAMED: {
    fault: 'config',
    retry: 'never',
    message: () => 'The export names no record, or a record and the whole journal.',
    hint: () => 'Give the number of a record, or --all.',
  },
  RECORD_NOT_REPLAYED: {
    fault: 'config',
    retry: 'never',
    message: (p: { number: number; type: string }) =>
      `Record ${p.number} of the type ${p.type} can't be replayed: a record of this type holds no calculation.`,
    hint: (p: { type: string }) => `Show it instead: validator journal show NUMBER --type ${p.type}`,
  },
  ROUND_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `The round in ${p.path} can't be read: ${p.reason}`,
    hint: () => 'Name a file that validator journal export has written, or the number of a round.',
  },
});

export const typeFlag = Flags.string({
  description:
    'What the number counts: rounds, claims taken in, submissions of weights, or what was known before the first round.',
  options: [...RECORD_TYPES],
  default: 'round',
});

/** The value of `typeFlag`. */
export const recordType = (value: string): RecordType => RECORD_TYPES.find((type) => type === value) ?? 'round';

/** Commands that read the recorded rounds, also beside a running validator. */
export abstract class JournalCommand extends BaseCommand {
  protected async openJournal(flags: Readonly<Record<string, unknown>>): Promise<RoundJournal> {
    const [{ buildContainer }, { ROUND_JOURNAL }] = await Promise.all([
      import('@assay/core/composition/container'),
      import('@assay/core/contracts/round-journal'),
    ]);
    const surroundings = await this.surroundings(await this.loadConfig(flags), 'read');
    return buildContainer(surroundings, AbortSignal.timeout(60_000)).getAsync<RoundJournal>(ROUND_JOURNAL);
  }

  /** @throws JOURNAL_CHAIN_BROKEN when the record is not as it was written */
  protected async requireWhole(record: JournalRecord): Promise<JournalRecord> {
    const { brokenPart, chainBroken } = await import('@assay/core/journal/verify-chain');
    const broken = brokenPart(record, record.previousHash);
    if (broken) throw chainBroken(record, broken);
    return record;
  }

  protected async recordOf(journal: RoundJournal, number: number, type: RecordType = 'round'): Promise<JournalRecord> {
    const record = journal.record(number, type);
    if (record) return this.requireWhole(record);
    const newest = journal.head(type)?.number ?? 0;
    throw journalCommandErrors.ROUND_UNKNOWN({ number, newest, ...(type === 'round' ? {} : { type }) });
  }

  /** The record with its whole entry. */
  protected async wholeRecord(record: JournalRecord, contents: Contents): Promise<JournalRecord> {
    const { joinEntry } = await import('@assay/core/journal/stored-entry');
    return { ...record, entry: joinEntry(record.entry, contents).entry };
  }
}
