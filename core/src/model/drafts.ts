import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Tells this process from an earlier one that had the same id, as the first of a container always has: when it was started
 * where the system says so, which tells any other process that has the id now as well.
 */
const RUN = startOf(process.pid) ?? randomUUID();

/** Folders of unfinished work, named after the process that is at it. Whoever comes later throws away what the dead left. */
export class Drafts {
  constructor(private readonly directory: string) {}

  /** An empty folder of this process. */
  async create(): Promise<string> {
    const draft = this.path();
    await mkdir(draft, { recursive: true });
    return draft;
  }

  /** A name that nothing has yet, on the same file system as the drafts. */
  path(): string {
    return join(this.directory, `${process.pid}.${RUN}.${randomUUID()}`);
  }

  async discard(draft: string): Promise<void> {
    await rm(draft, { recursive: true, force: true });
  }

  /** Another process may be fetching right now: only what no living one owns goes. */
  async discardLeftovers(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    for (const name of await readdir(this.directory)) {
      if (!isOwned(name)) await this.discard(join(this.directory, name));
    }
  }
}

function isOwned(name: string): boolean {
  const [id, run] = name.split('.');
  const pid = Number(id);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return run === RUN;
  // A name without a time of start is believed as long as somebody has the id.
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
