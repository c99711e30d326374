import { readFile } from 'node:fs/promises';

/**
 * Anonymous memory of a process in bytes: what it has allocated, mapped files left out. Linux tells it apart; elsewhere
 * there is no cheap way to ask, and undefined says so.
 */
export async function anonymousMemory(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
