import { readFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/*
 * A thread beside the evaluation, which blocks the main one: ends the process when its parent is gone, whatever it is
 * computing, and watches how much memory it takes.
 */
export interface WatchdogData {
  parent: number;
  /** Highest anonymous memory seen so far, in bytes. */
  peak: Float64Array;
}

const INTERVAL_MS = 100;

const { parent, peak } = workerData as WatchdogData;

function anonymousBytes(): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  peak[0] = Math.max(peak[0] ?? 0, anonymousBytes());
}, INTERVAL_MS);
