import { defineErrors } from '@assay/core/errors/define-errors';

export const tokenizerErrors = defineErrors({
  TOKENIZER_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { name: string; known: readonly string[] }) => `There is no built-in tokenizer ${p.name}; there is ${p.known.join(', ')}.`,
    hint: () => 'Name a built-in one, or a folder with tokenizer.json and tokenizer_config.json.',
  },
  TOKENIZER_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `The tokenizer in ${p.path} can't be used: ${p.reason}`,
    hint: () => 'The folder needs tokenizer.json and tokenizer_config.json as the library saves them.',
  },
});
