import { defineErrors } from '../errors/define-errors.js';
import { printable } from '../errors/printable.js';

export const commitmentErrors = defineErrors({
  COMMITMENT_MALFORMED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { reason: string; commitment: string }) => `The commitment is not a model: ${p.reason}.`,
    hint: () => 'Commit namespace:name:revision:secure_hash:competition_id, at most 128 bytes.',
  },
  REPO_ID_INVALID: {
    fault: 'miner',
    retry: 'never',
    message: (p: { reason: string; repoId: string }) => p.reason,
    hint: () => 'A repo id is namespace/name, 3 to 38 characters, letters, digits, dashes, dots and underscores.',
  },
});

export const storeErrors = defineErrors({
  REPO_NOT_FOUND: {
    fault: 'miner',
    retry: 'grace',
    message: (p: { repo: string; orPrivate?: boolean }) =>
      p.orPrivate
        ? `There is no public repo ${p.repo}: it does not exist, or it is private; the source does not say which.`
        : `There is no repo ${p.repo}.`,
    hint: () => 'Publish the repo, and keep it public for as long as the commitment stands.',
  },
  REPO_NOT_PUBLIC: {
    fault: 'miner',
    retry: 'grace',
    message: (p: { repo: string; reason: string }) =>
      `Repo ${p.repo} is not for everybody: ${printable(p.reason, 200)}.`,
    hint: () => 'Make the repo public, and ask for no agreement: every validator has to be able to read it.',
  },
  REVISION_NOT_FOUND: {
    fault: 'miner',
    retry: 'grace',
    message: (p: { repo: string; revision: string }) => `Repo ${p.repo} has no revision ${p.revision}.`,
    hint: () => 'Commit to a revision that is published: the full 40 hex digits of a git commit, or a digest.',
  },
  FILE_NOT_FOUND: {
    fault: 'miner',
    retry: 'grace',
    message: (p: { repo: string; path: string }) => `Repo ${p.repo} has no file ${printable(p.path, 200)}.`,
    hint: () => 'Upload the whole folder that save_pretrained wrote.',
  },
  SOURCE_UNREACHABLE: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { what: string; reason: string; retryAfterMs?: number }) =>
      `Asking for ${printable(p.what, 300)} failed: ${printable(p.reason, 200)}.`,
    hint: () => 'Check the connection and the status page of the source; it is asked again, and no miner is blamed.',
  },
  SOURCE_ANSWER_INVALID: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { what: string; reason: string }) =>
      `The answer for ${printable(p.what, 300)} can't be used: ${printable(p.reason, 200)}.`,
    hint: () =>
      'Check the address of the source in the options of the store; it is asked again, and no miner is blamed.',
  },
  REDIRECT_REFUSED: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { what: string; to: string; reason: string }) =>
      `The source sends the request for ${printable(p.what, 300)} to ${printable(p.to, 200)}, which is refused: ${p.reason}.`,
    hint: () =>
      'Check the source: downloads follow redirects by https to public addresses only, and to the address that the options of the store name.',
  },
  SOURCE_TOKEN_REFUSED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { source: string; variables: readonly string[]; reason: string }) =>
      `${p.source} refuses the token in ${p.variables.join(' or ')}: ${printable(p.reason, 200)}.`,
    hint: () => 'Make a new token with read access and put it in the place of the old one, or unset it.',
  },
  FILE_CONTENT_DIFFERS: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { path: string; expected: string; received: string }) =>
      `${printable(p.path, 200)} came with digest ${p.received} where the source states ${p.expected}.`,
    hint: () => 'The source or the way to it is faulty. What came is thrown away, and the file is fetched again.',
  },
  FILE_CHANGED: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { path: string }) => `${printable(p.path, 200)} has changed at its source while it was fetched.`,
    hint: () => 'What came is thrown away, and the file is fetched again.',
  },
  FILE_TOO_LARGE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { path: string; size: number; limit: number }) =>
      `${printable(p.path, 200)} has ${p.size} bytes, more than ${p.limit}.`,
    hint: () => 'Config and index files are small; save the model again.',
  },
  FILE_NAME_REFUSED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { path: string }) =>
      `A file name of the repo can't be stored: ${JSON.stringify(printable(p.path, 200))}.`,
    hint: () =>
      'Use plain file names: no links, no dots for folders, no control characters, each once whatever its case.',
  },
  TOO_MANY_FILES: {
    fault: 'miner',
    retry: 'never',
    message: (p: { limit: number }) => `The repo has more than ${p.limit} files.`,
    hint: () => 'Publish the model alone: config, weights and tokenizer.',
  },
  FILE_SIZE_DIFFERS: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { path: string; expected: number; received: number }) =>
      `${printable(p.path, 200)} gave ${p.received} bytes where ${p.expected} were listed.`,
    hint: () => 'The source was cut off or has changed meanwhile; it is asked again.',
  },
  SOURCE_NOT_SERVED: {
    fault: 'config',
    retry: 'next-round',
    message: (p: { source: string; store: string; sources: readonly string[] }) =>
      `A model comes from ${p.source}, and the ${p.store} has models from ${p.sources.join(', ')} only.`,
    hint: () => 'Choose a store that has models of this kind: store.use in the config file. No miner is blamed for it.',
  },
  STORE_FULL: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { directory: string; needed?: number; free?: number }) =>
      `There is no room left for models in ${p.directory}${p.needed === undefined ? '' : `: ${p.needed} bytes are needed, ${p.free ?? 0} are free`}.`,
    hint: () =>
      'Free disk space, raise store.maxBytes or lower store.minFreeBytes, or move the store with store.dir or --model-dir.',
  },
  STORE_SHORT: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { models: number; needed: number; free: number }) =>
      `${p.models} models in force have ${p.needed} bytes to fetch, and ${p.free} are free.`,
    hint: () =>
      'Free disk space, or move the store with store.dir or --model-dir: what does not fit cannot be judged, and holds up its competition.',
  },
  STORE_FAILED: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { directory: string; reason: string }) =>
      `The model store in ${p.directory} can't be used: ${p.reason}`,
    hint: () => 'Check that the folder exists, is writable and belongs to the validator.',
  },
  STORED_MODEL_CHANGED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { repo: string; directory: string | null }) =>
      `The files of ${p.repo} in ${p.directory ?? 'the store'} are no longer those that were verified.`,
    hint: () =>
      'Check the disk, and whether something else writes into the store. The model is fetched again, and its miner is not blamed.',
  },
});

export const verificationErrors = defineErrors({
  MODEL_TOO_LARGE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { bytes: number; limit: number }) =>
      `The repo has ${p.bytes} bytes, more than the competition's ${p.limit}.`,
    hint: () => 'All files of the revision count, those that are not the model included.',
  },
  NO_SAFETENSORS: {
    fault: 'miner',
    retry: 'never',
    message: (p: { files: readonly string[] }) =>
      `The repo has no safetensors${p.files.length > 0 ? ', only formats that are never opened' : ''}.`,
    hint: () => 'Save the weights as safetensors: model.save_pretrained(folder, safe_serialization=True).',
  },
  REPO_FILE_INVALID: {
    fault: 'miner',
    retry: 'never',
    message: (p: { path: string; reason: string }) =>
      `${printable(p.path, 200)} can't be used: ${printable(p.reason, 200)}`,
    hint: () => 'Save the model again with save_pretrained and upload the whole folder.',
  },
  DUPLICATE_FILES: {
    fault: 'miner',
    retry: 'never',
    message: (p: { paths: readonly string[] }) =>
      `Two files that count have the same content: ${printable(p.paths.join(' and '), 200)}.`,
    hint: () => 'No validator of this kind accepts such a repo; make the files differ or leave one out.',
  },
  HASH_MISMATCH: {
    fault: 'miner',
    retry: 'never',
    message: () => 'The files are not those that this hotkey has committed to.',
    hint: () =>
      'The commitment holds base64(sha256(directory hash + hotkey)) over the files that count at this revision.',
  },
  ARCHITECTURE_NOT_ALLOWED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { architecture: string; allowed: readonly string[] }) =>
      `${p.architecture} is none of ${p.allowed.join(', ')}.`,
    hint: () => 'Train a model of an architecture that the competition allows.',
  },
  PARAMETERS_OUT_OF_RANGE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { parameters: number; min: number; max: number }) =>
      `The model has ${p.parameters} parameters, not between ${p.min} and ${p.max}.`,
    hint: () => 'Tied weights count once; validator evaluate shows the count.',
  },
  SEQUENCES_TOO_LONG: {
    fault: 'miner',
    retry: 'never',
    message: (p: { positions: number; sequenceLength: number }) =>
      `The model has ${p.positions} positions for sequences of ${p.sequenceLength} tokens.`,
    hint: () => 'Train a model with at least as many positions as the competition evaluates.',
  },
  CONFIG_LOCKED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { key: string; found: string; wanted: string }) =>
      `${p.key} in config.json is ${p.found}; models of this competition have ${p.wanted}.`,
    hint: () =>
      'Train a model of the shape that the competition asks for: `validator competitions` shows its entry checks.',
  },
  NEAR_COPY: {
    fault: 'miner',
    retry: 'never',
    message: (p: {
      share: number;
      limit: number;
      distance: number | null;
      uid: number;
      hotkey: string;
      block: number;
    }) =>
      `${(p.share * 100).toFixed(1)} % of the weights are in tensors of uid ${p.uid}${p.distance === null ? '' : `, equal or within a difference of ${p.distance}`}, which claimed its model before, at block ${p.block}.`,
    hint: () =>
      'Train more of the weights, and further. `validator competitions` shows from which share on this competition takes a model for a copy.',
  },
  VOCABULARY_TOO_SMALL: {
    fault: 'miner',
    retry: 'never',
    message: (p: { vocabulary: number; needed: number }) =>
      `The model knows ${p.vocabulary} tokens; the competition's tokenizer has ${p.needed}.`,
    hint: () => "Train with the competition's own tokenizer.",
  },
});
