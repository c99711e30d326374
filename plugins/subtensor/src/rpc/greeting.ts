import type { AssayError } from '@assay/core/errors/assay-error';
import { issueLines } from '@assay/core/errors/describe';
import { z } from 'zod';
import { subtensorErrors } from '../errors.js';
import { isNotServed } from './refusals.js';
import type { RpcSocket } from './socket.js';

export const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((text) => text.toLowerCase());
/** The chain numbers its blocks with 32 bits. */
const hexNumber = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,8}$/)
  .transform((text) => Number.parseInt(text, 16));
/** What is used of a block's header as JSON. */
export const headerJson = z.looseObject({ number: hexNumber, parentHash: hash });
const health = z.looseObject({ isSyncing: z.boolean() });

/** What a node says of itself when a connection is new. */
interface Greeting {
  genesis: string;
  /** Newest block. */
  head: number;
  syncing: boolean;
}

/** Parses an answer. @throws ANSWER_MALFORMED */
export function answerAs<T>(schema: z.ZodType<T>, method: string, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw malformed(method, issueLines(parsed.error)?.[0] ?? 'it has another shape');
}

export const malformed = (method: string, reason: string): AssayError =>
  subtensorErrors.ANSWER_MALFORMED({ method, reason });

/** Asks what shows whether a node can be used. @throws what `call` and `answerAs` throw */
export async function greet(socket: Pick<RpcSocket, 'call'>, signal: AbortSignal): Promise<Greeting> {
  const [genesis, header, isSyncing] = await Promise.all([
    askGenesis(socket, signal),
    socket.call('chain_getHeader', [], signal),
    // A node behind a proxy may keep its health to itself; its head tells as much.
    socket.call('system_health', [], signal).then(
      (answer) => answerAs(health, 'system_health', answer).isSyncing,
      (error: unknown) => {
        if (isNotServed(error)) return false;
        throw error;
      },
    ),
  ]);
  return {
    genesis,
    head: answerAs(headerJson, 'chain_getHeader', header).number,
    syncing: isSyncing,
  };
}

/** Hash of block 0. @throws what `call` and `answerAs` throw */
export async function askGenesis(socket: Pick<RpcSocket, 'call'>, signal: AbortSignal): Promise<string> {
  const method = 'chain_getBlockHash';
  return answerAs(hash, method, await socket.call(method, [0], signal));
}
