/** Runs of the Aerospike Backup Service, made without it. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CodecConfig } from '../../src/codecs/codecs.js';
import { plainRecord, writeBackup } from './backup-files.js';

/** The text of a metadata.yaml. */
export function metadata(namespace: string, more: Record<string, unknown> = {}): string {
  const fields = {
    created: '2026-05-02T01:00:00Z',
    finished: '2026-05-02T01:07:30.125Z',
    from: '0001-01-01T00:00:00Z',
    namespace,
    'record-count': 3,
    'byte-count': 9120,
    'file-count': 2,
    'secondary-index-count': 0,
    'udf-count': 0,
    compression: 'NONE',
    encryption: 'NONE',
    ...more,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${String(value)}\n`)
    .join('');
}

/** A namespace of a run as the service writes it: two files of records. */
export async function writeRun(
  path: string,
  namespace: string,
  { text = metadata(namespace), codecs }: { text?: string | undefined; codecs?: CodecConfig } = {},
): Promise<void> {
  const records = [1, 2, 3].map((n) => plainRecord(n, { namespace }));
  await writeBackup(path, { namespace, records, perFile: 2, ...(codecs === undefined ? {} : { codecs }) });
  renameSync(join(path, `${namespace}_00000.asb`), join(path, `0_${namespace}_1.asb`));
  renameSync(join(path, `${namespace}_00001.asb`), join(path, `1_${namespace}_2.asb`));
  writeFileSync(join(path, 'metadata.yaml'), text);
}
