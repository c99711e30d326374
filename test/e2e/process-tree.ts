import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Ids of the living processes whose parent this is (Linux). */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // The name in parentheses may hold anything; state and parent come after the last one.
      const [state, ppid] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return Number(ppid) === parent && state !== 'Z' ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** A zombie has ended: only its parent has not asked yet. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0] !== 'Z';
  } catch {
    return false;
  }
}

/** Those of the processes that still live when the time is over. */
export async function survivors(pids: readonly number[], withinMs: number): Promise<number[]> {
  const end = Date.now() + withinMs;
  while (Date.now() < end && pids.some(isAlive)) await delay(20);
  return pids.filter(isAlive);
}
