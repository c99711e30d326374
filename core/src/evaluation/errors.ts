import { defineErrors } from '../errors/define-errors.js';

const tail = (text: string): string => text.slice(-500);

export const evaluationErrors = defineErrors({
  EVALUATOR_START: {
    fault: 'config',
    retry: 'backoff',
    message: (p: { command: string; reason: string }) => `The evaluator ${p.command} did not start: ${p.reason}`,
    hint: () => 'Run the command by hand: its first line must be the hello of docs/build/evaluator-protocol.md.',
  },
  EVALUATOR_KILLED: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { command: string; exit: string; tries: number }) =>
      `The evaluator ${p.command} was killed (${p.exit}) while it started, ${p.tries} times in a row.`,
    hint: () =>
      'Look in the system log for who killed it: as a rule the machine or its control group is out of memory.',
  },
  EVALUATOR_PROTOCOL: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { reason: string; line: string }) => `The evaluator broke its protocol: ${p.reason}`,
    hint: () => 'See docs/build/evaluator-protocol.md; stdout is for messages only, everything else goes to stderr.',
  },
  EVALUATOR_VERSION: {
    fault: 'config',
    retry: 'never',
    message: (p: { command: string; version: number; wanted: number }) =>
      `The evaluator ${p.command} speaks protocol ${p.version}; this validator speaks ${p.wanted}.`,
    hint: (p: { version: number; wanted: number }) =>
      p.version < p.wanted
        ? `Update the evaluator to protocol ${p.wanted}: docs/build/evaluator-protocol.md says what changed since version 1.`
        : 'Install the validator that belongs to this evaluator.',
  },
  EVALUATOR_HELLO: {
    fault: 'config',
    retry: 'never',
    message: (p: { command: string; issues: readonly string[] }) =>
      `The hello of the evaluator ${p.command} lacks or misstates: ${p.issues.join('; ')}`,
    hint: () => 'Add these members to the first line of the program, as docs/build/evaluator-protocol.md shows it.',
  },
  EVALUATOR_UNABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { command: string; missing: readonly string[] }) =>
      `The evaluator ${p.command} can't do ${p.missing.join(', ')}.`,
    hint: () => 'Name an evaluator that can, or set evaluator.kinds to what it declares in its hello.',
  },
  EVALUATOR_NETWORK: {
    fault: 'config',
    retry: 'never',
    message: (p: { command: string }) => `The network can't be taken from the evaluator ${p.command} on this machine.`,
    hint: () => 'On Linux install util-linux and allow user namespaces, or set network to deny-if-possible.',
  },
  EVALUATOR_CRASHED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { exit: string; stderr: string }) =>
      `The evaluator's process ended (${p.exit}) before it answered. ${tail(p.stderr)}`.trim(),
    hint: () =>
      'Check the memory of the machine and the log around this line. The model keeps its standing, and the process is restarted.',
  },
  EVALUATOR_DEADLINE: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { deadlineMs: number; stopped: boolean }) =>
      `The evaluator did not answer within ${Math.round(p.deadlineMs / 1000)} s and was killed${p.stopped ? '; a signal had stopped it meanwhile' : ''}.`,
    hint: () => 'Raise cadences.modelDeadline, or give the evaluator a faster machine.',
  },
  EVALUATOR_MEMORY: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { bytes: number; limit: number }) =>
      `The evaluator used ${Math.round(p.bytes / 2 ** 20)} MiB of memory of its own, over the limit of ${Math.round(p.limit / 2 ** 20)} MiB, and was killed.`,
    hint: () => 'Raise evaluator.memoryLimit if the machine has the memory.',
  },
  SAMPLES_NOT_WRITTEN: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { folder: string; reason: string }) => `The samples can't be written into ${p.folder}: ${p.reason}`,
    hint: () => 'Free space on the disk of dataDir, and let the validator write there.',
  },
  SAMPLES_UNREADABLE: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { path: string; reason: string }) => `The samples in ${p.path} can't be read: ${p.reason}`,
    hint: () => 'Leave the folder scratch below dataDir to the validator, and let the evaluator read it.',
  },
  SAMPLES_DIFFER: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { path: string; reason: string }) =>
      `The samples in ${p.path} are not those that were drawn: ${p.reason}`,
    hint: () => 'Leave the folder scratch below dataDir to the validator, and check the disk.',
  },
});
