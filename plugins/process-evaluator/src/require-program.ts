import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { processErrors } from './errors.js';

const can = (path: string, mode: number): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );

/**
 * Whether the program of a command is there and may be run, and so are the files that its arguments name by path.
 * @param command paths in it are absolute
 * @param path the variable PATH
 * @throws PROGRAM_MISSING
 */
export async function requireProgram(command: readonly string[], path = ''): Promise<void> {
  const [program = '', ...rest] = command;
  const places = program.includes('/') ? [program] : path.split(delimiter).map((folder) => join(folder, program));
  const found = await Promise.all(places.map((place) => can(place, constants.X_OK)));
  if (!found.includes(true))
    throw processErrors.PROGRAM_MISSING({ program, reason: 'is not there, or may not be run' });
  for (const argument of rest.filter((one) => one.startsWith('/')))
    if (!(await can(argument, constants.F_OK)))
      throw processErrors.PROGRAM_MISSING({ program: argument, reason: 'is not there' });
}
