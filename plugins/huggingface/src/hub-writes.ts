import { HubApiError, InvalidApiResponseFormatError } from '@huggingface/hub';
import type { Clock } from '@assay/core/contracts/clock';
import { isAssayError } from '@assay/core/errors/assay-error';
import { retryAfterMs } from '@assay/lib-hub';
import { FileContent, type OnSent } from './file-content.js';
import { publisherErrors } from './publisher-errors.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Answers after which a request is made again; 412: somebody else has committed meanwhile. */
const PASSING = new Set([408, 412, 425, 429]);

interface HubWritesOptions {
  /** Address of the hub. */
  hub: string;
  /** How often a request is made before it is given up. */
  tries: number;
  /** Silence after which a request is given up, in milliseconds: no byte sent, and no answer. */
  timeoutMs: number;
}

interface Deps {
  clock: Clock;
  fetch: typeof fetch;
}

/** Hears how much of one part of a file has been sent: its path, and where in the file the part begins. */
export type OnPart = (path: string, start: number, sent: number) => void;

/** Requests that change something on the hub: made again where that may help, and refused in this validator's words. */
export class HubWrites {
  #askedPauseMs = 0;

  constructor(
    private readonly options: HubWritesOptions,
    private readonly deps: Deps,
  ) {}

  /**
   * Runs `work` until it succeeds; each time it has to look anew at what is there.
   * @param what for messages, e.g. `the upload to alice/model`
   * @throws HUB_TOKEN_REFUSED, HUB_WRITE_REFUSED, HUB_REFUSED, HUB_UNREACHABLE, HUB_ANSWER_UNUSABLE
   */
  async run<T>(what: string, repo: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error)) throw this.#refusal(error, what, repo);
        if (tries >= this.options.tries)
          throw publisherErrors.HUB_UNREACHABLE({ what, tries, reason: reasonOf(error) }, error);
        await this.#pause(tries, signal);
      }
    }
  }

  /** `fetch` for the hub's client: it ends requests that hang, and reports what is sent of files. */
  fetchTelling(onPart: OnPart = () => undefined): typeof fetch {
    return async (input, init) => {
      const silence = new Silence(this.options.timeoutMs);
      const signals = init?.signal ? [init.signal, silence.signal] : [silence.signal];
      const body = init?.body;
      const content = body instanceof FileContent ? body.telling(this.#telling(body, onPart, silence)) : body;
      try {
        const answer = await this.deps.fetch(input, {
          ...init,
          ...(content === undefined ? {} : { body: content }),
          signal: AbortSignal.any(signals),
        });
        this.#askedPauseMs = retryAfterMs(answer.headers, this.deps.clock.now()) ?? 0;
        return answer;
      } finally {
        silence.end();
      }
    };
  }

  #telling({ path, start }: FileContent, onPart: OnPart, silence: Silence): OnSent {
    return (sent) => {
      silence.begin();
      onPart(path, start, sent);
    };
  }

  async #pause(tries: number, signal: AbortSignal): Promise<void> {
    const backoff = FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.75 + Math.random() / 2);
    const pause = Math.max(backoff, this.#askedPauseMs);
    await this.deps.clock.sleep(Math.min(pause, Math.max(LONGEST_PAUSE_MS, this.#askedPauseMs)), signal);
  }

  #refusal(error: unknown, what: string, repo: string): unknown {
    if (isAssayError(error)) return error;
    const reason = reasonOf(error);
    if (error instanceof HubApiError) {
      if (error.statusCode === 401) return publisherErrors.HUB_TOKEN_REFUSED({ hub: this.options.hub, reason }, error);
      if (error.statusCode === 403) return publisherErrors.HUB_WRITE_REFUSED({ repo, reason }, error);
      return publisherErrors.HUB_REFUSED({ what, status: error.statusCode, reason }, error);
    }
    return publisherErrors.HUB_ANSWER_UNUSABLE({ what, reason }, error);
  }
}

/** A time in which nothing happens. */
class Silence {
  readonly #ended = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly timeoutMs: number) {
    this.begin();
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  begin(): void {
    this.end();
    this.#timer = setTimeout(() => {
      this.#ended.abort(new Error(`nothing was sent or received for ${this.timeoutMs / 1000} s`));
    }, this.timeoutMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Whether the same request may succeed later: the network, or a service that is in trouble. */
function isPassing(error: unknown): boolean {
  if (error instanceof HubApiError) return error.statusCode >= 500 || PASSING.has(error.statusCode);
  if (isAssayError(error) || error instanceof InvalidApiResponseFormatError || error instanceof SyntaxError)
    return false;
  return true;
}

/** Without the address, which may be signed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, message } = error;
  const words = message.split('. URL:')[0] ?? message;
  return cause instanceof Error ? `${words}: ${cause.message || cause.name}` : words;
}
