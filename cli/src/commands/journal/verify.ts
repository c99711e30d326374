import type { JournalReport } from '@assay/core/journal/verify-journal';
import { commonFlags } from '../../base-command.js';
import { JournalCommand } from '../../journal-command.js';

/** Problems that are listed; --json has all of them. */
const LISTED = 20;

export default class JournalVerify extends JournalCommand {
  static override readonly description = `Check the whole journal.

Checks the hash chain over rounds, claims and submissions, the signature of each record, and the digest of every content
that records name. Attachments that were dropped are counted and are no fault. Exit code 1 when anything is wrong.`;
  static override readonly flags = commonFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(JournalVerify);
    const { config, registry } = await this.loadConfig(flags);
    const chain = registry.factory('chain', config.chain.use);
    const journal = await this.openJournal(flags);
    const { verifyJournal } = await import('@assay/core/journal/verify-journal');
    const report = await verifyJournal(journal, chain.verifySignature.bind(chain));
    this.answer(flags.json, report, () => linesOf(report).join('\n'));
    if (!report.intact) process.exitCode = 1;
  }
}

function linesOf(report: JournalReport): string[] {
  const { intact, records, counts, head, signatures, attachments, parts, problems } = report;
  return [
    `${intact ? 'Nothing is wrong' : 'Something is wrong'} with ${records} records: ${counts.round} rounds, ${counts.claim} claims, ${counts.submission} submissions`,
    `head ${head}`,
    `signatures: ${signatures.genuine} genuine, ${signatures.unsigned} unsigned`,
    `contents: ${attachments.checked} attachments and ${parts.checked} shared parts are whole, ${attachments.dropped} attachments were dropped`,
    ...problems.slice(0, LISTED).map(({ code, message }) => `${code}: ${message}`),
    ...(problems.length > LISTED ? [`and ${problems.length - LISTED} more`] : []),
  ];
}
