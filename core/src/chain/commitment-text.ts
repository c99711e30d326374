const REPLACEMENT = Buffer.from('\ufffd');
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Bytes as UTF-8 with malformed sequences dropped: what the reference's SDK makes of a commitment (Python's
 * `decode('utf-8', errors='ignore')`). A replacement character that was committed as such stays.
 */
export function commitmentText(bytes: Buffer): string {
  const parts: string[] = [];
  let from = 0;
  // The three bytes of U+FFFD can't be part of any other sequence, so cutting at them changes nothing.
  for (let at = bytes.indexOf(REPLACEMENT); at !== -1; at = bytes.indexOf(REPLACEMENT, from)) {
    parts.push(withoutMalformed(bytes.subarray(from, at)));
    from = at + REPLACEMENT.length;
  }
  return [...parts, withoutMalformed(bytes.subarray(from))].join('\ufffd');
}

const withoutMalformed = (bytes: Uint8Array): string => decoder.decode(bytes).replaceAll('\ufffd', '');
