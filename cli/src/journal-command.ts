import type { JournalRecord, RoundJournal } from '@assay/core/contracts/round-journal';
import { defineErrors } from '@assay/core/errors/define-errors';
import { BaseCommand } from './base-command.js';

export const journalCommandErrors = defineErrors({
  ROUND_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { number: number; newest: number }) => `There is no round ${p.number}; the newest is ${p.newest}.`,
    hint: () => 'validator journal ls lists them.',
  },
  ROUND_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `The round in ${p.path} can't be read: ${p.reason}`,
    hint: () => 'Name a file that validator journal export has written, or the number of a round.',
  },
});

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

  protected async recordOf(journal: RoundJournal, number: number): Promise<JournalRecord> {
    const record = journal.record(number);
    if (!record) throw journalCommandErrors.ROUND_UNKNOWN({ number, newest: journal.head()?.number ?? 0 });
    return this.requireWhole(record);
  }
}
