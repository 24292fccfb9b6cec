/**
 * Measures the commands that read whole backups: merge of a full backup and an increment of a tenth, diff of two
 * backups, export, and the index that serve builds. Each runs in a process of its own, whose peak memory is measured.
 * Usage: scripts/run-program benchmark/catalog [RECORDS]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Codecs } from '../../src/codecs/codecs.js';
import { findBackupFiles, type BackupFiles } from '../../src/engine/catalog/backup-files.js';
import { diffBackups } from '../../src/engine/catalog/diff.js';
import { exportBackup } from '../../src/engine/catalog/export.js';
import { indexBackup } from '../../src/engine/catalog/indexed-backup.js';
import { mergeBackups } from '../../src/engine/catalog/merge.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { writeRecords } from './data.js';

const DEFAULT_RECORDS = 1_000_000;
const LOOKUPS = 100_000;
const [first, ...rest] = process.argv.slice(2);
const storages = new StorageRegistry();
const { signal } = new AbortController();

const STEPS: Readonly<Record<string, (full: BackupFiles, increment: BackupFiles, root: string) => Promise<string>>> = {
  merge: async (full, increment, root) => {
    const output = { directory: join(root, 'merged'), storages, codecs: full.codecs };
    const { records, replaced } = await mergeBackups({ inputs: [full, increment], output, signal });
    return `${records} records, ${replaced} replaced`;
  },
  diff: async (full) => {
    const side = { kind: 'backup', files: full } as const;
    const { equal } = await diffBackups({ before: side, after: side, signal });
    return `${equal} equal records`;
  },
  export: async (full, _increment, root) => {
    const sink = await (await storages.forPath(root)).create(join(root, 'export.jsonl'), 0);
    const options = { bins: [], sets: [], typed: false, largeIntegersAsStrings: false, signal } as const;
    const { records, bytes } = await exportBackup(full, sink, { ...options, format: 'jsonl' });
    return `${records} records, ${bytes} bytes of JSON`;
  },
  index: async (full) => {
    const backup = await indexBackup(full, { sets: [], signal });
    const source = backup.sources.get('test')!;
    const startedMs = performance.now();
    for (let i = 0; i < LOOKUPS; i++) source.read(Math.floor((i * source.count) / LOOKUPS));
    const microseconds = ((performance.now() - startedMs) / LOOKUPS) * 1000;
    backup.close();
    return `${backup.records} records, then ${microseconds.toFixed(1)} us for a record in the order of a scan`;
  },
};

async function runStep(name: string, root: string): Promise<void> {
  const codecs = await Codecs.open();
  const full = await findBackupFiles(join(root, 'full'), { codecs, storages });
  const increment = await findBackupFiles(join(root, 'increment'), { codecs, storages });
  const startedMs = performance.now();
  const result = await STEPS[name]!(full, increment, root);
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage();
  const cpu = ((user + system) / 1e6).toFixed(1).padStart(6);
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${name.padEnd(7)}${seconds.toFixed(1).padStart(7)} s  processor ${cpu} s  peak ${peakMiB.toFixed(0).padStart(5)} MiB  ${result}`,
  );
}

async function measureAll(records: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'asb-bench-'));
  try {
    for (const [name, count] of [
      ['full', records],
      ['increment', Math.ceil(records / 10)],
    ] as const) {
      mkdirSync(join(root, name));
      await writeRecords(join(root, name, 'test_00000.asb'), 'small', count);
    }
    console.log(`${records} records, ${statSync(join(root, 'full', 'test_00000.asb')).size} bytes`);
    for (const name of Object.keys(STEPS)) {
      process.stdout.write(
        execFileSync(process.execPath, [fileURLToPath(import.meta.url), name, root], { encoding: 'utf8' }),
      );
      for (const made of ['merged', 'export.jsonl']) rmSync(join(root, made), { recursive: true, force: true });
    }
  } finally {
    rmSync(root, { recursive: true });
  }
}

if (first !== undefined && first in STEPS) await runStep(first, rest[0]!);
else await measureAll(Number(first ?? DEFAULT_RECORDS));
