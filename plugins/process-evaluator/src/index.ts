import { z } from 'zod';
import type { Evaluator } from '@assay/core/contracts/evaluator';
import { ProcessEvaluator } from '@assay/core/evaluation/process-evaluator';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { requireProgram } from './require-program.js';

const options = z.strictObject({
  command: z.array(z.string()).min(1).describe('Program and arguments; speaks docs/build/evaluator-protocol.md.'),
  device: z.string().optional().describe('Handed to the program as ASSAY_EVALUATOR_DEVICE.'),
  kinds: z.array(z.string()).min(1).default(['text-loss']).describe('Kinds of task that the program can do.'),
  environment: z
    .record(z.string(), z.string())
    .default({})
    .describe('Further variables for the program. No secrets: it sees hostile files.'),
  memoryLimit: z
    .number()
    .positive()
    .default(64 * 1024 ** 3)
    .describe('Bytes of anonymous memory at which it is killed.'),
  processPerModel: z
    .boolean()
    .default(false)
    .describe('Start the program anew for each model, the next while one is computed.'),
  canary: z
    .boolean()
    .default(true)
    .describe('Score a tiny model of known losses each round: what tells a sick program from a bad model.'),
  network: z
    .enum(['allow', 'deny', 'deny-if-possible'])
    .default('allow')
    .describe('Whether the program may reach the network. Taking it away needs Linux.'),
  startDeadline: z.number().positive().default(120_000).describe('Milliseconds until it must have said hello.'),
});
type Options = z.infer<typeof options>;

/** The command with absolute paths where it names files beside the config file. */
const commandOf = ({ command }: Options, { resolvePath }: PluginDeps): string[] =>
  command.map((part) => (part.startsWith('./') || part.startsWith('../') ? resolvePath(part) : part));

export default definePlugin({
  apiVersion: 1,
  name: 'process',
  provides: {
    evaluator: {
      options,
      check: (given: Options, deps: PluginDeps) =>
        requireProgram(commandOf(given, deps), deps.environment['PATH'] ?? process.env['PATH']),
      create: async (given: Options, deps: PluginDeps): Promise<Evaluator> =>
        new ProcessEvaluator(
          {
            command: commandOf(given, deps),
            environment: {
              ...given.environment,
              ...(given.device === undefined ? {} : { ASSAY_EVALUATOR_DEVICE: given.device }),
            },
            startDeadlineMs: given.startDeadline,
            memoryLimitBytes: given.memoryLimit,
            kinds: given.kinds,
            processPerModel: given.processPerModel,
            network: given.network,
            canary: given.canary,
          },
          deps,
        ),
    },
  },
});
