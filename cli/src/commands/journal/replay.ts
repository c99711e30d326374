import { readFile } from 'node:fs/promises';
import { Args } from '@oclif/core';
import type { Json } from '@assay/core/contracts/round-journal';
import type { RuleBook } from '@assay/core/rules/rule-book';
import { commonFlags } from '../../base-command.js';
import { JournalCommand, journalCommandErrors } from '../../journal-command.js';

interface Source {
  number: number;
  hash: string;
  entry: Json;
  signature: 'genuine' | 'unsigned';
  rules: RuleBook;
}

export default class JournalReplay extends JournalCommand {
  static override readonly description = `Judge a recorded round again and compare.

Checks hash and signature, and recomputes scores, wins, standing and shares from what was recorded, by the rules that it
names. Exit code 1 when anything differs.`;
  static override readonly args = {
    round: Args.string({ description: 'Number of a round, or an exported file.', required: true }),
  };
  static override readonly flags = commonFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(JournalReplay);
    const source = /^\d+$/.test(args.round)
      ? await this.#ofJournal(Number(args.round), flags)
      : await this.#ofFile(args.round, flags);
    const { replayEntry } = await import('@assay/core/runtime/round/entry');
    const { agrees, differences, verdict } = replayEntry(source.entry, source.rules);
    const { number, hash, signature } = source;
    this.answer(flags.json, { number, hash, signature, agrees, differences, verdict }, () =>
      [
        `Round ${number}, hash ${hash}, ${signature === 'genuine' ? 'signature genuine' : 'unsigned'}`,
        agrees ? 'The verdict agrees: wins, standing and shares are those recorded.' : 'The verdict differs:',
        ...differences.map((difference) => `  ${difference}`),
      ].join('\n'),
    );
    if (!agrees) process.exitCode = 1;
  }

  /** A record of the journal goes the way of a file: its hash and its signature are checked as well. */
  async #ofJournal(number: number, flags: Readonly<Record<string, unknown>>): Promise<Source> {
    const record = await this.recordOf(await this.openJournal(flags), number);
    const [{ formatExport }, { hotkeyOf }] = await Promise.all([
      import('@assay/core/journal/export'),
      import('@assay/core/runtime/round/entry'),
    ]);
    return this.#ofText(formatExport(record, hotkeyOf(record.entry)), flags);
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
    const { parseExport, checkExportSignature } = await import('@assay/core/journal/export');
    const document = parseExport(text);
    const { config, baseDir } = await this.loadConfig(flags);
    const registry = await this.registry(config, baseDir);
    const chain = registry.factory('chain', config.chain.use);
    const signed = await checkExportSignature(document, chain.verifySignature.bind(chain));
    const { number, hash, entry } = document;
    return { number, hash, entry, signature: signed === 'signed' ? 'genuine' : 'unsigned', rules: registry.rules };
  }
}
