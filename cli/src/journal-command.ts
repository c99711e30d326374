import type { RoundJournal } from '@assay/core/contracts/round-journal';
import { BaseCommand } from './base-command.js';

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
}
