import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Reporter, RunEvent } from '@assay/core/contracts/reporter';
import { eventLine } from '@assay/core/reporting/event-line';

interface FileReporterOptions {
  /** Absolute. */
  path: string;
  /** Bytes from which on a new file is begun; the full one becomes `PATH.1`, and the one before it goes. */
  maxBytes: number;
  events: readonly RunEvent['event'][] | undefined;
}

/** JSON lines in a file. The file is opened for each line, so that another program may move it away at any time. */
export class FileReporter implements Reporter {
  constructor(private readonly options: FileReporterOptions) {}

  async report(event: RunEvent, at: number): Promise<void> {
    const { path, maxBytes, events } = this.options;
    if (events && !events.includes(event.event)) return;
    const line = `${eventLine(event, at)}\n`;
    const size = await stat(path).then(
      ({ size: bytes }) => bytes,
      () => 0,
    );
    if (size > 0 && size + Buffer.byteLength(line) > maxBytes) await rename(path, `${path}.1`);
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, line);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
