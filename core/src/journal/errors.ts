import { defineErrors } from '../errors/define-errors.js';

export const journalErrors = defineErrors({
  JOURNAL_VALUE_INVALID: {
    fault: 'validator',
    retry: 'never',
    message: (p: { reason: string }) => `A value that JSON can't hold was to be recorded: ${p.reason}.`,
    hint: () =>
      'This is a defect in Assay or a plugin: numbers must be finite and big integers strings. Please report it.',
  },
  JOURNAL_CHAIN_BROKEN: {
    fault: 'validator',
    retry: 'never',
    /** `type` is absent for a round. */
    message: (p: { number: number; broken: string; type?: string }) =>
      `${p.type === undefined ? 'Round' : `The ${p.type}`} ${p.number} of the journal does not fit the chain: its ${p.broken} is wrong.`,
    hint: () =>
      'The file was damaged or edited. Restore the data folder from a backup, or start over with an empty one.',
  },
  JOURNAL_ATTACHMENT_DAMAGED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { digest: string }) => `The content with digest ${p.digest} is not as it was recorded.`,
    hint: () => 'Check the disk, and restore the data folder from a backup. The records themselves are not affected.',
  },
  JOURNAL_PART_MISSING: {
    fault: 'validator',
    retry: 'never',
    message: (p: { digest: string }) => `A record names a part with digest ${p.digest}, which is not there.`,
    hint: () => 'Restore the data folder from a backup, or export the record again with this version.',
  },
  JOURNAL_EXPORT_MALFORMED: {
    fault: 'config',
    retry: 'never',
    message: (p: { issues: readonly string[] }) => `This is not an exported record: ${p.issues.join('; ')}`,
    hint: () => 'Write one with: validator journal export NUMBER',
  },
  JOURNAL_EXPORT_VERSION: {
    fault: 'config',
    retry: 'never',
    message: (p: { version: number; known: number }) =>
      `The exported record has format version ${p.version}; this program knows ${p.known}.`,
    hint: () => 'Update Assay, or export the record again with this version.',
  },
  JOURNAL_EXPORT_TAMPERED: {
    fault: 'config',
    retry: 'never',
    message: (p: { number: number; stated: string; computed: string }) =>
      `Record ${p.number} was changed after it was written: it states hash ${p.stated}, its content has ${p.computed}.`,
    hint: () => 'Ask for the original file; nothing in this one can be relied on.',
  },
  JOURNAL_EXPORT_SIGNATURE: {
    fault: 'config',
    retry: 'never',
    message: (p: { number: number; hotkey: string }) =>
      `The signature of record ${p.number} was not made by hotkey ${p.hotkey}.`,
    hint: () => 'Ask the validator for the file again; this one may come from somebody else.',
  },
  JOURNAL_EXPORT_TOO_LARGE: {
    fault: 'config',
    retry: 'never',
    message: (p: { length: number; limit: number }) =>
      `The exported record has ${p.length} characters; more than ${p.limit} are not read.`,
    hint: () => 'Check that the file is one written by: validator journal export NUMBER',
  },
});
