/**
 * JavaScript's \s counts the byte order mark as white space and U+0085 not; the engines behind the library do the
 * opposite. Rewrites the patterns of a pre-tokenizer, and of those inside it, to Unicode's own white space.
 */
export function correctWhiteSpace(preTokenizer: unknown): void {
  if ((typeof preTokenizer !== 'object' && typeof preTokenizer !== 'function') || preTokenizer === null) return;
  const inner: unknown = Reflect.get(preTokenizer, 'tokenizers');
  if (Array.isArray(inner)) inner.forEach(correctWhiteSpace);
  const pattern: unknown = Reflect.get(preTokenizer, 'pattern');
  if (pattern instanceof RegExp && pattern.unicode)
    Reflect.set(preTokenizer, 'pattern', new RegExp(unicodeWhiteSpace(pattern.source), pattern.flags));
}

/** `\s` and `\S` of a pattern's source, no other escape, whether in a class or not. */
export function unicodeWhiteSpace(source: string): string {
  return source.replace(/\\([\s\S])/g, (escape, letter: string) => {
    if (letter === 's') return String.raw`\p{White_Space}`;
    return letter === 'S' ? String.raw`\P{White_Space}` : escape;
  });
}
