/**
 * Ends a build: writes the help of each program into dist/bundle, and beside its files what V8 has compiled of them in a
 * restore and a backup of a few records, for bin/load.js.
 * Usage: node scripts/write-code-cache.cjs
 */
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { createInterface } = require('node:readline');
const v8 = require('node:v8');
const vm = require('node:vm');
const { isMainThread } = require('node:worker_threads');

const ROOT = join(__dirname, '..');
const BUNDLE = join(ROOT, 'dist/bundle');
const PROGRAMS = ['asbackup', 'asrestore', 'asb', 'aerospike-backup-service'];

const RECORDED = 'CODE_CACHE_OF';

const TIMEOUT_MS = 60_000;

if (require.main === module) void build();
else recordThread();

async function build() {
  for (const name of PROGRAMS) {
    const help = execFileSync(process.execPath, [join(ROOT, 'bin', name), '--help'], { encoding: 'utf8' });
    writeFileSync(join(BUNDLE, `${name}.help`), help);
  }
  const scratch = mkdtempSync(join(tmpdir(), 'code-cache-'));
  const server = await startServer();
  try {
    const source = join(scratch, 'source.asb');
    writeFileSync(source, createBackup());
    const reach = ['--no-config-file', '-h', '127.0.0.1', '-p', server.port];
    runRecorded('asb', 'list', '--help');
    runRecorded('asrestore', ...reach, '-i', source);
    runRecorded('asrestore', '--no-config-file', '--validate', '-i', source);
    runRecorded('asbackup', ...reach, '-n', 'test', '-w', '1', '-d', join(scratch, 'one'));
    runRecorded('asbackup', ...reach, '-n', 'test', '-w', '2', '-d', join(scratch, 'two'));
  } finally {
    server.stop();
    rmSync(scratch, { recursive: true });
  }
}

/** Twice, as a thread and the main thread load the same files: each adds what it has compiled to what it has loaded. */
function runRecorded(name, ...words) {
  for (const recorded of ['main', 'threads']) {
    execFileSync(process.execPath, ['--require', __filename, join(ROOT, 'bin', name), ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, [RECORDED]: recorded },
      timeout: TIMEOUT_MS,
    });
    // A backup does not write over another one.
    if (name === 'asbackup') rmSync(words.at(-1), { recursive: true });
  }
}

/**
 * In every thread of a recorded run. V8 takes compiled code only if it was written with the flags of the start, and the
 * collection before the end of a thread changes them for the whole process (src/core/worker-exit.ts): the main thread
 * makes up for it when everything is written.
 */
function recordThread() {
  const { setFlagsFromString } = v8;
  const { runInNewContext } = vm;
  v8.setFlagsFromString = () => undefined;
  vm.runInNewContext = () => () => undefined;
  process.on('exit', () => {
    if (process.env[RECORDED] === (isMainThread ? 'main' : 'threads')) writeCaches();
    if (!isMainThread) return;
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
  });
}

function writeCaches() {
  for (const [path, script] of require('../bin/load.js').scripts) {
    writeFileSync(`${path}.cache`, script.createCachedData());
  }
}

/** The in-memory server. */
async function startServer() {
  const server = spawn(process.execPath, [join(ROOT, 'dist/node/main.js'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const [, port] = /^ready [^,]*:(\d+)/.exec(line) ?? [];
    if (port !== undefined) return { port, stop: () => server.kill('SIGTERM') };
  }
  throw new Error('The in-memory server did not start');
}

function createBackup() {
  const lines = ['Version 3.1', '# namespace test', '# first-file'];
  for (let i = 0; i < 200; i++) {
    const digest = Buffer.alloc(20, i).toString('base64');
    lines.push('+ n test', `+ d ${digest}`, '+ s users', '+ g 1', '+ t 0', '+ b 3');
    lines.push(`- I number ${i}`, '- S name 3 abc', '- D ratio 0.5');
  }
  return `${lines.join('\n')}\n`;
}
