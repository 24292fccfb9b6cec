/**
 * The programs as a few files instead of some two hundred: reading those takes longer than many a run. All lie in one
 * folder, so that a worker's file is beside whatever starts it. What only some runs need stays a file of its own.
 */
import { defineConfig } from 'rolldown';

/**
 * Files of modules that are read together: each file more takes time. `core` and `storage` are read by everything, `wire`
 * by whatever speaks to a cluster, `start` by every start of a command. Each holds what its modules import, except for
 * what a file with a higher priority has, so that no two files import each other.
 */
const GROUPS = [
  { name: 'core', test: /dist[\\/]core[\\/]/, minShareCount: 4, priority: 3 },
  { name: 'storage', test: /dist[\\/]storage[\\/]/, minShareCount: 4, priority: 2 },
  { name: 'wire', test: /dist[\\/]aerospike[\\/]/, minShareCount: 3, priority: 1 },
  {
    name: 'start',
    test: /dist[\\/](cli[\\/]run|config[\\/](schema[\\/][^\\/]+|codec-config|constraints|storage-config))\.js$/,
  },
];

/** Packages of many small files that a start needs: reading those takes longer than running them. */
const BUNDLED = ['commander', 'croner', 'typebox', 'yaml'];

export default defineConfig({
  input: {
    asbackup: 'dist/cli/asbackup.js',
    asrestore: 'dist/cli/asrestore.js',
    asb: 'dist/cli/asb/asb.js',
    'aerospike-backup-service': 'dist/cli/aerospike-backup-service.js',
    'backup-worker': 'dist/engine/backup/backup-worker.js',
    'restore-worker': 'dist/engine/restore/restore-worker.js',
    'validate-worker': 'dist/engine/verify/validate-worker.js',
  },
  platform: 'node',
  // The others stay packages.
  external: (id) => /^[^./\\]/.test(id) && !BUNDLED.includes(id),
  output: {
    dir: 'dist/bundle',
    format: 'esm',
    cleanDir: true,
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: { groups: GROUPS },
  },
});
