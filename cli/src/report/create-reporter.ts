import { EVENT_SCHEMA_VERSION, type Reporter } from '@assay/core/contracts/reporter';
import { withoutSecrets } from '@assay/core/errors/secrets';
import { isTerminal } from './terminal.js';
import { TextReporter } from './text-reporter.js';

/** JSON lines when asked; else text, with colour and a live line where there is a person to see it. */
export function createReporter(options: { json: boolean; stdout: NodeJS.WriteStream }): Reporter {
  const { stdout } = options;
  if (!options.json)
    return new TextReporter({ live: isTerminal(stdout), width: isTerminal(stdout) ? stdout.columns : 120 }, stdout);
  return {
    report(event, at) {
      stdout.write(
        `${withoutSecrets(JSON.stringify({ schemaVersion: EVENT_SCHEMA_VERSION, time: new Date(at).toISOString(), ...event }))}\n`,
      );
    },
    close: () => Promise.resolve(),
  };
}
