/**
 * What the catalog costs: a backup with and without a manifest, in turn; the list of many backups; verification beside
 * sha256sum; copying beside cp. The commands that read records are measured by catalog.ts.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createBackupDocument } from '../../src/engine/catalog/backup-document.js';
import { loadState, saveState } from '../../src/engine/backup/checkpoint/state-file.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { writeRecords } from './data.js';
import { median, timed, type Measurement } from './measure.js';
import { startServer } from './server.js';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '3000000' },
    runs: { type: 'string', default: '5' },
    backups: { type: 'string', default: '10000' },
    workers: { type: 'string', default: '2' },
    directory: { type: 'string', default: tmpdir() },
  },
});
const RUNS = Number(values.runs);
const MINUTE_MS = 60_000;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const line = (program: string, ...args: readonly string[]): string =>
  [process.execPath, here(`../../bin/${program}`), ...args, '--no-config-file'].join(' ');

const storages = new StorageRegistry();
const folder = mkdtempSync(join(values.directory, 'asb-costs-'));
try {
  const backup = await measureBackups();
  await measureReading(backup);
  await measureList(backup);
} finally {
  rmSync(folder, { recursive: true });
}

/** Resolves with the directory of a backup. */
async function measureBackups(): Promise<string> {
  const server = await startServer();
  const at = ['-h', server.host, '-p', String(server.port)];
  try {
    const data = join(folder, 'data.asb');
    await writeRecords(data, 'small', Number(values.records));
    await timed(line('asrestore', ...at, '-g', '-i', data));
    rmSync(data);
    const run = (name: string, ...more: string[]): Promise<Measurement> => {
      rmSync(join(folder, name), { recursive: true, force: true });
      return timed(line('asbackup', ...at, '-n', 'test', '-d', join(folder, name), '-w', values.workers, ...more));
    };
    await run('plain');
    const plain: Measurement[] = [];
    const manifest: Measurement[] = [];
    for (let i = 0; i < RUNS; i++) {
      plain.push(await run('plain'));
      manifest.push(await run('manifest', '--manifest'));
    }
    console.log(`${values.records} records, ${values.workers} worker(s), ${RUNS} runs in turn, medians`);
    const without = row('backup without manifest', plain);
    const within = row('backup with manifest', manifest);
    const percent = (key: 'wallS' | 'cpuS'): string => ((within[key] / without[key] - 1) * 100).toFixed(1);
    console.log(`the manifest costs ${percent('wallS')} % of the wall clock, ${percent('cpuS')} % of CPU`);
    return join(folder, 'manifest');
  } finally {
    await server.stop();
  }
}

async function measureReading(backup: string): Promise<void> {
  const { counters } = await loadState(join(backup, 'manifest.json'), storages);
  const megabytes = counters.bytes / 1e6;
  const copy = join(folder, 'copy');
  const lines: readonly [string, () => string][] = [
    ['sha256sum', () => `sha256sum ${backup}/*.asb`],
    ['verify --checksums-only', () => line('asb', 'verify', backup, '--checksums-only')],
    ['verify', () => line('asb', 'verify', backup, '--parallel', values.workers)],
    ['cp', () => `rm -rf ${copy} && cp -r ${backup} ${copy} && sync ${copy}/*`],
    ['copy', () => `rm -rf ${copy} && ${line('asb', 'copy', backup, copy)}`],
  ];
  console.log(`${megabytes.toFixed(0)} MB, ${RUNS} runs, medians`);
  for (const [name, command] of lines) {
    const runs: Measurement[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(await timed(command()));
    const { wallS } = row(name, runs);
    console.log(`${''.padEnd(28)}${(megabytes / wallS).toFixed(0).padStart(8)} MB/s`);
  }
}

/** Each with a document and a manifest of its own, those of the backup. */
async function measureList(backup: string): Promise<void> {
  const root = join(folder, 'catalog');
  mkdirSync(root);
  const state = await loadState(join(backup, 'manifest.json'), storages);
  for (let i = 0; i < Number(values.backups); i++) {
    const id = `backup-${String(i).padStart(6, '0')}`;
    const started = new Date(Date.UTC(2026, 0, 1) + i * MINUTE_MS).toISOString();
    await createBackupDocument(
      join(root, id),
      { id, type: 'full', started, namespaces: ['test'], selection: {} },
      storages,
    );
    mkdirSync(join(root, id, 'test'));
    const manifest = { ...state.manifest!, id, started };
    await saveState(join(root, id, 'test', 'manifest.json'), { ...state, manifest }, storages);
  }
  const size = statSync(join(root, 'backup-000000', 'test', 'manifest.json')).size;
  console.log(`${values.backups} backups with manifests of ${size} bytes, ${RUNS} runs, medians`);
  const runs: Measurement[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await timed(line('asb', 'list', root)));
  row('list', runs);
  const prunes = [await timed(line('asb', 'prune', root, '--keep-daily', '7', '--dry-run'))];
  row('prune --dry-run', prunes);
}

function row(name: string, runs: readonly Measurement[]): { wallS: number; cpuS: number } {
  const [wallS, cpuS] = [median(runs.map((run) => run.wallS)), median(runs.map((run) => run.cpuS))];
  const peakMiB = Math.max(...runs.map((run) => run.peakMiB ?? 0));
  const columns = `${wallS.toFixed(2).padStart(8)} s${cpuS.toFixed(2).padStart(8)} s CPU${peakMiB.toFixed(0).padStart(6)} MiB`;
  console.log(name.padEnd(28) + columns);
  return { wallS, cpuS };
}
