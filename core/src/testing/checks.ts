import { messageOf, toAssayError } from '../errors/describe.js';

/** What a check found. */
export interface CheckResult {
  /** What was looked at: a competition, a dataset, a profile. */
  subject: string;
  name: string;
  /** Why it failed; undefined where it passed. */
  reason?: string;
  /** What to do about it, where the error says. */
  hint?: string;
  /** Why it was not made; undefined where it was. */
  skipped?: string;
}

export type Check = () => void | Promise<void>;

/** One that would fail for the same cause as another: left out where that one fails. */
export interface DependentCheck {
  needs: string;
  run: Check;
}

export type Checks = Readonly<Record<string, Check | DependentCheck>>;

const DEADLINE_MS = 20_000;
const CODE_HINT = 'Raise it with a code, a fault and a hint: docs/build/plugin.md shows how.';

/** What a check itself has found, and no error of what it looks at. */
class Unmet extends Error {}

export function demand(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new Unmet(reason);
}

/** A check that can't be made here. */
class Skipped extends Error {}

/** Ends a check that can't be made here, with a word that says why. */
export function skip(reason: string): never {
  throw new Skipped(reason);
}

/** Every check by itself: one that fails does not hide the others. Where one does not end, the others would not either. */
export async function runChecks(
  subject: string,
  checks: Checks,
  onCheck?: (subject: string, check: string) => void,
  deadlineMs = DEADLINE_MS,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const failed = new Set<string>();
  for (const [name, check] of Object.entries(checks)) {
    if (typeof check !== 'function' && failed.has(check.needs)) continue;
    onCheck?.(subject, name);
    try {
      await inTime((typeof check === 'function' ? check : check.run)(), deadlineMs);
      results.push({ subject, name });
    } catch (error) {
      if (error instanceof Skipped) {
        results.push({ subject, name, skipped: error.message });
        continue;
      }
      failed.add(name);
      const endless = error instanceof Unending;
      results.push({
        subject,
        name,
        ...explained(error, endless ? 'the checks after it were left out' : leftOut(name, checks)),
      });
      if (endless) break;
    }
  }
  return results;
}

const leftOut = (name: string, checks: Checks): string | undefined =>
  Object.values(checks).some((check) => typeof check !== 'function' && check.needs === name)
    ? 'the checks that need it were left out'
    : undefined;

function explained(error: unknown, more?: string): Pick<CheckResult, 'reason' | 'hint'> {
  const reason = [reasonOf(error), ...(more === undefined ? [] : [more])].join('; ');
  if (error instanceof Unmet || error instanceof Unending) return { reason };
  const { code, hint } = toAssayError(error).toReport();
  return { reason, hint: code === 'INTERNAL' ? CODE_HINT : hint };
}

export function reasonOf(error: unknown): string {
  if (error instanceof Unmet || error instanceof Unending) return error.message;
  const { code, message } = toAssayError(error);
  return code === 'INTERNAL' ? `an error without a code: ${messageOf(error)}` : `${code}: ${message}`;
}

class Unending extends Error {}

async function inTime(work: void | Promise<void>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Unending(`it was not done after ${deadlineMs / 1000} s`));
    }, deadlineMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
