import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..'),
    include: ['test/**/*.test.ts', 'competitions/*/test/**/*.test.ts'],
    exclude: ['**/dist/**', '**/fixtures/**', '**/node_modules/**'],
    globalSetup: './test/temporary-folder.ts',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
