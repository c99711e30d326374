/** Positions at which two continuations may agree, and places that one token may fill, before it is unreasonable. */
const MAX_EQUAL_POSITIONS = 10;
const MAX_SAME_TOKEN = 10;

/**
 * Do two continuations of different prompts look like language? Not if they agree at 10 positions or more, nor if in
 * *both* one token fills more than 10 places (the reference's check_for_reasonable_output).
 * @param first [row][token] after the first prompt
 * @param second the same after the second
 */
export function isReasonableOutput(
  first: readonly (readonly number[])[],
  second: readonly (readonly number[])[],
): boolean {
  const [a, b] = [first.flat(), second.flat()];
  const equal = a.filter((token, index) => index < b.length && token === b[index]).length;
  if (equal >= MAX_EQUAL_POSITIONS) return false;
  return !(mostFrequent(a) > MAX_SAME_TOKEN && mostFrequent(b) > MAX_SAME_TOKEN);
}

function mostFrequent(tokens: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}
