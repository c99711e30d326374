import { downloadFile, modelInfo } from '@huggingface/hub';

export const COMMIT = /^[0-9a-f]{40}$/;
/** Vocabularies have some megabytes, the largest thirty or so. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Of everything that is no file: what is known of a repo, and what is said of an error. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** The hub without a token: tokenizers of competitions are public. No answer is longer than what it is for needs. */
export class Hub {
  constructor(
    private readonly url: string,
    private readonly signal: AbortSignal,
  ) {}

  async commit(repo: string, revision: string): Promise<string> {
    const { sha } = await modelInfo({
      name: repo,
      revision,
      additionalFields: ['sha'],
      hubUrl: this.url,
      fetch: this.#upTo(MAX_ANSWER_BYTES),
    });
    if (!COMMIT.test(sha)) throw new Error('the hub names no commit');
    return sha;
  }

  /** A file of the length that the hub says it has. */
  async file(repo: string, revision: string, path: string): Promise<Buffer> {
    // Plain HTTP: the hub's own protocol puts a file together out of pieces, each as long as a server says.
    const file = await downloadFile({
      repo,
      revision,
      path,
      hubUrl: this.url,
      xet: false,
      fetch: this.#upTo(MAX_BYTES),
    });
    if (!file) throw new Error(`the repo has no ${path}`);
    if (file.size > MAX_BYTES) throw new Error(`${path} has ${file.size} bytes`);
    const content = Buffer.from(await file.arrayBuffer());
    if (content.length !== file.size) throw new Error(`${path} has ${file.size} bytes, ${content.length} came`);
    return content;
  }

  #upTo(maxBytes: number): typeof fetch {
    return async (input, init) => {
      const response = await fetch(input, {
        ...init,
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      return bounded(response, response.ok ? maxBytes : MAX_ANSWER_BYTES);
    };
  }
}

/** The same answer, whose body breaks off with an error where it becomes too long. Its length is counted, for what a server says of it may be wrong. */
function bounded(response: Response, maxBytes: number): Response {
  if (!response.body) return response;
  let length = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      length += part.length;
      if (length > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
      controller.enqueue(part);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(counting), { status, statusText, headers });
}
