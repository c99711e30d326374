/** Bytes in one period that show a long answer on its way; notifications of new heads are shorter. */
const LONG_ANSWER = 16 * 1024;
/** How often a connection is looked at within the silence that is allowed. */
const LOOKS = 3;

interface PulseDeps {
  /** Bytes that have come over the connection so far. */
  bytesRead: () => number;
  ping: () => void;
  onSilent: (silentMs: number) => void;
}

/**
 * Whether the other side still hears us. It shows that by answering: a pong, or an answer to a call. A notification
 * shows only that it speaks: where the way there is frozen and the way back is not, heads still come.
 */
export class Pulse {
  readonly #timer: NodeJS.Timeout;
  #answeredAt = performance.now();
  #lookedAt = performance.now();
  #bytes = 0;

  constructor(
    private readonly silenceMs: number,
    private readonly deps: PulseDeps,
  ) {
    this.#timer = setInterval(() => {
      this.#look();
    }, silenceMs / LOOKS);
    this.#timer.unref();
  }

  answered(): void {
    this.#answeredAt = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    // A process that was stopped itself has not read what has come: the other side is asked anew.
    if (now - this.#lookedAt >= this.silenceMs) this.answered();
    this.#lookedAt = now;
    const bytes = this.deps.bytesRead();
    if (bytes - this.#bytes >= LONG_ANSWER) this.answered();
    this.#bytes = bytes;
    const silentMs = now - this.#answeredAt;
    if (silentMs >= this.silenceMs) this.deps.onSilent(silentMs);
    else this.deps.ping();
  }
}
