import { isAssayError, type AssayError } from '@assay/core/errors/assay-error';
import { printable } from '@assay/core/errors/printable';
import { subtensorErrors } from '../errors.js';
import type { RpcFailure } from './messages.js';

/** Characters of a node's own words that are kept. */
const LONGEST = 300;

/** Characters of them that are looked at. */
const MOST_READ = 1000;

/** JSON-RPC's code for a method that is not served. */
const METHOD_NOT_FOUND = -32_601;

/** A refusal by the node as one of our errors. The node's words are matched where it gives no code of its own. */
export function refusalError(method: string, { code, message, data }: RpcFailure): AssayError {
  // A message may be megabytes long, and the patterns take time that grows with the square of it.
  const parts = [message, typeof data === 'string' ? data : ''].map((part) => part.slice(0, MOST_READ));
  const said = parts.join(' ').trim();
  const block = /0x[0-9a-f]{64}/i.exec(said)?.[0] ?? 'asked for';
  if (/state already discarded/i.test(said)) return subtensorErrors.STATE_DISCARDED({ block });
  if (/unknown ?block|header was not found|block .*not found|block number out of range/i.test(said))
    return subtensorErrors.BLOCK_UNKNOWN({ block });
  return subtensorErrors.CALL_REFUSED({ method, code, reason: printable(said, LONGEST) });
}

/** Whether the node does not serve the method at all, as many public endpoints don't serve some. */
export const isNotServed = (error: unknown): boolean =>
  isAssayError(error) && error.code === 'CALL_REFUSED' && error.payload['code'] === METHOD_NOT_FOUND;

/** Whether the node says that its runtime has no such function. Other refusals, as for too many requests, say nothing of it. */
export const isNoFunction = (error: unknown): boolean =>
  isNotServed(error) || (isAssayError(error) && error.code === 'CALL_REFUSED' && NO_FUNCTION.test(error.message));
const NO_FUNCTION = /exported method .{0,100}not found|function .{0,100}not found/i;
