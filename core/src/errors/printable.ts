const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Text that a stranger may have written, fit for a terminal and a log: one line without control characters, of bounded length. */
export function printable(text: string, limit: number): string {
  const shown = text.replace(UNPRINTABLE, '�');
  return shown.length > limit ? `${shown.slice(0, limit - 1)}…` : shown;
}
