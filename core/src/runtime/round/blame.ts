import { AssayError } from '../../errors/assay-error.js';
import { runtimeErrors } from '../errors.js';

/** One failed evaluation, and what this machine had for it. */
export interface FailedTry {
  error: AssayError;
  /** Bytes that a process could have allocated when it began. */
  memory: number;
  /** Whether the kernel has killed a process of this validator for lack of memory meanwhile. */
  outOfMemory: boolean;
}

/** Another model of the round, scored once more between the two tries of one that fails. */
export interface ControlRun {
  uid: number;
  parameterCount: number;
  memory: number;
  elapsedMs: number;
  /** Most anonymous memory that its process has used; undefined where the evaluator does not say. */
  peakBytes: number | undefined;
}

/** What is known when a model with intact files could not be scored twice, in two processes, beside a healthy canary. */
export interface Evidence {
  first: FailedTry;
  second: FailedTry;
  /** Of the model that fails. */
  parameterCount: number;
  /** undefined: there was none, or it could not be scored either. */
  control: ControlRun | undefined;
}

/** A control has at least this share of the parameters of the model that fails. */
export const CONTROL_SIZE = 0.75;

/** Two measurements of the memory that is free differ by so much for no reason. */
const MEMORY_NOISE = 0.1;
/** What the control needed of memory or time, raised to the size of the model that fails, has to fit in so many times. */
const ROOM = 1.5;

/** Signals that a process earns by what it does itself. SIGBUS is not among them: a disk can cause it. */
const OWN_SIGNALS = new Set(['SIGSEGV', 'SIGABRT', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS']);
/** 128 + the number of each of them, as a shell or a program that catches it reports it. */
const OWN_SIGNAL_CODES = new Set([139, 134, 136, 132, 133, 159]);
const FIRST_SIGNAL_CODE = 128;
const SHORTAGE = /bad_alloc|out of memory|allocat|ENOMEM|ENOSPC|EMFILE|EIO|No space left|Too many open files/i;

/**
 * The miner's fault, if the evidence of this very moment says so; undefined leaves it the machine's. A signal that was
 * sent from outside says nothing about the model, however often it comes.
 */
export function blameFor(evidence: Evidence): AssayError | undefined {
  const { first, second, control } = evidence;
  if (second.error.fault === 'miner')
    return new AssayError({ ...second.error.toReport(), payload: { ...second.error.payload, tries: 2 } });
  if (!control || !hadMemory(evidence, control)) return undefined;
  if (![first, second].every((one) => isOfTheModel(one, control, evidence))) return undefined;
  const tries = [first, second].map(({ error: { code, message } }) => ({ code, message }));
  const payload = { tries, control: { uid: control.uid, parameterCount: control.parameterCount } };
  const broken = [first, second].every(({ error, outOfMemory }) => !outOfMemory && endedByItself(error));
  return broken ? runtimeErrors.MODEL_BREAKS_EVALUATOR(payload) : runtimeErrors.MODEL_EXCEEDS_LIMITS(payload);
}

/**
 * Whether both tries had the memory that the model needs: far more than the control has used, or else the control
 * succeeded with no less than the first try was given, and the second failed with no less than the control.
 */
function hadMemory(evidence: Evidence, control: ControlRun): boolean {
  const { first, second } = evidence;
  const atLeast = (given: number, other: number): boolean => given >= other * (1 - MEMORY_NOISE);
  return (
    (hasRoom(first, control, evidence) || atLeast(control.memory, first.memory)) &&
    (hasRoom(second, control, evidence) || atLeast(second.memory, control.memory))
  );
}

/** Whether what the control has used, raised to the size of the model, fits more than once in what the try was given. */
const hasRoom = ({ memory }: FailedTry, control: ControlRun, evidence: Evidence): boolean =>
  control.peakBytes !== undefined && control.peakBytes * roomFor(control, evidence) <= memory;

const roomFor = (control: ControlRun, { parameterCount }: Evidence): number =>
  ROOM * Math.max(1, parameterCount / control.parameterCount);

function isOfTheModel(failed: FailedTry, control: ControlRun, evidence: Evidence): boolean {
  const { error, outOfMemory } = failed;
  if (outOfMemory) return hasRoom(failed, control, evidence);
  if (error.code === 'EVALUATOR_DEADLINE') {
    const { deadlineMs, stopped } = error.payload;
    const deadline = typeof deadlineMs === 'number' ? deadlineMs : Number.POSITIVE_INFINITY;
    return stopped !== true && control.elapsedMs * roomFor(control, evidence) <= deadline;
  }
  if (error.code === 'EVALUATOR_MEMORY') return true;
  if (error.code === 'EVALUATOR_CRASHED' && !endedByItself(error)) return false;
  return !SHORTAGE.test(error.message) || hasRoom(failed, control, evidence);
}

/** Failures of this machine's disk. */
export const DISK_FAILURES = new Set([
  'STORE_FULL',
  'STORE_FAILED',
  'STORED_MODEL_CHANGED',
  'SAMPLES_UNREADABLE',
  'SAMPLES_DIFFER',
]);

/** Whether a failure is evidently the machine's: its disk, a signal from outside, a process that was kept from working. */
export function saysNothing(error: Pick<AssayError, 'code' | 'payload'>): boolean {
  if (error.code === 'EVALUATOR_CRASHED') return !endedByItself(error);
  if (error.code === 'EVALUATOR_KILLED') return true;
  return DISK_FAILURES.has(error.code) || (error.code === 'EVALUATOR_DEADLINE' && error.payload['stopped'] === true);
}

/** Whether the process ended by what it did itself. What looks like a signal from outside, or like an orderly end, does not. */
function endedByItself({ code, payload }: Pick<AssayError, 'code' | 'payload'>): boolean {
  const exit = code === 'EVALUATOR_CRASHED' && typeof payload['exit'] === 'string' ? payload['exit'] : '';
  const signal = /^signal (\w+)$/.exec(exit)?.[1];
  if (signal !== undefined) return OWN_SIGNALS.has(signal);
  const status = Number(/^exit code (\d+)$/.exec(exit)?.[1] ?? 0);
  return (status > 0 && status <= FIRST_SIGNAL_CODE) || OWN_SIGNAL_CODES.has(status);
}
