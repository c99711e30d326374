import { z } from 'zod';
import { runEvent } from '@assay/core/contracts/reporter';
import { keepSecret } from '@assay/core/errors/secrets';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { reporterErrors } from './errors.js';
import { FileReporter } from './file-reporter.js';
import { WebhookReporter } from './webhook-reporter.js';

const MIB = 1024 * 1024;
const eventName = z.enum(runEvent.options.map(({ shape }) => shape.event.value));

const fileOptions = z.strictObject({
  path: z.string().min(1).describe('File to which a line is appended for each event.'),
  maxBytes: z
    .number()
    .int()
    .min(MIB)
    .default(100 * MIB)
    .describe('Bytes from which on a new file is begun; the full one becomes PATH.1.'),
  events: z.array(eventName).min(1).optional().describe('Events to write; all when left out.'),
});

const webhookOptions = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('Address that takes a POST of one JSON document for each event.'),
  tokenVariable: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/)
    .optional()
    .describe('Environment variable with a token, sent as `authorization: Bearer`.'),
  events: z
    .array(eventName)
    .min(1)
    .default([
      'run-started',
      'round-finished',
      'round-skipped',
      'weights-set',
      'weights-failed',
      'warning',
      'run-stopped',
    ])
    .describe('Events to send.'),
  timeoutMs: z.number().int().min(100).default(10_000).describe('Milliseconds for one request.'),
  attempts: z.number().int().min(1).max(10).default(4).describe('Requests for one event before it is given up.'),
  retryDelayMs: z
    .number()
    .int()
    .min(1)
    .default(2000)
    .describe('Milliseconds before the second request, doubled before each further one.'),
});

function tokenOf(variable: string | undefined, { environment }: PluginDeps): string | undefined {
  if (variable === undefined) return undefined;
  const token = environment[variable];
  if (token === undefined || token === '') throw reporterErrors.WEBHOOK_TOKEN_MISSING({ variable });
  keepSecret(variable, token);
  return token;
}

export default definePlugin({
  apiVersion: 1,
  name: 'reporters',
  provides: {
    reporters: {
      file: {
        options: fileOptions,
        create: async ({ path, maxBytes, events }: z.infer<typeof fileOptions>, { resolvePath }: PluginDeps) =>
          new FileReporter({ path: resolvePath(path), maxBytes, events }),
      },
      webhook: {
        remote: true,
        options: webhookOptions,
        questions: [
          { key: 'url', question: 'Which address takes the events?', kind: 'text' },
          {
            key: 'attempts',
            question: 'How many requests for one event before it is given up?',
            kind: 'number',
            default: 4,
          },
        ],
        create: async ({ tokenVariable, ...options }: z.infer<typeof webhookOptions>, deps: PluginDeps) => {
          // The address of many services is a secret by itself.
          keepSecret('webhook url', options.url);
          return new WebhookReporter({ ...options, token: tokenOf(tokenVariable, deps) });
        },
      },
    },
  },
});
