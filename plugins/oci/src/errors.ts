import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';

export const ociErrors = defineErrors({
  IMAGE_INVALID: {
    fault: 'miner',
    retry: 'never',
    message: (p: { repo: string; reason: string }) =>
      `The image of ${printable(p.repo, 200)} is not a model: ${printable(p.reason, 200)}.`,
    hint: () =>
      'Push the folder of the model with one layer for each file, its name in the annotation org.opencontainers.image.title, as `oras push` does.',
  },
  IMAGE_INDEX: {
    fault: 'miner',
    retry: 'never',
    message: (p: { repo: string }) => `The digest of ${printable(p.repo, 200)} is that of a list of images.`,
    hint: () => 'Commit to the digest of one image: `skopeo inspect --raw` shows those that the list names.',
  },
  LAYER_SIZE_WRONG: {
    fault: 'miner',
    retry: 'grace',
    message: (p: { repo: string; path: string; stated: number; actual: number }) =>
      `The image of ${printable(p.repo, 200)} says that ${printable(p.path, 200)} has ${p.stated} bytes; its registry has ${p.actual}.`,
    hint: () => 'Push the model again with a tool that measures its files, such as `oras push`.',
  },
  REGISTRY_LOGIN_MISSING: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { registry: string; reason: string }) =>
      `The registry ${p.registry} asks for a user name and password: ${printable(p.reason, 200)}.`,
    hint: (p: { registry: string }) =>
      `Log in with \`docker login ${p.registry}\` or \`skopeo login\`, or put the login into DOCKER_AUTH_CONFIG.`,
  },
  REGISTRY_LOGINS_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { place: string; reason: string }) => `The logins in ${p.place} can't be read: ${p.reason}.`,
    hint: () => 'Correct the JSON, or log in again with `docker login`.',
  },
  TOKEN_SERVER_NOT_LISTED: {
    fault: 'config',
    retry: 'next-round',
    message: (p: { registry: string; server: string }) =>
      `The registry ${p.registry} gives its tokens at ${printable(p.server, 200)}, which the config does not name.`,
    hint: () => 'Add the host to tokenServers in the options of the store, if the registry means it.',
  },
});
