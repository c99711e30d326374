import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { answerSchema, type Definition, type EncoderAnswer, type EncoderRequest } from './encoder-protocol.js';

/** Longest time for one text. A megabyte takes a second or two; some patterns need minutes for a few kilobytes. */
const DEADLINE_MS = 60_000;
/** How much longer the caller waits than the thread that ends a late process. */
const GRACE_MS = 30_000;

/** The library gave no result. `missing`: it cannot be loaded here. */
export class EncoderFailure extends Error {
  constructor(
    readonly kind: 'refused' | 'ended' | 'missing',
    reason: string,
  ) {
    super(reason);
  }
}

interface Opened {
  vocabularySize: number;
  endTokenId: number | undefined;
}

/**
 * The library behind a call that returns when the answer is there, as the contract of a tokenizer wants it. The library
 * itself answers later, and in a process of its own; the caller's thread sleeps meanwhile.
 */
export class Encoder {
  readonly #opened = new Set<string>();
  #thread: { port: MessagePort; turn: Int32Array } | undefined;

  constructor(private readonly deadlineMs = DEADLINE_MS) {}

  /** @throws EncoderFailure */
  open(definition: Definition): Opened {
    const answer = this.#ask({ kind: 'open', definition });
    if (answer.kind !== 'opened') throw failureOf(answer);
    this.#opened.add(definition.key);
    return { vocabularySize: answer.vocabularySize, endTokenId: answer.endTokenId };
  }

  /** @throws EncoderFailure */
  encode(definition: Definition, text: string): number[] {
    this.#reopen(definition);
    const answer = this.#ask({ kind: 'encode', key: definition.key, text });
    if (answer.kind !== 'ids') throw failureOf(answer);
    return Array.from(answer.ids);
  }

  /** @throws EncoderFailure */
  decode(definition: Definition, ids: readonly number[]): string {
    this.#reopen(definition);
    const answer = this.#ask({ kind: 'decode', key: definition.key, ids: Uint32Array.from(ids) });
    if (answer.kind !== 'text') throw failureOf(answer);
    return answer.text;
  }

  /** After a process ended, the next one knows no tokenizer. */
  #reopen(definition: Definition): void {
    if (!this.#opened.has(definition.key)) this.open(definition);
  }

  #ask(request: EncoderRequest): EncoderAnswer {
    const { port, turn } = (this.#thread ??= startThread(this.deadlineMs));
    const before = Atomics.load(turn, 0);
    port.postMessage(request);
    Atomics.wait(turn, 0, before, this.deadlineMs + GRACE_MS);
    const received: { message: unknown } | undefined = receiveMessageOnPort(port);
    const answer: EncoderAnswer = received
      ? answerSchema.parse(received.message)
      : { kind: 'ended', reason: 'its thread does not answer' };
    if (!received) this.#thread = undefined;
    if (answer.kind === 'ended') this.#opened.clear();
    return answer;
  }
}

function failureOf(answer: EncoderAnswer): Error {
  if (answer.kind === 'refused' || answer.kind === 'ended' || answer.kind === 'missing')
    return new EncoderFailure(answer.kind, answer.reason);
  return new Error(`unexpected answer ${answer.kind}`);
}

function startThread(deadlineMs: number): { port: MessagePort; turn: Int32Array } {
  const { port1: port, port2 } = new MessageChannel();
  const turn = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(new URL('./encoder-relay.js', import.meta.url), {
    workerData: { port: port2, turn, deadlineMs },
    transferList: [port2],
    execArgv: [],
    env: {},
  });
  // It ends with the process that uses it, and its own process with it.
  thread.unref();
  return { port, turn };
}
