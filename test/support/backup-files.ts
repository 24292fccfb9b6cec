/** Backups on the disk, made without a cluster: records of a plain model as files of a directory. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { encodeHeader, encodeSindex, encodeUdf, RecordEncoder } from '../../src/asb/encoder.js';
import { Codecs, type CodecConfig } from '../../src/codecs/codecs.js';
import { Particle } from '../../src/core/particle.js';
import type { Sindex, Udf } from '../../src/core/sindex.js';
import { findBackupFiles, readBackupFiles, type BackupFiles } from '../../src/engine/catalog/backup-files.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { toView, type Bin, type PlainRecord } from './asb.js';
import { key } from './codecs.js';

export const storages = new StorageRegistry();
export const NEVER = new AbortController().signal;
export const SEALED: CodecConfig = {
  compression: { codec: 'zstd', level: 1 },
  encryption: { mode: 'aes128', key },
};

/** A directory that exists until the tests of the file are over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'asb-test-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function int64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

export function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

export function integerBin(name: string, value: number | bigint): Bin {
  return { name: Buffer.from(name), particle: Particle.INTEGER, value: int64(value) };
}

export function textBin(name: string, value: string): Bin {
  return { name: Buffer.from(name), particle: Particle.STRING, value: Buffer.from(value) };
}

/** Record number `n`: its digest and key follow from the number. */
export function plainRecord(
  n: number,
  { bins = [integerBin('n', n)], ...rest }: Partial<PlainRecord> = {},
): PlainRecord {
  const digest = Buffer.alloc(20, 7);
  digest.writeUInt32LE(Math.imul(n, 0x9e37_79b1) >>> 0, 0);
  digest.writeUInt32LE(n, 16);
  return {
    namespace: 'test',
    set: Buffer.from('demo'),
    digest,
    keyType: Particle.INTEGER,
    key: int64(n),
    generation: 1,
    voidTime: 0,
    bins,
    ...rest,
  };
}

export interface BackupContents {
  records: readonly PlainRecord[];
  sindexes?: readonly Sindex[];
  udfs?: readonly Udf[];
  namespace?: string;
  codecs?: CodecConfig;
  /** Records of each file; default: all in one. */
  perFile?: number;
  version?: '3.1' | '3.2';
}

/** Writes a backup to a new directory. */
export async function writeBackup(directory: string, contents: BackupContents): Promise<BackupFiles> {
  const { records, sindexes = [], udfs = [], namespace = 'test', perFile = Math.max(1, records.length) } = contents;
  mkdirSync(directory, { recursive: true });
  const codecs = await Codecs.open(contents.codecs);
  const storage = await storages.forPath(directory);
  for (let at = 0, number = 0; number === 0 || at < records.length; at += perFile, number++) {
    const encoder = new RecordEncoder({ namespace, compact: false });
    const name = `${namespace}_${String(number).padStart(5, '0')}.asb`;
    const sink = codecs.encode(await storage.create(join(directory, name), 0));
    await sink.write(encodeHeader(namespace, number === 0, contents.version ?? '3.1'));
    if (number === 0) {
      for (const sindex of sindexes) await sink.write(encodeSindex(sindex));
      for (const udf of udfs) await sink.write(encodeUdf(udf));
    }
    for (const record of records.slice(at, at + perFile)) encoder.encode(toView(record));
    if (encoder.length > 0) await sink.write(encoder.drain());
    await sink.close();
  }
  return findBackupFiles(directory, { codecs, storages });
}

/** All records of a backup, by their text. */
export async function readTexts(files: BackupFiles): Promise<string[]> {
  const texts: string[] = [];
  await readBackupFiles(
    files,
    {
      visitRecord: ({ record, textStart, textEnd }) => {
        texts.push(record.input.toString('latin1', textStart, textEnd));
      },
    },
    NEVER,
  );
  return texts;
}

/** The text of one record as a backup holds it. */
export function toText(record: PlainRecord): string {
  const encoder = new RecordEncoder({ namespace: record.namespace, compact: false });
  encoder.encode(toView(record));
  return encoder.drain().toString('latin1');
}
