import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';

export const modelCommandErrors = defineErrors({
  MODEL_COMMAND_INTERRUPTED: {
    fault: 'validator',
    retry: 'backoff',
    message: () => 'The command was interrupted.',
    hint: () => 'Run it again: it goes on where it stopped.',
  },
  REPO_NAME_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { repo: string }) => `${printable(p.repo, 200)} is no name of a repo.`,
    hint: () => 'Name it as NAMESPACE/NAME: your user or organisation, and a name of your choice.',
  },
  PUSH_SCHEME_UNSUPPORTED: {
    fault: 'config',
    retry: 'never',
    message: (p: { readFrom: string }) =>
      `Claims of this subnet are ${p.readFrom}, and this chain client puts none on chain.`,
    hint: () => 'Commit with the tool that the subnet names; `validator model hash` shows what the claim has to bind.',
  },
  PUSH_REVEAL_AFTER_UNUSED: {
    fault: 'config',
    retry: 'never',
    message: () => 'Claims of this subnet are plain commitments, which are readable at once.',
    hint: () => 'Leave out --reveal-after.',
  },
  PUSH_TIMELOCK_WAITS: {
    fault: 'config',
    retry: 'backoff',
    message: (p: { block: number | null; detail: string }) =>
      `This hotkey has a timelocked commitment of block ${p.block ?? 'unknown'} that has not opened yet (${printable(p.detail, 200)}).`,
    hint: () =>
      'Run the command again when it has opened: a claim to this model then stands. To replace it, add --replace-timelocked.',
  },
  PUSH_HOTKEY_UNREGISTERED: {
    fault: 'config',
    retry: 'never',
    message: (p: { hotkey: string; netuid: number }) =>
      `Hotkey ${p.hotkey} is not registered on netuid ${p.netuid}, and could not commit.`,
    hint: () => 'Register it, or choose another with --hotkey; validator chain metagraph lists those that are.',
  },
  PUSH_CLAIM_TOO_LONG: {
    fault: 'config',
    retry: 'never',
    message: (p: { bytes: number; limit: number; excess: number; repo: string }) =>
      `The claim to ${p.repo} has ${p.bytes} bytes; the chain takes ${p.limit}.`,
    hint: (p: { excess: number }) =>
      `Shorten the name of the repo by ${p.excess} characters or more. Nothing has been uploaded.`,
  },
  READ_BACK_DIFFERS: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { repo: string; paths: readonly string[] }) =>
      `${p.repo} does not hold what was uploaded: ${printable(p.paths.join(', '), 500)}.`,
    hint: () =>
      'Run the command again. If the files stay different, remove them from the repo first. Nothing has been committed.',
  },
  CLAIM_READ_BACK_DIFFERS: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { committed: string; found: string }) =>
      `The chain shows ${printable(p.found, 200)} instead of the claim ${printable(p.committed, 200)}.`,
    hint: () =>
      'Look at `validator chain commitments`. Something else may commit with this hotkey; run the command again to replace its commitment.',
  },
  PULL_NOTHING: {
    fault: 'config',
    retry: 'never',
    message: (p: { wanted: string; reason: string }) => `There is no model of ${p.wanted}: ${p.reason}.`,
    hint: () => 'Name a uid that `validator chain commitments` shows, or a repo as NAMESPACE/NAME@REVISION.',
  },
  PULL_FOLDER_OCCUPIED: {
    fault: 'config',
    retry: 'never',
    message: (p: { folder: string }) => `${p.folder} is there already and is not an empty folder.`,
    hint: () => 'Name a new folder with --to, or empty this one.',
  },
  PULL_FOLDER_UNWRITABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { folder: string; reason: string }) => `The model can't be written to ${p.folder}: ${p.reason}`,
    hint: () => 'Name a folder with --to that you may write to, on a disk with room for the model.',
  },
});
