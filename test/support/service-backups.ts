/** Backups of routines on the disk, and what the tests of their lists and restores share. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceDocument } from '../../src/service/document/schema/service-document.js';
import type { Storage } from '../../src/service/document/schema/storage.js';
import type { OpenedStorage } from '../../src/service/settings/open-storage.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import type { CodecConfig } from '../../src/codecs/codecs.js';
import type { Sindex } from '../../src/core/sindex.js';
import { metadata } from './abs.js';
import type { PlainRecord } from './asb.js';
import { writeBackup } from './backup-files.js';

/** 2026-05-02T01:00:00Z */
export const STARTED_MS = 1_777_683_600_000;

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export interface ListedRun {
  routine?: string;
  type?: 'backup' | 'incremental';
  startMs?: number;
  /** By default the start and the end are a minute apart. */
  finishedMs?: number;
  fromMs?: number;
  namespace?: string;
  /** Of the namespace; by default its name. */
  folder?: string;
  /** By default that of the start. */
  runName?: string;
  /** Versions before 3. */
  withoutData?: boolean;
  more?: Record<string, unknown>;
}

/** Writes the metadata of a namespace; returns its folder. */
export function writeListed(root: string, run: ListedRun = {}): string {
  const { routine = 'nightly', type = 'backup', startMs = STARTED_MS, namespace = 'test' } = run;
  const { finishedMs = startMs + 60_000, fromMs, folder = namespace, runName = String(startMs) } = run;
  const { withoutData = false, more = {} } = run;
  const parts = [routine, type, runName, ...(withoutData ? [] : ['data']), folder];
  const path = join(root, ...parts);
  mkdirSync(path, { recursive: true });
  const times = { created: isoTime(startMs), finished: isoTime(finishedMs) };
  const bound = fromMs === undefined ? {} : { from: isoTime(fromMs) };
  writeFileSync(join(path, 'metadata.yaml'), metadata(namespace, { ...times, ...bound, ...more }));
  return path;
}

/** A document with local storages, by their names, and a routine on each of the first. */
export function documentWith(root: string, routines: readonly string[] = ['nightly']): ServiceDocument {
  return {
    'aerospike-clusters': { main: { 'seed-nodes': [{ 'host-name': '127.0.0.1', port: 3000 }] } },
    storage: { disk: { 'local-storage': { path: root } } },
    'backup-routines': Object.fromEntries(
      routines.map((name) => [
        name,
        { 'source-cluster': 'main', storage: 'disk', 'interval-cron': '@daily', namespaces: [] },
      ]),
    ),
  };
}

/** Storages of the disk, as the service opens them. */
export function openLocal(storage: Storage): Promise<OpenedStorage> {
  const { path } = (storage as { 'local-storage': { path: string } })['local-storage'];
  const registry = new StorageRegistry();
  return Promise.resolve({ storage: registry, root: path, close: () => registry.close() });
}

export interface StoredRun extends ListedRun {
  records?: readonly PlainRecord[];
  sindexes?: readonly Sindex[];
  codecs?: CodecConfig;
}

/** Writes a namespace of a run as the service does, with its files; returns its folder. */
export async function writeStored(root: string, run: StoredRun = {}): Promise<string> {
  const { namespace = 'test', records = [], sindexes = [], codecs } = run;
  const path = writeListed(root, {
    ...run,
    more: { 'record-count': records.length, 'file-count': 1, 'secondary-index-count': sindexes.length, ...run.more },
  });
  await writeBackup(path, { namespace, records, sindexes, ...(codecs === undefined ? {} : { codecs }) });
  renameSync(join(path, `${namespace}_00000.asb`), join(path, `0_${namespace}_1.asb`));
  return path;
}
