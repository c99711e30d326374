/** Rows hold lists of lists of structs; nobody's go deeper. */
const MOST_LEVELS = 64;
/** Texts, brackets, commas and colons: fifty rows with lists of ten thousand numbers each. */
const MOST_PARTS = 500_000;

const [SPACE = 0x20, QUOTE, BACKSLASH, COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] =
  Buffer.from(' "\\,:[]{}');

/**
 * JSON, read only where it is not nested deeper and has not more in it than an answer needs: a few megabytes of brackets or
 * of keys would hold up everything else for seconds.
 * @throws SyntaxError for no JSON, RangeError for too much
 */
export function parseBounded(body: Buffer): unknown {
  if (isCompound(body)) requireModest(body);
  return JSON.parse(body.toString('utf8'));
}

/** Anything else, such as a page of HTML, is no JSON or a short one: the parser says so at once. */
function isCompound(body: Buffer): boolean {
  const first = body.find((byte) => byte > SPACE);
  return first === OPEN_LIST || first === OPEN_OBJECT;
}

function requireModest(body: Buffer): void {
  let levels = 0;
  let parts = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) at = endOfText(body, at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) levels += 1;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) levels -= 1;
    else if (byte !== COMMA && byte !== COLON) continue;
    if (levels > MOST_LEVELS) throw new RangeError(`it is nested deeper than ${MOST_LEVELS} levels`);
    parts += 1;
    if (parts > MOST_PARTS) throw new RangeError(`it has more than ${MOST_PARTS} parts`);
  }
}

/** Where its closing quote stands. */
function endOfText(body: Buffer, start: number): number {
  for (let at = start + 1; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return body.length;
}
