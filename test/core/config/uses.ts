import { forEachContract } from '@assay/core/plugin/contracts';

/** Everything that a program which reads a config decides where it is silent: one implementation of every contract. */
export const usesOf = (use: string): Readonly<Record<string, unknown>> => ({
  subnet: 'demo',
  ...forEachContract(() => ({ use })),
});
