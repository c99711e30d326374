import { readFileSync } from 'node:fs';

/** Bytes that this process has allocated, mapped files left out; 0 where the platform does not tell. */
export function anonymousBytes(): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
