import { spawnSync } from 'node:child_process';

/** Pythons that the tests compute with: Debian's, and the one that `ASSAY_TEST_PYTHON` names. */
const CANDIDATES = ['/usr/bin/python3', ...(process.env['ASSAY_TEST_PYTHON'] ?? '').split(':')];

interface Python {
  path: string;
  torch: string;
}

/** Those of them that have torch. */
export const pythons: readonly Python[] = [...new Set(CANDIDATES)]
  .filter((path) => path !== '')
  .flatMap((path) => {
    const found = spawnSync(path, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
    return found.status === 0 ? [{ path, torch: found.stdout.trim() }] : [];
  });

/** Why tests are skipped where there is none. */
export const NO_TORCH = 'skipped: no Python has torch (apt-get install python3-torch, or set ASSAY_TEST_PYTHON)';
