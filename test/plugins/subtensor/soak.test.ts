import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Usage } from './soak-child.js';

/** The built module: the child runs without a compiler. */
const CHILD = join(import.meta.dirname, '..', '..', 'dist', 'plugins', 'subtensor', 'soak-child.js');
/** Broken connections after the first rounds; more with the variable. */
const ROUNDS = Number(process.env['ASSAY_CHAIN_SOAK_ROUNDS'] ?? 60);

interface Result {
  before: Usage;
  after: Usage;
  left: { sockets: number; timers: number };
}

describe(`a process whose connection breaks ${ROUNDS} times`, () => {
  it(
    'holds as many sockets, timers, listeners and bytes as before, and none at its end',
    { timeout: 3_600_000 },
    async () => {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--expose-gc', CHILD, String(ROUNDS)]);
      const { before, after, left } = JSON.parse(stdout) as Result;
      process.stderr.write(`${stdout}\n`);
      // No warning of a leak, and nothing else.
      expect(stderr).toBe('');
      expect(after.accepted - before.accepted).toBeGreaterThan(ROUNDS / 2);
      expect(after.clients).toBe(1);
      expect(after.nodes).toBe(1);
      expect(after.sockets).toBeLessThanOrEqual(before.sockets);
      expect(after.timers).toBeLessThanOrEqual(before.timers);
      expect(after.listeners).toBeLessThanOrEqual(before.listeners);
      expect(after.heap - before.heap).toBeLessThan(2 * 1024 ** 2);
      expect(left).toEqual({ sockets: 0, timers: 0 });
    },
  );
});
