import { abortError, messageOf } from '@assay/core/errors/describe';
import { printable } from '@assay/core/errors/printable';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { subtensorErrors } from '../errors.js';

/** Characters of a reason that are kept: TLS quotes names out of a stranger's certificate. */
const LONGEST = 200;

export interface OpeningOptions {
  /** Where to. */
  endpoint: string;
  /** The endpoint without credentials, for people. */
  shown: string;
  /** Largest message taken, in bytes. */
  maxBytes: number;
}

/**
 * Opens a WebSocket. `take` gets it in the event that opens it, before the first frame can be read: between that event
 * and the resolution of a promise, frames and even the end of the connection could come and nobody would listen.
 * @throws ENDPOINT_LOST, ABORTED
 */
export async function openWebSocket<T>(
  { endpoint, shown, maxBytes }: OpeningOptions,
  signal: AbortSignal,
  take: (socket: WebSocket, tcp: Pick<Socket, 'bytesRead'>) => T,
): Promise<T> {
  if (signal.aborted) throw abortError();
  const lost = (reason: string): Error => subtensorErrors.ENDPOINT_LOST({ endpoint: shown, reason });
  const socket = created(endpoint, maxBytes, lost);
  let onAbort = (): void => undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      const fail = (reason: string): void => {
        reject(lost(reason));
      };
      onAbort = () => {
        reject(abortError());
      };
      signal.addEventListener('abort', onAbort, { once: true });
      let tcp: Pick<Socket, 'bytesRead'> = { bytesRead: 0 };
      socket.on('upgrade', (response) => {
        tcp = response.socket;
      });
      socket.on('unexpected-response', (request, response) => {
        request.destroy();
        fail(`it answered with HTTP ${response.statusCode ?? 0}`);
      });
      socket.on('error', (error) => {
        fail(reasonOf(error));
      });
      socket.on('close', () => {
        fail('it closed the connection before it was open');
      });
      socket.once('open', () => {
        socket.removeAllListeners();
        resolve(take(socket, tcp));
      });
    });
  } catch (error) {
    socket.terminate();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function created(endpoint: string, maxPayload: number, lost: (reason: string) => Error): WebSocket {
  try {
    return new WebSocket(endpoint, { perMessageDeflate: false, maxPayload, followRedirects: false });
  } catch {
    // The library quotes the whole URL, with what is secret in it.
    throw lost('it is no URL of a WebSocket');
  }
}

/** A name with several addresses that all refuse gives an error without a message of its own. */
export function reasonOf(error: Error): string {
  const said = error instanceof AggregateError ? error.errors.map(messageOf).join(', ') : error.message;
  return printable(said, LONGEST);
}
