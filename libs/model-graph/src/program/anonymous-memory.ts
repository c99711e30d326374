import { readFileSync } from 'node:fs';

/** Bytes that a process has allocated, mapped files left out; 0 where the platform does not tell. */
function anonymousBytes(process: number | 'self'): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${process}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** The same of this process and of the one that computes for it. */
export const anonymousBytesOf = ({ helper }: { helper?: number }): number =>
  anonymousBytes('self') + (helper === undefined ? 0 : anonymousBytes(helper));
