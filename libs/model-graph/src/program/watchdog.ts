import { workerData } from 'node:worker_threads';
import { anonymousBytesOf } from './anonymous-memory.js';

/*
 * A thread beside the evaluation, which blocks the main one: ends the process when its parent is gone, whatever it is
 * computing, and watches how much memory it takes.
 */
export interface WatchdogData {
  parent: number;
  /** Another process that computes for this one. */
  helper?: number;
  /** Highest anonymous memory seen so far, in bytes. */
  peak: Float64Array;
}

const INTERVAL_MS = 50;

const watch = workerData as WatchdogData;
const { parent, peak } = watch;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  peak[0] = Math.max(peak[0] ?? 0, anonymousBytesOf(watch));
}, INTERVAL_MS);
