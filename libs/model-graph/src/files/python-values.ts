/** What Python takes for true in a condition. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Number.isNaN(value) || Boolean(value);
}

/** A number as Python compares it: true and false are 1 and 0. */
export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' || typeof value === 'boolean' ? Number(value) : undefined;

/** Equality of a value with null, a number, a flag or a text. */
export function equals(value: unknown, other: null | number | boolean | string): boolean {
  const [a, b] = [numberOf(value), numberOf(other)];
  return a === undefined || b === undefined ? value === other : a === b;
}
