/** What is written to: a stream that answers each write, as Node's own streams do. */
type Stream = Pick<NodeJS.WriteStream, 'write'>;

/**
 * Output that may be lost without harm to the run: a full disk under a log file, or a reader that has gone. What could not
 * be written is counted, and said where it can be.
 */
export class SafeOutput {
  #lost = 0;

  /** @param tell how the loss is reported; called at its start and at its end */
  constructor(
    private readonly stream: Stream,
    private readonly tell: (message: string, context: Readonly<Record<string, unknown>>) => void,
  ) {}

  write(text: string): boolean {
    return this.stream.write(text, (error) => {
      if (error) this.#lose(error);
      else this.#recover();
    });
  }

  #lose(error: Error): void {
    this.#lost += 1;
    if (this.#lost === 1)
      this.tell('standard output can not be written to and the run goes on without it', { reason: error.message });
  }

  #recover(): void {
    if (this.#lost === 0) return;
    this.tell('standard output can be written to again', { lostWrites: this.#lost });
    this.#lost = 0;
  }
}
