import type { Hook } from '@oclif/core';

/** Suggestions in place of the installer's, which address authors of oclif packages. */
const SUGGESTIONS: readonly (readonly [message: RegExp, suggestions: readonly string[]])[] = [
  [
    /^plugin is invalid$/,
    [
      'Write "oclif": {} and "validator": { "plugin": true, "apiVersion": 1 } into its package.json: docs/build/plugin.md has a whole one.',
      'If it is not yours, tell its author.',
    ],
  ],
  [
    / exited with code \d+$/,
    [
      'What npm says stands above. Where it does not find an @assay/ package: no registry has those. The package must name them under "devDependencies" or as optional peers: the validator provides them.',
      'validator competition check FOLDER looks at the package.json as well.',
    ],
  ],
];

const explainInstall: Hook<'finally'> = ({ error, id }) => {
  // The installer has its own copy of oclif, so its errors are told by their members.
  if (error !== undefined && 'suggestions' in error && id.startsWith('plugins:')) {
    const found = SUGGESTIONS.find(([message]) => message.test(error.message));
    if (found) error.suggestions = found[1];
  }
  return Promise.resolve();
};

export default explainInstall;
