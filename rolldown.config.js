/**
 * The programs as a few files instead of some two hundred: reading those takes longer than many a run. All lie in one
 * folder, so that a worker's file is beside whatever starts it. What only some runs need stays a file of its own.
 */
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: {
    asbackup: 'dist/cli/asbackup.js',
    asrestore: 'dist/cli/asrestore.js',
    asb: 'dist/cli/asb/asb.js',
    'backup-worker': 'dist/engine/backup/backup-worker.js',
    'restore-worker': 'dist/engine/restore/restore-worker.js',
    'validate-worker': 'dist/engine/verify/validate-worker.js',
  },
  platform: 'node',
  // Packages stay packages, but for the one that every start needs.
  external: (id) => /^[^./\\]/.test(id) && id !== 'commander',
  output: { dir: 'dist/bundle', format: 'esm', cleanDir: true, chunkFileNames: '[name]-[hash].js' },
});
