import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/equality.ts'],
    // A run that cannot succeed is given up after a minute without progress; on a busy machine that takes longer.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // One more than there are processors: many tests wait for timers, sockets and files.
    maxWorkers: availableParallelism() + 1,
    // A real cluster is one for all test files.
    fileParallelism: process.env.AEROSPIKE_HOST === undefined,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // Programs and workers run as processes and threads of their own, in the integration tests.
      // So does what of the console needs a browser.
      exclude: ['src/node/main.ts', 'src/**/*-worker.ts', 'src/console/{api,state}/**', 'src/console/**/*.tsx'],
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: 'coverage',
      // Of the unit tests alone; what runs as a program counts nothing.
      thresholds: { statements: 62, branches: 55, functions: 63, lines: 63 },
    },
  },
});
