import type { S3Client } from '@aws-sdk/client-s3';

/** What S3 says of an error has some hundred bytes. */
const MAX_BYTES = 64 * 1024;
/** `NoSuchKey`; keys and signatures have more in them than letters. */
const NAME = /^[A-Za-z]{1,60}$/;
/** `ECONNRESET` */
const SYSTEM_CODE = /^[A-Z_]{1,60}$/;
/** What the client calls what it can't read a name from. */
const NAMELESS = new Set(['Error', 'Unknown', 'UnknownError', 'SyntaxError']);
const UNKNOWN = 'an answer that nobody understands';

/** An error that is told as it is: nothing of it comes from a server. */
export class OwnError extends Error {}

/**
 * The client gathers the body of an error before anybody sees it, however long it is. Here it gets what fits; a longer one
 * counts as empty, and its connection is closed.
 */
export function boundErrorAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { response } = result;
      if (isErrorAnswer(response)) Object.assign(response, { body: await firstOf(response.body) });
      return result;
    },
    // Nothing stands between it and the wire.
    { step: 'deserialize', priority: 'low', name: 'boundErrorAnswers' },
  );
}

interface ErrorAnswer {
  statusCode: number;
  body: AsyncIterable<Uint8Array>;
}

function isErrorAnswer(response: unknown): response is ErrorAnswer {
  if (typeof response !== 'object' || response === null || !('statusCode' in response) || !('body' in response))
    return false;
  const { statusCode, body } = response;
  return (
    typeof statusCode === 'number' &&
    statusCode >= 300 &&
    typeof body === 'object' &&
    body !== null &&
    Symbol.asyncIterator in body
  );
}

async function firstOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early destroys the stream, and the connection with it.
  for await (const part of body) {
    length += part.length;
    if (length > MAX_BYTES) return new Uint8Array(0);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The name of an error alone: its message may repeat what was sent, and so may a name that is no word. */
export function reasonOf(error: unknown): string {
  if (error instanceof OwnError) return error.message;
  if (!(error instanceof Error)) return UNKNOWN;
  const status = statusOf(error);
  const code =
    status === undefined && 'code' in error && typeof error.code === 'string' && SYSTEM_CODE.test(error.code)
      ? error.code
      : undefined;
  const name = NAME.test(error.name) && !NAMELESS.has(error.name) ? error.name : undefined;
  if (name !== undefined) return code === undefined ? name : `${name} (${code})`;
  return code ?? (status === undefined ? UNKNOWN : `status ${status}`);
}

/** Of the answer, where there was one. */
function statusOf(error: Error): number | undefined {
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined;
  return typeof status === 'number' ? status : undefined;
}
