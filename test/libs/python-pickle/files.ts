import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { enumeration, record, type AllowedGlobals } from '@assay/lib-python-pickle';

export const STATES = join(import.meta.dirname, '..', '..', 'fixtures', 'reference-state');

export const fixture = (path: string): Buffer => readFileSync(join(STATES, path));

/** The classes that the fixtures name. */
export const GLOBALS: AllowedGlobals = new Map([
  ...['ModelId', 'ModelMetadata', 'EvalResult'].map((name) => [`taoverse.model.data.${name}`, record(name)] as const),
  ['competitions.data.CompetitionId', enumeration('CompetitionId', { M772_MODEL: 1, B3_MODEL: 2, TTS_V0: 6 })] as const,
]);
