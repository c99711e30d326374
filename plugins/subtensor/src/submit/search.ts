/**
 * First block in which something that was there is gone, where it does not come back.
 * @param there block in which it is there
 * @param gone later block in which it is gone
 * @param guess block in which it is expected to go
 */
export async function firstWithout(
  isThere: (block: number) => Promise<boolean>,
  { there, gone, guess }: { there: number; gone: number; guess: number },
): Promise<number> {
  let [last, first] = [there, gone];
  const isBetween = (block: number): boolean => block > last && block < first;
  while (first - last > 1) {
    const next = [guess - 1, guess].find(isBetween) ?? Math.floor((last + first) / 2);
    if (await isThere(next)) last = next;
    else first = next;
  }
  return first;
}
