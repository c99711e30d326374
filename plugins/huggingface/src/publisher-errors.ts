import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';

const LONGEST = 300;

/** What can go wrong when a miner publishes on the hub. */
export const publisherErrors = defineErrors({
  HUB_TOKEN_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { repo: string }) => `There is no token of the hub, and ${p.repo} can't be written to without one.`,
    hint: () =>
      'Create a token with the role "write" at https://huggingface.co/settings/tokens and set HF_TOKEN, in the environment or in .env.',
  },
  HUB_TOKEN_REFUSED: {
    fault: 'config',
    retry: 'never',
    message: (p: { hub: string; reason: string }) =>
      `${p.hub} does not take the token: ${printable(p.reason, LONGEST)}`,
    hint: () =>
      'Set HF_TOKEN to a token that is in force: it begins with hf_, and https://huggingface.co/settings/tokens lists them.',
  },
  HUB_WRITE_REFUSED: {
    fault: 'config',
    retry: 'never',
    message: (p: { repo: string; reason: string }) =>
      `This token may not write to ${p.repo}: ${printable(p.reason, LONGEST)}`,
    hint: () =>
      'Set HF_TOKEN to a token with the role "write" of an account that owns the repo, or follow what the hub says. What was uploaded stays.',
  },
  HUB_REPO_FOREIGN: {
    fault: 'config',
    retry: 'never',
    message: (p: { repo: string; owners: readonly string[] }) =>
      `${p.repo} would belong to somebody else: the token is of ${printable(p.owners.join(', '), LONGEST)}.`,
    hint: () => 'Name a repo below your own user or organisation: --repo NAMESPACE/NAME.',
  },
  HUB_REFUSED: {
    fault: 'config',
    retry: 'never',
    message: (p: { what: string; status: number; reason: string }) =>
      `The hub refuses ${p.what} with status ${p.status}: ${printable(p.reason, LONGEST)}`,
    hint: () => 'Follow what the hub says. Nothing has been committed on chain, and what was uploaded stays.',
  },
  HUB_UNREACHABLE: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { what: string; tries: number; reason: string }) =>
      `${p.what} failed ${p.tries} times: ${printable(p.reason, LONGEST)}`,
    hint: () => 'Run the command again when the hub answers: it goes on where it stopped, and nothing is lost.',
  },
  HUB_ANSWER_UNUSABLE: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { what: string; reason: string }) =>
      `The hub's answer to ${p.what} can't be used: ${printable(p.reason, LONGEST)}`,
    hint: () => 'Check the address of the hub (publisher.endpoint, HF_ENDPOINT), and run the command again.',
  },
});
