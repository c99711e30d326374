import { abortError } from '@assay/core/errors/describe';

/** Asks a person for a password. Resolves with its bytes, which are moved away by whoever uses them. */
export type PasswordPrompt = (question: string, signal?: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>;

const LONGEST_BYTES = 1024;

const CONTROL_C = 0x03;
const CONTROL_D = 0x04;
const BACKSPACES = [0x08, 0x7f];
const CONTROL_U = 0x15;
const LINE_ENDS = [0x0a, 0x0d];

/** The prompt on the terminal of this process; undefined where standard input or standard error is none. */
export function terminalPrompt(): PasswordPrompt | undefined {
  return process.stdin.isTTY && process.stderr.isTTY ? askOnTerminal : undefined;
}

/** The question goes to standard error; what is typed is not shown. Ctrl+C rejects with ABORTED. */
function askOnTerminal(question: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const { stdin, stderr } = process;
  const line = new HiddenLine();
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      stdin.off('data', read);
      signal?.removeEventListener('abort', abort);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      settle();
      line.erase();
    };
    const abort = (): void => {
      finish(() => {
        reject(abortError());
      });
    };
    const read = (typed: Buffer): void => {
      const state = line.push(typed);
      typed.fill(0);
      if (state === 'aborted') abort();
      else if (state === 'whole')
        finish(() => {
          resolve(line.bytes());
        });
    };
    if (signal?.aborted) {
      reject(abortError());
      return;
    }
    signal?.addEventListener('abort', abort, { once: true });
    // Raw before the question: what is typed as an answer to it is never echoed.
    stdin.setRawMode(true);
    stderr.write(question);
    stdin.on('data', read);
    stdin.resume();
  });
}

/** One line as it is typed, in a buffer that can be overwritten. */
class HiddenLine {
  readonly #typed = Buffer.alloc(LONGEST_BYTES);
  #length = 0;

  push(typed: Buffer): 'open' | 'whole' | 'aborted' {
    for (const byte of typed) {
      if (byte === CONTROL_C) return 'aborted';
      if (LINE_ENDS.includes(byte) || (byte === CONTROL_D && this.#length === 0)) return 'whole';
      if (BACKSPACES.includes(byte)) this.#dropCharacter();
      else if (byte === CONTROL_U) this.erase();
      else if (byte >= 0x20 && this.#length < LONGEST_BYTES) this.#length = this.#typed.writeUInt8(byte, this.#length);
    }
    return 'open';
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#typed.subarray(0, this.#length));
  }

  erase(): void {
    this.#typed.fill(0);
    this.#length = 0;
  }

  /** A character of UTF-8 has continuation bytes, 10xxxxxx, after its first. */
  #dropCharacter(): void {
    let last = 0x80;
    while (this.#length > 0 && (last & 0xc0) === 0x80) {
      this.#length -= 1;
      last = this.#typed[this.#length] ?? 0;
      this.#typed[this.#length] = 0;
    }
  }
}
