import { isAssayError, type AssayError } from '@assay/core/errors/assay-error';
import type { Log } from '@assay/core/contracts/logger';
import { hash } from '../rpc/greeting.js';
import type { Link } from '../rpc/link.js';
import { isNotServed } from '../rpc/refusals.js';
import { submitErrors } from './errors.js';
import { poolRefusal, type PoolRefusal } from './pool-errors.js';

const METHOD = 'author_submitExtrinsic';

/** What a node has said of an extrinsic. `silent`: nothing, so that it may have it or not. */
type PoolAnswer = { status: 'taken' } | { status: 'refused'; refusal: PoolRefusal } | Silence;

interface Silence {
  status: 'silent';
  /** Whether the bytes may have reached a node. */
  sent: boolean;
  error: AssayError;
}

/**
 * Whether no node can have the bytes: there was no connection, or the node does not serve the method. Any other refusal
 * outside of the pool may come from a gateway that has passed the bytes on and has not waited for the answer.
 */
const isNotSent = (error: AssayError): boolean => error.code === 'ENDPOINTS_UNREACHABLE' || isNotServed(error);

/** Gives signed bytes to a node, once. @throws ABORTED, CHAIN_CLOSED, HASH_DIFFERENT */
export async function offer(
  { bytes, hash: own }: { bytes: string; hash: string },
  { link, log }: { link: Link; log: Log },
  signal: AbortSignal,
): Promise<PoolAnswer> {
  let answer: unknown;
  try {
    answer = await link.call(METHOD, [bytes], signal, false);
  } catch (error) {
    if (!isAssayError(error) || error.code === 'ABORTED' || error.code === 'CHAIN_CLOSED') throw error;
    const refusal = poolRefusal(error);
    if (refusal?.reason === 'imported') return { status: 'taken' };
    if (refusal) return { status: 'refused', refusal };
    log('warn', 'the chain has not said whether it takes the extrinsic', { hash: own, code: error.code });
    return { status: 'silent', sent: !isNotSent(error), error };
  }
  const answered = hash.safeParse(answer).data;
  // A hash of another extrinsic says nothing about this one; it is looked for like one whose reply was lost.
  if (answered === own) return { status: 'taken' };
  const error = submitErrors.HASH_DIFFERENT({ sent: own, answered: answered ?? 'none' });
  link.complain(error);
  return { status: 'silent', sent: true, error };
}
