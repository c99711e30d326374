import { defineErrors } from '@assay/core/errors/define-errors';

export const evaluateErrors = defineErrors({
  MODEL_FOLDER_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { model: string }) => `${p.model} is neither a folder nor a repo at a revision.`,
    hint: () =>
      'Name the folder that holds config.json and the safetensors, or a repo as NAMESPACE/NAME@REVISION with all 40 digits of the commit.',
  },
  MODEL_REVISION_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { model: string }) => `${p.model} names no revision.`,
    hint: () =>
      'A revision is the commit in full, 40 lower-case hex digits, as in a commitment; a branch or a tag can move.',
  },
  MODEL_FOLDER_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { folder: string; reason: string }) => `The folder ${p.folder} can't be read: ${p.reason}`,
    hint: () => 'Name a folder whose files this user may read.',
  },
  EVALUATE_ON_WHAT: {
    fault: 'config',
    retry: 'never',
    message: () => 'There is nothing to evaluate the model on, or too much.',
    hint: () => 'Give either --sequences FILE with token ids, or --competition NAME to draw its samples.',
  },
  NOBODY_CHALLENGED: {
    fault: 'config',
    retry: 'never',
    message: (p: { competition: string }) =>
      `A round of ${p.competition} is played against the model that reigns, and the model was scored alone.`,
    hint: () => 'Name who is challenged: --against king, --against UID, or --against with a folder or a repo.',
  },
  KING_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { competition: string }) => `Who reigns in ${p.competition} is not known here.`,
    hint: () =>
      'Name the model: --against NAMESPACE/NAME@REVISION, or the data folder of a validator of the subnet with --data-dir.',
  },
  CLAIM_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { uid: number; netuid: number }) => `Uid ${p.uid} of subnet ${p.netuid} claims no model.`,
    hint: () => 'Look up who claims what with `validator chain commitments`.',
  },
  MODELS_NOT_COMPARED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { checks: readonly string[] }) =>
      `Entry checks of this competition compare the models of a round with each other, which was not done here: ${p.checks.join(', ')}.`,
    hint: () => "Train the weights yourself: who has most of them from another miner's earlier claim may be refused.",
  },
  SEED_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { seed: string }) => `${p.seed.slice(0, 100)} is no seed.`,
    hint: () => 'A seed is a natural number of at most 80 digits; leave it out for that of the newest sync block.',
  },
  COMPETITION_NUMBER_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { id: number; known: readonly string[] }) =>
      `No installed package provides competition ${p.id}; there is ${p.known.join(', ')}.`,
    hint: () => 'Name an installed competition, or install its package and list it under plugins.',
  },
});
