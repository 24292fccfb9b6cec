import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // A real cluster is one for all test files.
    fileParallelism: process.env.AEROSPIKE_HOST === undefined,
  },
});
