import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    exclude: ['dist/**', 'fixtures/**'],
    globalSetup: './temporary-folder.ts',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
