/**
 * The programs as a few files instead of some two hundred, and the library: reading those takes longer than many a run.
 * All of each lie in one folder, so that a worker's file is beside whatever starts it. What only some runs need stays a file of its own.
 */
import { defineConfig } from 'rolldown';

/**
 * Files of modules that are read together: each file more takes time. `core` and `storage` are read by everything, `wire`
 * by whatever speaks to a cluster, `start` by every start of a command, `backup` by a backup and by its threads. Each
 * holds what its modules import, except for what a file with a higher priority has, so that no two files import each
 * other.
 */
const GROUPS = [
  { name: 'core', test: /dist[\\/]core[\\/]/, minShareCount: 4, priority: 3 },
  { name: 'storage', test: /dist[\\/]storage[\\/]/, minShareCount: 4, priority: 2 },
  { name: 'wire', test: /dist[\\/]aerospike[\\/]/, minShareCount: 3, priority: 1 },
  {
    name: 'start',
    test: /dist[\\/](cli[\\/](run|program)|config[\\/](schema[\\/][^\\/]+|codec-config|constraints|storage-config))\.js$/,
    priority: 1,
  },
  {
    name: 'backup',
    test: /dist[\\/](engine[\\/]backup[\\/]backup(-task)?|cli[\\/]commands[\\/](backup|command-run)|ui[\\/]backup-presentation)\.js$/,
  },
];

/** Worker threads are started with a file, which Node.js loads: it has the rest loaded as the programs are. */
const WORKERS = {
  'backup-worker': 'dist/engine/backup/backup-worker.js',
  'restore-worker': 'dist/engine/restore/restore-worker.js',
  'validate-worker': 'dist/engine/verify/validate-worker.js',
};
const THREAD = 'run-';

/** Packages of many small files that a start needs: reading those takes longer than running them. */
const BUNDLED = ['commander', 'croner', 'typebox', 'yaml'];

/** The others stay packages. */
const external = (id) => /^[^./\\]/.test(id) && !BUNDLED.includes(id);

const programs = {
  input: {
    asbackup: 'dist/cli/asbackup.js',
    asrestore: 'dist/cli/asrestore.js',
    asb: 'dist/cli/asb/asb.js',
    'aerospike-backup-service': 'dist/cli/aerospike-backup-service.js',
    ...Object.fromEntries(Object.entries(WORKERS).map(([name, path]) => [`${THREAD}${name}`, path])),
  },
  platform: 'node',
  // What a program loads only if it needs it may be part of a file that another one always loads.
  checks: { ineffectiveDynamicImport: false },
  external,
  plugins: [
    {
      name: 'start-files',
      renderChunk: (code) => code.replace(/\bimport\((?=["'])/g, 'importPackage('),
      generateBundle() {
        this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' });
        for (const name of Object.keys(WORKERS)) {
          const source = `require('../../bin/load.js').load(require('node:path').join(__dirname, '${THREAD}${name}.js'));\n`;
          this.emitFile({ type: 'asset', fileName: `${name}.js`, source });
        }
      },
    },
  ],
  output: {
    dir: 'dist/bundle',
    // Node.js loads CommonJS in less time than modules, and V8 takes compiled code for it (bin/load.js).
    format: 'cjs',
    cleanDir: true,
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: { groups: GROUPS },
  },
};

/** Modules, as whoever imports them may be one; files of their own, which divide those of the programs no further. */
const library = {
  input: { index: 'dist/index.js', ...WORKERS },
  platform: 'node',
  checks: { ineffectiveDynamicImport: false },
  external,
  output: { dir: 'dist/library', format: 'esm', cleanDir: true, chunkFileNames: '[name]-[hash].js' },
};

export default defineConfig([programs, library]);
