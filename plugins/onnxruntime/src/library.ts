import { z } from 'zod';

export type Library = '4.44' | '4.57' | '5';

const NAMES = { '4.44': 'transformers 4.44.1' } as const;
type Version = keyof typeof NAMES;

/** Versions of the library whose classes and rules of generation are followed. YAML reads 4.44 as a number. */
export const libraryVersion = z
  .union([z.enum(['4.44']), z.literal(4.44)], {
    error: `the only version of transformers that is followed is ${Object.keys(NAMES).join(', ')}`,
  })
  .transform((given): Version => (typeof given === 'number' ? '4.44' : given));

/** As the numerics of a result say it. */
export const libraryName = (version: Version): string => NAMES[version];

/** What the inspector follows, which has no option for it while there is one version. */
export const LIBRARY = libraryName('4.44');
