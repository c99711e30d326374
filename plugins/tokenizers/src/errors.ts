import { defineErrors } from '@assay/core/errors/define-errors';

export const tokenizerErrors = defineErrors({
  TOKENIZER_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { name: string; known: readonly string[] }) =>
      `There is no built-in tokenizer ${p.name}; there is ${p.known.join(', ')}.`,
    hint: () => 'Name a built-in one, or a folder with tokenizer.json and tokenizer_config.json.',
  },
  TOKENIZER_UNAVAILABLE: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { repo: string; revision: string; reason: string }) =>
      `The tokenizer ${p.repo} at ${p.revision} can't be fetched: ${p.reason}`,
    hint: () =>
      'Check the connection and HF_ENDPOINT, or put its files into a folder and name that in the competition.',
  },
  TOKENIZER_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `The tokenizer in ${p.path} can't be used: ${p.reason}`,
    hint: () => 'The folder needs tokenizer.json and tokenizer_config.json as the library saves them.',
  },
  TOKENIZER_NOT_FOLLOWED: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string; remedy: string }) =>
      `The tokenizer in ${p.path} would get other ids here than from the library: ${p.reason}`,
    hint: (p: { remedy: string }) => `Change the files so that the library takes them as they are. ${p.remedy}`,
  },
  TOKENIZER_LIBRARY_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { platform: string; reason: string }) =>
      `The package tokenizers can't be loaded on ${p.platform}: ${p.reason}`,
    hint: () =>
      'Run npm ci on Linux, macOS or Windows (x64 or arm64), or choose a competition with the tokenizer cl100k_base.',
  },
  TOKENIZER_FAILED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { name: string; what: string; reason: string }) =>
      `The tokenizer ${p.name} can't ${p.what}: ${p.reason}`,
    hint: () => 'Report the text and the tokenizer to the owner of the competition if this happens again.',
  },
});
