/** Text that a miner may have written, fit for a terminal: no control characters, no endless lines. */
export function safeText(text: string, limit: number): string {
  const printable = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/gu, '�');
  return printable.length > limit ? `${printable.slice(0, limit - 1)}…` : printable;
}
