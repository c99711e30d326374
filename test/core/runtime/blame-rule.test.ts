import { AssayError, type Fault } from '@assay/core/errors/assay-error';
import { blameFor, type ControlRun, type Evidence, type FailedTry } from '@assay/core/runtime/round/blame';
import { describe, expect, it } from 'vitest';

const GIB = 2 ** 30;

const failure = (
  code: string,
  payload: Record<string, unknown> = {},
  { fault = 'validator', message = code }: { fault?: Fault; message?: string } = {},
): AssayError => new AssayError({ code, message, hint: '', fault, retry: 'next-round', payload });
const exit = (how: string, message?: string): AssayError =>
  failure('EVALUATOR_CRASHED', { exit: how }, { ...(message ? { message } : {}) });

const tried = (error: AssayError, change: Partial<FailedTry> = {}): FailedTry => ({
  error,
  memory: 8 * GIB,
  outOfMemory: false,
  ...change,
});
const CONTROL: ControlRun = { uid: 1, parameterCount: 100, memory: 8 * GIB, elapsedMs: 10_000, peakBytes: GIB };

const codeFor = (error: AssayError, change: Partial<Evidence> = {}): string | undefined =>
  blameFor({ first: tried(error), second: tried(error), parameterCount: 100, control: CONTROL, ...change })?.code;

const late = (deadlineMs: number, stopped = false): AssayError =>
  failure('EVALUATOR_DEADLINE', { deadlineMs, stopped });

describe('two failures, between which another model was scored', () => {
  it.each([
    ['signal SIGSEGV', 'MODEL_BREAKS_EVALUATOR'],
    ['signal SIGABRT', 'MODEL_BREAKS_EVALUATOR'],
    ['signal SIGFPE', 'MODEL_BREAKS_EVALUATOR'],
    ['exit code 1', 'MODEL_BREAKS_EVALUATOR'],
    ['exit code 134', 'MODEL_BREAKS_EVALUATOR'],
    ['exit code 139', 'MODEL_BREAKS_EVALUATOR'],
    ['signal SIGKILL', undefined],
    ['signal SIGTERM', undefined],
    ['signal SIGINT', undefined],
    ['signal SIGHUP', undefined],
    ['signal SIGBUS', undefined],
    ['signal SIGXCPU', undefined],
    ['signal SIGUSR1', undefined],
    ['exit code 0', undefined],
    ['exit code 130', undefined],
    ['exit code 137', undefined],
    ['exit code 143', undefined],
    ['its output closed', undefined],
  ])('%s: %s', (how, code) => {
    expect(codeFor(exit(how))).toBe(code);
  });

  it.each([
    ['a deadline that the control met with room to spare', late(60_000), 'MODEL_EXCEEDS_LIMITS'],
    ['a deadline that the control met only just', late(14_000), undefined],
    ['a deadline of a process that was stopped', late(60_000, true), undefined],
    ['our own limit of memory', failure('EVALUATOR_MEMORY'), 'MODEL_EXCEEDS_LIMITS'],
    ['the runtime', failure('RUNTIME_FAILED'), 'MODEL_EXCEEDS_LIMITS'],
  ])('%s', (_what, error, code) => {
    expect(codeFor(error)).toBe(code);
  });

  it('blames by one failure from outside as little as by two', () => {
    const [own, outside] = [tried(exit('signal SIGSEGV')), tried(exit('signal SIGKILL'))];
    expect(codeFor(own.error, { first: outside })).toBeUndefined();
    expect(codeFor(own.error, { second: outside })).toBeUndefined();
  });
});

describe('memory', () => {
  it.each([
    ['the kernel killed it where five times the need of the control was free', 5 * GIB, 'MODEL_EXCEEDS_LIMITS'],
    ['the kernel killed it where the control would hardly have fitted', 1.2 * GIB, undefined],
  ])('%s', (_what, memory, code) => {
    const killed = tried(exit('signal SIGKILL'), { memory, outOfMemory: true });
    expect(codeFor(killed.error, { first: killed, second: killed, control: { ...CONTROL, memory } })).toBe(code);
  });

  it.each(['std::bad_alloc', 'JavaScript heap out of memory', 'Failed to allocate memory for requested buffer'])(
    'an abort for %s counts only where there was room',
    (message) => {
      const scarce = tried(exit('signal SIGABRT', message), { memory: 1.2 * GIB });
      const evidence = { first: scarce, second: scarce, control: { ...CONTROL, memory: 1.2 * GIB } };
      expect(codeFor(scarce.error, evidence)).toBeUndefined();
      expect(codeFor(scarce.error)).toBe('MODEL_BREAKS_EVALUATOR');
    },
  );

  it.each([
    ['the second try was given less than the control', { second: 4, control: 8 }],
    ['the control was given less than the first try', { second: 8, control: 4 }],
  ])('says nothing where %s, and nobody knows how much is enough', (_what, { second, control }) => {
    const error = exit('signal SIGSEGV');
    const run = { ...CONTROL, memory: control * GIB };
    const given = { first: tried(error), second: tried(error, { memory: second * GIB }) };
    expect(codeFor(error, { ...given, control: { ...run, peakBytes: undefined } })).toBeUndefined();
    expect(codeFor(error, { ...given, control: run })).toBe('MODEL_BREAKS_EVALUATOR');
  });
});

it('without a control there is no evidence', () => {
  expect(codeFor(exit('signal SIGSEGV'), { control: undefined })).toBeUndefined();
  expect(codeFor(late(60_000), { control: undefined })).toBeUndefined();
});

it("the evaluator's word about the files stands without one", () => {
  const nan = failure('NON_FINITE_LOSS', {}, { fault: 'miner' });
  expect(codeFor(nan, { control: undefined })).toBe('NON_FINITE_LOSS');
});
