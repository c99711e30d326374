import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';

const short = (text: string): string => printable(text, 300);

export const torchErrors = defineErrors({
  PYTHON_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { python: string; reason: string }) => `Python can't be started as ${p.python}: ${short(p.reason)}.`,
    hint: () => 'Set evaluator.python to a Python 3.9 or later that has torch: a name of PATH, or a path.',
  },
  TORCH_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { python: string }) => `${p.python} has no torch.`,
    hint: (p: { python: string }) =>
      `Install it (${p.python} -m pip install torch, or Debian's python3-torch for CPUs), or set evaluator.python to a Python that has it.`,
  },
  TORCH_OLD: {
    fault: 'config',
    retry: 'never',
    message: (p: { python: string; found: string }) =>
      `${p.python} has ${short(p.found)}; torch 1.13 and Python 3.9 are the oldest that are supported.`,
    hint: (p: { python: string }) =>
      `Install a later one (${p.python} -m pip install --upgrade torch), or set evaluator.python to a Python that has it.`,
  },
  TORCH_UNUSABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { device: string; reason: string }) => `torch can't compute on ${p.device}: ${short(p.reason)}`,
    hint: () =>
      'Install a torch that is built for the device, check its driver (nvidia-smi), or set evaluator.device to cpu and evaluator.computeType to float32.',
  },
  ENGINE_FAILED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { reason: string }) => `torch failed: ${short(p.reason)}`,
    hint: () => 'The model keeps its standing. If it fails again and again, evaluate it by hand and look at memory.',
  },
  ENGINE_ENDED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { exit: string; tail: string }) =>
      `The Python process that computes has ended (${p.exit})${p.tail === '' ? '' : `: ${short(p.tail)}`}.`,
    hint: () => 'Look at the log of the system for a lack of memory: the model keeps its standing and is tried again.',
  },
  DEVICE_MEMORY: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { reason: string }) => `The memory of the device does not suffice: ${short(p.reason)}`,
    hint: () => 'Lower evaluator.batchTokens, or end other programs that use the device.',
  },
});
