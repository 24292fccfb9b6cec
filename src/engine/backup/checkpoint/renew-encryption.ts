/**
 * A single encrypted file whose run was killed holds bytes behind the resume point. They are cut off, but a copy of the
 * file may have them: if other text were encrypted with the same counters, the two together would show both
 * (asb-format.md 6.2). So what is kept gets another initial vector before anything is added. In a directory a continued
 * run begins new files instead.
 */
import { reencrypt } from '../../../codecs/reencrypt.js';
import { BlockHasher } from '../../catalog/block-hasher.js';
import type { Block } from '../../catalog/manifest.js';
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

/** Resolves with the checksums of the new contents. Throws StorageError or StreamError; the file is unchanged then. */
export async function renewEncryption(
  { path, file }: ExposedFile,
  { encryption, storages }: BackupConfig,
): Promise<Block[]> {
  const hasher = new BlockHasher();
  if (encryption === undefined) return [];
  const storage = await storages.forPath(path);
  const source = await storage.open(path);
  try {
    await storage.replaceContents?.(path, hashAll(reencrypt(source, file.bytes, encryption), hasher));
  } finally {
    await source.close();
  }
  return hasher.drainBlocks();
}

async function* hashAll(chunks: AsyncIterable<Buffer>, hasher: BlockHasher): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hasher.append(chunk);
    yield chunk;
  }
}
