import type { Hook } from '@oclif/core';

/** `plugins install` and its kin start npm, which runs scripts of the packages with the variables of this process. */
const dropPasswords: Hook<'init'> = async ({ id }) => {
  if (id === undefined || !/^plugins(?::|$)/.test(id)) return;
  const { dropWalletPasswords } = await import('../wallet-passwords.js');
  dropWalletPasswords(process.env);
};

export default dropPasswords;
