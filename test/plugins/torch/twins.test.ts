import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { NO_TORCH, pythons } from './pythons.js';

const SCRIPT = join(import.meta.dirname, '../../../plugins/torch/python/tests/twins.py');
const found = z.record(z.string(), z.union([z.number(), z.string()]));

if (pythons.length === 0) describe.skip(NO_TORCH, () => undefined);

/** A kernel and its eager twin, or a computation in blocks and the same at once. */
describe.each(pythons)('two ways of computing the same on torch $torch', ({ path }) => {
  const { stdout, stderr, status } = spawnSync(path, [SCRIPT], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const differences = Object.entries(found.parse(JSON.parse(stdout)));
  const compared = differences.flatMap(([name, apart]) => (typeof apart === 'number' ? [{ name, apart }] : []));
  const skipped = differences.flatMap(([name, why]) => (typeof why === 'string' ? [`${name}: ${why}`] : []));

  it.each(compared)('$name', ({ apart }) => {
    expect(apart).toBeLessThan(5e-5);
  });

  if (skipped.length > 0) it.skip.each(skipped)('%s', () => undefined);
});
