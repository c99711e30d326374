import { EVENT_SCHEMA_VERSION, type Reporter } from '@assay/core/contracts/reporter';
import { withoutSecrets } from '@assay/core/errors/secrets';
import type { Log } from '@assay/core/contracts/logger';
import { SafeOutput } from './safe-output.js';
import { isTerminal } from './terminal.js';
import { TextReporter } from './text-reporter.js';

/** JSON lines when asked; else text, with colour and a live line where there is a person to see it. */
export function createReporter(options: { json: boolean; stdout: NodeJS.WriteStream }, deps: { log: Log }): Reporter {
  const { stdout } = options;
  const output = new SafeOutput(stdout, (message, context) => {
    deps.log('error', message, context);
  });
  if (!options.json)
    return new TextReporter({ live: isTerminal(stdout), width: isTerminal(stdout) ? stdout.columns : 120 }, output);
  return {
    report(event, at) {
      output.write(
        `${withoutSecrets(JSON.stringify({ schemaVersion: EVENT_SCHEMA_VERSION, time: new Date(at).toISOString(), ...event }))}\n`,
      );
    },
    close: () => Promise.resolve(),
  };
}
