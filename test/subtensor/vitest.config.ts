import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../..'),
    include: ['test/subtensor/**/*.subtensor.test.ts'],
    exclude: ['**/dist/**', '**/node_modules/**'],
    globalSetup: './test/temporary-folder.ts',
    // A node takes about 500 MB, and a block takes a second of a core.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
