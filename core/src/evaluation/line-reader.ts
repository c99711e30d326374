/** Bytes in one line. The largest message names the unused tensors of a model, or holds the logits of a diagnosis. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

/** Cuts a byte stream into lines and refuses to buffer one without end. */
export class LineReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly onOverflow: () => void,
    private readonly limit = MAX_LINE_BYTES,
  ) {}

  push(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      const line = Buffer.concat([...this.#chunks, rest.subarray(0, end)]);
      this.#chunks = [];
      this.#bytes = 0;
      rest = rest.subarray(end + 1);
      if (line.length > this.limit) {
        this.onOverflow();
        return;
      }
      this.onLine(line.toString('utf8'));
    }
    this.#chunks.push(rest);
    this.#bytes += rest.length;
    if (this.#bytes > this.limit) this.onOverflow();
  }
}
