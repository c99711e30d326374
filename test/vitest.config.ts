import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..'),
    include: ['test/**/*.test.ts', 'competitions/*/test/**/*.test.ts'],
    // The real chain has a suite of its own: npm run test:subtensor.
    exclude: ['**/*.subtensor.test.ts', '**/dist/**', '**/fixtures/**', '**/node_modules/**'],
    globalSetup: './test/temporary-folder.ts',
    // A test that hangs fails in the end; a machine that is busy must not fail one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
