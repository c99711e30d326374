import { readFile } from 'node:fs/promises';
import { Args } from '@oclif/core';
import type { Json, RecordType } from '@assay/core/contracts/round-journal';
import type { Contents } from '@assay/core/journal/stored-entry';
import type { RuleBook } from '@assay/core/rules/rule-book';
import type { RoundReplay } from '@assay/core/runtime/round/replay';
import type { SubmissionReplay } from '@assay/core/runtime/submission-entry';
import { commonFlags } from '../../base-command.js';
import { JournalCommand, journalCommandErrors, recordType, typeFlag } from '../../journal-command.js';

interface Source {
  type: RecordType;
  number: number;
  hash: string;
  entry: Json;
  contents: Contents;
  signature: 'genuine' | 'unsigned';
  rules: RuleBook;
}

export default class JournalReplay extends JournalCommand {
  static override readonly description = `Judge a recorded round again and compare; or compute a submission of weights again.

Checks hash and signature, and recomputes scores, wins, standing and shares from what was recorded, by the rules that it
names. Says what it could not check where losses were dropped or left out. Exit code 1 when anything differs, or may differ
for all that is there.`;
  static override readonly args = {
    round: Args.string({ description: 'Number of a record, or an exported file.', required: true }),
  };
  static override readonly flags = { ...commonFlags, type: typeFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(JournalReplay);
    const source = /^\d+$/.test(args.round)
      ? await this.#ofJournal(Number(args.round), recordType(flags.type), flags)
      : await this.#ofFile(args.round, flags);
    const replayed = await this.#replay(source);
    const { number, hash, signature, type } = source;
    this.answer(flags.json, { number, hash, signature, ...replayed }, () =>
      [
        `${type === 'round' ? 'Round' : 'Submission'} ${number}, hash ${hash}, ${signature === 'genuine' ? 'signature genuine' : 'unsigned'}`,
        ...linesOf(replayed),
      ].join('\n'),
    );
    if (replayed.agrees !== true) process.exitCode = 1;
  }

  async #replay({ type, number, entry, contents, rules }: Source): Promise<RoundReplay | SubmissionReplay> {
    if (type === 'claim' || type === 'history') throw journalCommandErrors.RECORD_NOT_REPLAYED({ number, type });
    if (type === 'round') return (await import('@assay/core/runtime/round/replay')).replayRound(entry, contents, rules);
    return (await import('@assay/core/runtime/submission-entry')).replaySubmission(entry, contents, rules);
  }

  /** A record of the journal goes the way of a file: its hash and its signature are checked as well. */
  async #ofJournal(number: number, type: RecordType, flags: Readonly<Record<string, unknown>>): Promise<Source> {
    const journal = await this.openJournal(flags);
    const record = await this.recordOf(journal, number, type);
    const [{ formatExport }, { hotkeyOf }] = await Promise.all([
      import('@assay/core/journal/export'),
      import('@assay/core/runtime/round/entry'),
    ]);
    return this.#ofText(formatExport(record, hotkeyOf(record.entry), journal), flags);
  }

  async #ofFile(path: string, flags: Readonly<Record<string, unknown>>): Promise<Source> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      throw journalCommandErrors.ROUND_UNREADABLE(
        { path, reason: error instanceof Error ? error.message : String(error) },
        error,
      );
    }
    return this.#ofText(text, flags);
  }

  async #ofText(text: string, flags: Readonly<Record<string, unknown>>): Promise<Source> {
    const { parseExport, checkExportSignature, contentsOf } = await import('@assay/core/journal/export');
    const document = parseExport(text);
    const { config, registry } = await this.loadConfig(flags);
    const chain = registry.factory('chain', config.chain.use);
    const signed = await checkExportSignature(document, chain.verifySignature.bind(chain));
    const { number, hash, entry } = document;
    return {
      type: document.version === 2 ? document.type : 'round',
      number,
      hash,
      entry,
      contents: contentsOf(document),
      signature: signed === 'signed' ? 'genuine' : 'unsigned',
      rules: registry.rules,
    };
  }
}

/** Lines of missing contents that are listed. */
const LISTED = 10;

function linesOf(replayed: RoundReplay | SubmissionReplay): string[] {
  const { agrees, differences, missing } = replayed;
  const [what, parts] =
    'verdict' in replayed ? ['verdict', 'wins, standing and shares'] : ['submission', 'its weights'];
  return [
    agrees === true
      ? `The ${what} agrees: ${parts} are those recorded.`
      : agrees === false
        ? `The ${what} differs:`
        : `The ${what} cannot be checked without what is missing. As it is, it differs:`,
    ...differences.map((difference) => `  ${difference}`),
    ...(missing.length > 0 ? [`Not checked, because it was dropped or left out: ${missing.length} contents`] : []),
    ...missing.slice(0, LISTED).map(({ member, digest }) => `  ${member} (sha256 ${digest})`),
    ...(missing.length > LISTED ? [`  and ${missing.length - LISTED} more`] : []),
  ];
}
