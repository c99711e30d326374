/** What Python's `str.strip` takes for space: unlike JavaScript's `trim` the four separators and U+0085, not U+FEFF. */
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const AROUND = new RegExp(`^${SPACE}|${SPACE}$`, 'gu');

/** Text without space around it, as Python strips it. */
export const pythonStrip = (text: string): string => text.replace(AROUND, '');
