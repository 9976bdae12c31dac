import { defineConfig } from 'vitest/config';

/** What needs more than this repository: a packed tarball, real servers. Says what it skipped. */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 240_000,
    fileParallelism: false,
  },
});
