import { z } from 'zod';
import type { JournalRecord, RecordType, RoundJournal } from '../contracts/round-journal.js';
import { isAssayError } from '../errors/assay-error.js';
import { checkExportSignature, type VerifySignature } from './export.js';
import { journalErrors } from './errors.js';
import { namedBy } from './stored-entry.js';
import { chainBroken, ChainCheck, type RecordCounts } from './verify-chain.js';

type Readable = Pick<RoundJournal, 'chain' | 'attachment' | 'part'>;

/** Something that is wrong with a record or with a content that it names. */
export interface JournalProblem {
  /** Null where no record could be read. */
  type: RecordType | null;
  number: number | null;
  code: string;
  message: string;
}

export interface JournalReport {
  /** Whether nothing is wrong; what was dropped is not wrong. */
  intact: boolean;
  records: number;
  counts: RecordCounts;
  /** Hash of the newest record that fits. */
  head: string;
  signatures: { genuine: number; unsigned: number };
  attachments: { checked: number; dropped: number };
  parts: { checked: number };
  problems: JournalProblem[];
}

const signed = z.object({ hotkey: z.string() });

/** Checks everything that a journal holds. Stops at the first record that does not fit the chain. */
export async function verifyJournal(journal: Readable, verify: VerifySignature): Promise<JournalReport> {
  const check = new JournalCheck(journal, verify);
  try {
    for (const record of journal.chain()) if (!(await check.record(record))) break;
  } catch (error) {
    check.note(null, error);
  }
  return check.report();
}

class JournalCheck {
  readonly #chain = new ChainCheck();
  readonly #problems: JournalProblem[] = [];
  readonly #signatures = { genuine: 0, unsigned: 0 };
  readonly #attachments = { checked: 0, dropped: 0 };
  readonly #parts = { checked: 0 };
  /** Digests that were looked at: many records name the same ones. */
  readonly #seen = new Set<string>();

  constructor(
    private readonly journal: Readable,
    private readonly verify: VerifySignature,
  ) {}

  /** @returns whether the record fits the chain */
  async record(record: JournalRecord): Promise<boolean> {
    const broken = this.#chain.next(record);
    if (broken) {
      this.note(record, chainBroken(record, broken));
      return false;
    }
    try {
      const hotkey = signed.safeParse(record.entry).data?.hotkey;
      const how = await checkExportSignature({ ...record, hotkey }, this.verify);
      this.#signatures[how === 'signed' ? 'genuine' : 'unsigned'] += 1;
    } catch (error) {
      this.note(record, error);
    }
    const { attachments, parts } = namedBy(record.entry);
    for (const digest of attachments)
      this.#look(record, digest, () => {
        this.#attachment(digest);
      });
    for (const digest of parts)
      this.#look(record, digest, () => {
        this.#part(digest);
      });
    return true;
  }

  /** @throws what is no coded error */
  note(record: JournalRecord | null, error: unknown): void {
    if (!isAssayError(error)) throw error;
    const { code, message } = error.toReport();
    this.#problems.push({ type: record?.type ?? null, number: record?.number ?? null, code, message });
  }

  report(): JournalReport {
    const { records, counts, head } = this.#chain;
    return {
      intact: this.#problems.length === 0,
      records,
      counts,
      head,
      signatures: this.#signatures,
      attachments: this.#attachments,
      parts: this.#parts,
      problems: this.#problems,
    };
  }

  #look(record: JournalRecord, digest: string, read: () => void): void {
    if (this.#seen.has(digest)) return;
    this.#seen.add(digest);
    try {
      read();
    } catch (error) {
      this.note(record, error);
    }
  }

  #attachment(digest: string): void {
    const isThere = this.journal.attachment(digest) !== undefined;
    this.#attachments[isThere ? 'checked' : 'dropped'] += 1;
  }

  #part(digest: string): void {
    if (this.journal.part(digest) === undefined) throw journalErrors.JOURNAL_PART_MISSING({ digest });
    this.#parts.checked += 1;
  }
}
