import { BaseCommand } from './base-command.js';

/** What a command shows of its work while it goes on, on stderr. */
export interface Teller {
  /** A line that stays. */
  step(text: string): void;
  /** A line that the next one replaces, on a terminal only. */
  progress(text: string): void;
}

/** As shells report a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

/** Commands that move models: they end with a signal, and say what they do. */
export abstract class ModelCommand extends BaseCommand {
  #interruption: AbortController | undefined;

  /** Aborted by Ctrl-C and by a request to end; what is half done is gone on with at the next call. */
  protected interruption(): AbortSignal {
    const abort = (this.#interruption ??= new AbortController());
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        abort.abort();
      });
    return abort.signal;
  }

  protected async teller(): Promise<Teller> {
    const [{ LiveLine }, { printable }] = await Promise.all([
      import('./report/live-line.js'),
      import('@assay/core/errors/printable'),
    ]);
    const live = LiveLine.on(process.stderr);
    return {
      step: (text) => {
        live?.clear();
        process.stderr.write(`${printable(text, 1000)}\n`);
      },
      progress: (text) => live?.show(printable(text, 200)),
    };
  }

  protected override async catch(error: Error & { oclif?: unknown }): Promise<void> {
    if (this.#interruption?.signal.aborted !== true) return super.catch(error);
    const { modelCommandErrors } = await import('./model/errors.js');
    await super.catch(modelCommandErrors.MODEL_COMMAND_INTERRUPTED({}, error));
    process.exitCode = INTERRUPTED;
  }
}
