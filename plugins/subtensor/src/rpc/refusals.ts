import type { AssayError } from '@assay/core/errors/assay-error';
import { printable } from '@assay/core/errors/printable';
import { subtensorErrors } from '../errors.js';
import type { RpcFailure } from './messages.js';

/** Characters of a node's own words that are kept. */
const LONGEST = 300;

/** JSON-RPC's code for a method that is not served. */
const METHOD_NOT_FOUND = -32_601;

/** A refusal by the node as one of our errors. The node's words are matched where it gives no code of its own. */
export function refusalError(method: string, { code, message, data }: RpcFailure): AssayError {
  const said = `${message} ${typeof data === 'string' ? data : ''}`.trim();
  const block = /0x[0-9a-f]{64}/i.exec(said)?.[0] ?? 'asked for';
  if (/state already discarded/i.test(said)) return subtensorErrors.STATE_DISCARDED({ block });
  if (/unknown ?block|header was not found|block .*not found|block number out of range/i.test(said))
    return subtensorErrors.BLOCK_UNKNOWN({ block });
  return subtensorErrors.CALL_REFUSED({ method, code, reason: printable(said, LONGEST) });
}

/** Whether the node does not serve the method at all, as many public endpoints don't serve some. */
export const isNotServed = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  error.code === 'CALL_REFUSED' &&
  'payload' in error &&
  (error.payload as { code?: unknown }).code === METHOD_NOT_FOUND;
