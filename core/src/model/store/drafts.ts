import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isOfLivingProcess, PROCESS_NAME } from './process-name.js';

/** Folders of unfinished work, named after the process that is at it. What the dead have left is thrown away. */
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
    return join(this.directory, `${PROCESS_NAME}.${randomUUID()}`);
  }

  async discard(draft: string): Promise<void> {
    await rm(draft, { recursive: true, force: true });
  }

  /** Another process may be fetching right now: only what no living one owns goes. */
  async discardLeftovers(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    for (const name of await readdir(this.directory)) {
      if (!isOfLivingProcess(name)) await this.discard(join(this.directory, name));
    }
  }
}
