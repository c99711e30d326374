import { z } from 'zod';
import { AssayError, isAssayError, isMarked } from './assay-error.js';
import { errorReport } from './error-report.js';

const issues = z.object({ issues: z.array(z.object({ path: z.array(z.unknown()), message: z.string() })).min(1) });

/** What is wrong by a schema, zod's or one like it: a line each, with the dotted path of the value. */
export function issueLines(error: unknown): string[] | undefined {
  const { data } = issues.safeParse(error);
  return data?.issues.map(({ path, message }) => `${path.map(String).join('.') || '(top)'}: ${message}`);
}

/** What any thrown value says. A schema's own message is a dump of JSON: its issues are told instead. */
export function messageOf(error: unknown): string {
  const said = issueLines(error)?.join('; ') ?? (error instanceof Error ? error.message : String(error));
  if (!isMarked(error)) return said;
  const lacks = issueLines(errorReport.safeParse(error).error) ?? [];
  return lacks.length === 0 ? said : `${said} (marked as an error with a code, and none: ${lacks.join('; ')})`;
}

/**
 * Any thrown value as an AssayError. What nobody foresaw is the validator's own fault: it may never cost a miner.
 */
export function toAssayError(error: unknown): AssayError {
  if (isAssayError(error)) return error;
  if (isOutOfFiles(error)) return outOfFiles(error);
  return new AssayError(
    {
      code: 'INTERNAL',
      message: `Unexpected error: ${messageOf(error)}`,
      hint: 'This is a defect in Assay or a plugin: please report it with the log around it.',
      fault: 'validator',
      retry: 'next-round',
      payload: {},
    },
    { cause: error },
  );
}

const isOutOfFiles = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE');

function outOfFiles(error: NodeJS.ErrnoException): AssayError {
  return new AssayError(
    {
      code: 'OPEN_FILES_EXHAUSTED',
      message: `No more files can be opened: ${error.message}`,
      hint: 'Raise the limit of open files of this process or of the machine: ulimit -n, or LimitNOFILE of the service.',
      fault: 'validator',
      retry: 'backoff',
      payload: {},
    },
    { cause: error },
  );
}

/** The error that an aborted signal stands for. */
export function abortError(): AssayError {
  return new AssayError({
    code: 'ABORTED',
    message: 'Stopped on request.',
    hint: 'Start again to continue from the stored state.',
    fault: 'validator',
    retry: 'next-round',
    payload: {},
  });
}

/** What lies behind an error, for the log. */
export function causeOf(error: AssayError): string {
  const { cause } = error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : typeof cause === 'string' ? cause : '';
}
