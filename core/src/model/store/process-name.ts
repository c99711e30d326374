import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * Tells this process from an earlier one that had the same id, as the first of a container always has: when it was started
 * where the system says so, which tells any other process that has the id now as well.
 */
const RUN = startOf(process.pid) ?? randomUUID();

/** Name of this process for what it works at in a folder that it shares with others. Has two parts, with a dot between. */
export const PROCESS_NAME = `${process.pid}.${RUN}`;

/** Whether a name that begins as PROCESS_NAME does is of a process that is alive. */
export function isOfLivingProcess(name: string): boolean {
  const [id, run] = name.split('.');
  const pid = Number(id);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return run === RUN;
  // A name without a time of start is believed as long as some process has the id.
  return isAlive(pid) && (run === undefined || !STARTED.test(run) || run === startOf(pid));
}

const STARTED = /^started-\d+$/;

/** When a process was started, in ticks since the machine was (Linux). */
function startOf(pid: number): string | undefined {
  try {
    // The name in parentheses may hold anything; the time is the twentieth field after it.
    const ticks = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
    return ticks === undefined ? undefined : `started-${ticks}`;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
