/** Backups of a catalog on the disk, made without a cluster: documents and manifests that fit their files. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { EncryptionKey } from '../../src/codecs/key.js';
import { PartitionProgress } from '../../src/engine/backup/checkpoint/partition-progress.js';
import { saveState, type BackupState } from '../../src/engine/backup/checkpoint/state-file.js';
import { createBackupDocument, type BackupDocument } from '../../src/engine/catalog/backup-document.js';
import { MANIFEST_NAME, type ManifestInfo } from '../../src/engine/catalog/manifest.js';
import type { PlainRecord } from './asb.js';
import { type BackupContents, plainRecord, storages, writeBackup } from './backup-files.js';

export const STARTED = '2026-01-02T03:04:05.678Z';

/** Makes a directory with one namespace, as `asbackup --manifest` does. `key`: encrypted. */
export async function writeNamespace(
  path: string,
  namespace: string,
  info: Partial<ManifestInfo> = {},
  records: readonly PlainRecord[] = [1, 2, 3].map((n) => plainRecord(n, { namespace })),
  key?: EncryptionKey,
  { identity, ...metadata }: Pick<BackupContents, 'sindexes' | 'udfs'> & { identity?: BackupState['identity'] } = {},
): Promise<void> {
  const codecs = key === undefined ? {} : { codecs: { encryption: { mode: 'aes128', key } } as const };
  const { files } = await writeBackup(path, { namespace, records, ...codecs, ...metadata });
  const state: BackupState = {
    runId: 'test',
    target: path,
    identity: {
      namespace,
      target: 'directory',
      compress: '',
      encrypt: key === undefined ? '' : 'aes128',
      'output-file-prefix': namespace,
      ...identity,
    },
    cluster: { name: 'test', nodes: ['BB9000000000000'] },
    filters: [{ kind: 'range', begin: 0, count: 4096 }],
    cursors: new PartitionProgress(),
    files: files.map((file) => ({
      name: basename(file.path),
      bytes: statSync(file.path).size,
      records: records.length,
      blocks: [[statSync(file.path).size, createHash('sha256').update(readFileSync(file.path)).digest('base64')]],
    })),
    counters: {
      records: records.length,
      bytes: files.reduce((sum, file) => sum + statSync(file.path).size, 0),
      sindexes: 0,
      udfs: 0,
    },
    manifest: {
      id: 'b1',
      type: 'full',
      state: 'COMPLETED',
      version: '5.0.0',
      serverVersion: '8.1.0.3',
      started: STARTED,
      ...(info.state === undefined || info.state === 'COMPLETED' ? { finished: STARTED } : {}),
      ...info,
    },
  };
  await saveState(join(path, MANIFEST_NAME), state, storages, key);
}

/** Makes a backup with a document; `begun`: its namespaces that have a manifest, by default all. */
export async function writeCatalogBackup(
  root: string,
  document: Partial<BackupDocument> = {},
  { begun, key, info = {} }: { begun?: readonly string[]; key?: EncryptionKey; info?: Partial<ManifestInfo> } = {},
): Promise<string> {
  const full: BackupDocument = {
    id: 'b1',
    type: 'full',
    started: STARTED,
    namespaces: ['bar', 'test'],
    selection: {},
    ...document,
  };
  const path = join(root, full.id);
  mkdirSync(path, { recursive: true });
  await createBackupDocument(path, full, storages, key);
  const { id, type, parent, started, namespaces } = full;
  for (const namespace of begun ?? namespaces) {
    const own = { id, type, started, ...(parent === undefined ? {} : { parent }), ...info };
    await writeNamespace(join(path, namespace), namespace, own, undefined, key);
  }
  return path;
}
