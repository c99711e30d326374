import { toAssayError } from '../errors/describe.js';

/** What a check found. */
export interface CheckResult {
  /** What was looked at: a competition, a dataset, a profile. */
  subject: string;
  name: string;
  /** Why it failed; undefined where it passed. */
  reason?: string;
}

export type Check = () => void | Promise<void>;

const DEADLINE_MS = 20_000;

export function demand(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new Error(reason);
}

/** Every check by itself: one that fails does not hide the others. Where one does not end, the others would not either. */
export async function runChecks(subject: string, checks: Readonly<Record<string, Check>>, onCheck?: (subject: string, check: string) => void): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const [name, check] of Object.entries(checks)) {
    onCheck?.(subject, name);
    try {
      await inTime(check());
      results.push({ subject, name });
    } catch (error) {
      if (error instanceof Unending) {
        results.push({ subject, name, reason: `${error.message}; the checks after it were left out` });
        break;
      }
      results.push({ subject, name, reason: reasonOf(error) });
    }
  }
  return results;
}

export function reasonOf(error: unknown): string {
  const { code, message } = toAssayError(error);
  return code === 'INTERNAL' && error instanceof Error ? error.message : `${code}: ${message}`;
}

class Unending extends Error {}

async function inTime(work: void | Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Unending(`it was not done after ${DEADLINE_MS / 1000} s`));
    }, DEADLINE_MS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
