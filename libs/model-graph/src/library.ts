import { z } from 'zod';

/** In the order of their release. */
const NAMES = {
  '4.44': 'transformers 4.44.1',
  '4.57': 'transformers 4.57.6',
  '5': 'transformers 5.18.0',
} as const;

/** A version of the library whose classes, rules of loading and rules of generation are followed. */
export type Library = keyof typeof NAMES;

export const LIBRARIES = Object.keys(NAMES).sort() as Library[];

/** The first one, for which most of this package was written. */
export const FIRST_LIBRARY: Library = '4.44';

/** YAML reads 4.57 as a number. */
export const libraryVersion = z
  .union([z.enum(LIBRARIES as [Library, ...Library[]]), z.literal(LIBRARIES.map(Number))], {
    error: `the versions of transformers that are followed are ${LIBRARIES.join(', ')}`,
  })
  .transform((given) => LIBRARIES.find((library) => library === String(given)) ?? FIRST_LIBRARY);

/** As the numerics of a result say it. */
export const libraryName = (version: Library): string => NAMES[version];
