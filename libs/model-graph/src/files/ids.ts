/** Whether the library can make integers of it: a number, which is cut to a whole one, or lists of them, however deep. */
export const isIds = (value: unknown): boolean =>
  value === undefined || value === null || (numbersIn(value)?.every(Number.isFinite) ?? false);

/** All numbers of a value, lists of lists laid flat; true and false are 1 and 0. Undefined where something else is among them. */
export function numbersIn(value: unknown): number[] | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return [Number(value)];
  if (!Array.isArray(value)) return undefined;
  const found = value.map(numbersIn);
  return found.every((one) => one !== undefined) ? found.flat() : undefined;
}

/** Token ids of a value that passes `isIds`. */
export const idsIn = (value: unknown): number[] => (numbersIn(value) ?? []).map(Math.trunc);
