import { defineConfig } from 'vitest/config';

/** Tests mirror the source under test/. Child processes and real servers start in some: hence the generous limit. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', 'node_modules/**'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
