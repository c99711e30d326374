import { defineErrors } from '../errors/define-errors.js';

export const kindErrors = defineErrors({
  TASK_KIND_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { kind: string; known: readonly string[] }) =>
      `No installed package brings the task kind ${p.kind}; known are ${p.known.join(', ')}.`,
    hint: () => 'Install the package that brings the kind, or name another kind in the competition.',
  },
  TASK_KIND_VERSION: {
    fault: 'config',
    retry: 'never',
    message: (p: { kind: string; recorded: number; installed: number }) =>
      `The round was judged by version ${p.recorded} of the task kind ${p.kind}; installed is version ${p.installed}.`,
    hint: () => 'Install the version of the package that judged the round, and replay it with that.',
  },
  TASK_PARAMETERS: {
    fault: 'config',
    retry: 'never',
    message: (p: { task: string; kind: string; issues: readonly string[] }) =>
      `Task ${p.task} has parameters that its kind ${p.kind} does not take: ${p.issues.join('; ')}`,
    hint: () => 'Correct the task in the competition; docs/build/competition.md lists the parameters of the kinds.',
  },
  TOKENIZER_NOT_USED: {
    fault: 'config',
    retry: 'never',
    message: (p: { what: string }) => `The data of this task is tokenised already, and ${p.what} was asked for.`,
    hint: () => "Set the task's parameter `tokenizer` to `competition`, or name a dataset of token ids.",
  },
  SAMPLES_UNUSABLE: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { sample: number; reason: string }) => `Sample ${p.sample} can't be evaluated: ${p.reason}.`,
    hint: () =>
      'Report it to the authors of the dataset: each sample is rows of one length, of ids from 0 to 4294967295.',
  },
  EVALUATION_ABSENT: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { task: string }) => `The evaluator's answer has no usable result for task ${p.task}.`,
    hint: () => 'Hold the evaluator to its protocol: validator evaluator check, and docs/build/evaluator-protocol.md.',
  },
  EVIDENCE_INVALID: {
    fault: 'validator',
    retry: 'never',
    message: (p: { task: string }) => `The recorded evidence of task ${p.task} is not what its kind records.`,
    hint: () => 'Check the journal with validator journal replay: the entry was changed, or made by another program.',
  },
  NON_FINITE_SCORE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { task: string }) => `The raw score of task ${p.task} is not a finite number.`,
    hint: () => 'Evaluate the model yourself before committing it: weights or activations hold NaN or infinity.',
  },
  UNREASONABLE_OUTPUT: {
    fault: 'miner',
    retry: 'never',
    message: (p: { task: string }) =>
      `What the model generates in task ${p.task} is repetitive or independent of its prompt.`,
    hint: () => 'Generate from it yourself: validator evaluate MODEL shows the continuations that were judged.',
  },
});
