import { z } from 'zod';
import type { Log } from '@assay/core/contracts/logger';
import type { Reporter } from '@assay/core/contracts/reporter';
import { eventLine } from '@assay/core/reporting/event-line';
import { PLUGIN_API_VERSION, type CheckedPlugin } from '@assay/core/plugin/plugin';
import { SafeOutput } from './safe-output.js';
import { isTerminal } from './terminal.js';
import { TextReporter } from './text-reporter.js';

const noOptions = z.strictObject({});

/** The reporters of the command line itself, which write to stdout: `text` for people, `json` for programs. */
export function terminalPlugin(stdout: NodeJS.WriteStream, log: Log): CheckedPlugin {
  const output = new SafeOutput(stdout, (message, context) => {
    log('error', message, context);
  });
  const live = isTerminal(stdout);
  return {
    apiVersion: PLUGIN_API_VERSION,
    name: 'terminal',
    provides: {
      reporters: {
        text: {
          options: noOptions,
          create: async (): Promise<Reporter> => new TextReporter({ live, width: live ? stdout.columns : 120 }, output),
        },
        json: { options: noOptions, create: async (): Promise<Reporter> => jsonLines(output) },
      },
    },
  };
}

const jsonLines = (output: SafeOutput): Reporter => ({
  report(event, at) {
    output.write(`${eventLine(event, at)}\n`);
  },
  close: () => Promise.resolve(),
});
