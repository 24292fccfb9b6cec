/**
 * A single encrypted file whose run was killed holds bytes behind the resume point. They are cut off, but a copy of the
 * file may have them: if other text were encrypted with the same counters, the two together would show both
 * (asb-format.md 6.2). So what is kept gets another initial vector before anything is added. In a directory a continued
 * run begins new files instead.
 */
import { reencrypt } from '../../../codecs/reencrypt.js';
import { BlockHasher } from '../../catalog/block-hasher.js';
import type { BackupConfig } from '../config.js';
import type { BackupState, StateFileEntry } from './state-file.js';

export interface ExposedFile {
  path: string;
  file: StateFileEntry;
}

/** The file that needs another initial vector; undefined = none does. Throws StorageError. */
export async function findExposedFile(
  { files }: BackupState,
  { target, encryption, storages }: BackupConfig,
): Promise<ExposedFile | undefined> {
  const [file] = files;
  if (target.kind !== 'file' || encryption === undefined || file === undefined) return undefined;
  const storage = await storages.forPath(target.path);
  if (storage.replaceContents === undefined) return undefined;
  const { kind, sizeBytes } = await storage.stat(target.path);
  return kind === 'regular' && sizeBytes > file.bytes ? { path: target.path, file } : undefined;
}

/** Throws StorageError or StreamError; the file is unchanged then. */
export async function renewEncryption(
  { path, file }: ExposedFile,
  { encryption, storages }: BackupConfig,
): Promise<void> {
  if (encryption === undefined) return;
  const storage = await storages.forPath(path);
  const source = await storage.open(path);
  try {
    await storage.replaceContents?.(path, reencrypt(source, file.bytes, encryption));
  } finally {
    await source.close();
  }
}

/**
 * Computes the checksums of a single file that was encrypted anew, by this run or by one that was killed right after.
 * All other files have those of their bytes. Throws StorageError.
 */
export async function hashKeptBytes({ files }: BackupState, { target, storages }: BackupConfig): Promise<void> {
  const [file] = files;
  if (target.kind !== 'file' || file === undefined || file.bytes === 0 || file.blocks !== undefined) return;
  const hasher = new BlockHasher();
  const source = await (await storages.forPath(target.path)).open(target.path);
  let left = file.bytes;
  try {
    for (let chunk = await source.read(); chunk !== undefined && left > 0; chunk = await source.read()) {
      hasher.append(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
    }
  } finally {
    await source.close();
  }
  file.blocks = hasher.drainBlocks();
}
