import { isTerminal } from './terminal.js';

/** One line at the bottom of a terminal that is written again and again. */
export class LiveLine {
  #shown = false;

  constructor(
    private readonly output: { write(text: string): boolean },
    private readonly width: number,
  ) {}

  /** Nothing where nobody watches. */
  static on(stream: NodeJS.WriteStream): LiveLine | undefined {
    return isTerminal(stream) ? new LiveLine(stream, stream.columns) : undefined;
  }

  show(text: string): void {
    this.output.write(`\r\u001b[2K${text.slice(0, this.width - 1)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.output.write('\r\u001b[2K');
    this.#shown = false;
  }
}
