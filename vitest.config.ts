import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Tests mirror the source under test/. Child processes and real servers start in some: hence the generous limit. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', 'node_modules/**'],
    // Much of the time is spent waiting for child processes, so that two cores carry two workers; the default is one less.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Dozens of them load the same sources and client libraries: compiled once.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
