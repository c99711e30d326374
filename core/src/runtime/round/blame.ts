import { AssayError } from '../../errors/assay-error.js';
import { runtimeErrors } from '../errors.js';

/** What is known when a model whose files are intact could not be scored twice, in two processes, between which the canary was scored right. */
export interface Evidence {
  first: AssayError;
  second: AssayError;
  /** Whether a model of about its size has been scored on this machine with the same numerics. */
  sizeScored: boolean;
}

/** Models of this share of the size say what the machine can do. */
export const COMPARABLE_SIZE = 0.75;

const exitOf = ({ code, payload }: AssayError): string | undefined =>
  code === 'EVALUATOR_CRASHED' && typeof payload['exit'] === 'string' ? payload['exit'] : undefined;

/** SIGKILL comes from outside, as a rule from a machine that is out of memory. */
const brokeIt = (error: AssayError): boolean => exitOf(error) !== undefined && exitOf(error) !== 'signal SIGKILL';

/** The miner's fault, if the evidence says so; undefined leaves it the validator's. */
export function blameFor({ first, second, sizeScored }: Evidence): AssayError | undefined {
  if (second.fault === 'miner')
    return new AssayError({ ...second.toReport(), payload: { ...second.payload, tries: 2 } });
  const tries = [first, second].map(({ code, message }) => ({ code, message }));
  if (brokeIt(first) && brokeIt(second)) return runtimeErrors.MODEL_BREAKS_EVALUATOR({ tries });
  return sizeScored ? runtimeErrors.MODEL_EXCEEDS_LIMITS({ tries }) : undefined;
}
