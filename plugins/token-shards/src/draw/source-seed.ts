import { textSeed } from '@assay/lib-numpy-random';

/** Seed of a source: that of the text `SEED:NAME`. */
export const sourceSeed = (seed: bigint, name: string): bigint => textSeed(`${seed}:${name}`);
