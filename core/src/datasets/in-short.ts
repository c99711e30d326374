const LONGEST = 200;

/** What a library says of an answer may hold what the server wrote: one line of it, with nothing that a terminal would obey. */
export const inShort = (text: string): string => {
  const line = text.slice(0, 2 * LONGEST).replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...`.toWellFormed() : line;
};
