import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';

const LONGEST_NAME = 200;

export const pickleErrors = defineErrors({
  PICKLE_MALFORMED: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; offset: number; reason: string }) =>
      `${p.file} can't be read as a pickle: ${p.reason} (byte ${p.offset}).`,
    hint: () => 'Stop the program that writes the file, then copy the file again.',
  },
  PICKLE_GLOBAL_REFUSED: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; offset: number; global: string }) =>
      `${p.file} names ${printable(p.global, LONGEST_NAME)} (byte ${p.offset}), which a file of this kind does not need.`,
    hint: () =>
      'Do not load the file in Python either: a pickle can run any program. Copy it again from the machine that wrote it.',
  },
  PICKLE_OPCODE_REFUSED: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; offset: number; opcode: number }) =>
      `${p.file} has the opcode 0x${p.opcode.toString(16)} (byte ${p.offset}), which Python 3 does not write into such a file.`,
    hint: () => 'Copy the file again from the machine that wrote it, and check that it is the file that was meant.',
  },
  PICKLE_TOO_LARGE: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; what: string; limit: number }) => `${p.file} has more than ${p.limit} ${p.what}.`,
    hint: () => 'Check that it is the file that was meant: one of a subnet of any size is far smaller.',
  },
  TENSOR_MALFORMED: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; reason: string }) => `${p.file} holds a tensor that can't be read: ${p.reason}.`,
    hint: () => 'Stop the program that writes the file, then copy the file again.',
  },
});
