import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One temporary folder for all tests: whatever they, or processes that they kill, leave behind goes with it. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'assay-tests-'));
  process.env['TMPDIR'] = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
}
