/** Writes the file of a directory that holds what its record files cannot (asb-format.md 7.1). */
import type { Codecs } from '../../../codecs/codecs.js';
import { CountingSink } from '../../../storage/decorators/meter.js';
import { joinPath } from '../../../storage/paths.js';
import type { StorageAccess } from '../../../storage/registry.js';
import type { MetadataFile } from '../metadata.js';
import { BlockHasher } from '../../catalog/block-hasher.js';
import type { FileLength } from '../worker-protocol.js';
import type { FinishedFile } from './chunk-output.js';
import { Tail } from './tail.js';

/**
 * Resolves with the file, closed and durable: by its path, and as a state names it. `checksums`: of a run that keeps a
 * manifest. Throws StorageError.
 */
export async function writeMetadataFile(
  { name, bytes: text }: MetadataFile,
  directory: string,
  storages: StorageAccess,
  codecs: Codecs,
  checksums: boolean,
): Promise<{ finished: FinishedFile; length: FileLength }> {
  const path = joinPath(directory, name);
  const storage = await (await storages.forPath(path)).create(path, text.length);
  const tail = new Tail();
  const hasher = checksums ? new BlockHasher() : undefined;
  let bytes = 0;
  const count = (more: number): void => void (bytes += more);
  const metered = new CountingSink(storage, count, (chunk) => {
    tail.append(chunk);
    hasher?.append(chunk);
  });
  const sink = codecs.encode(metered);
  try {
    await sink.write(text);
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
  const { identity } = storage;
  return {
    finished: { name: storage.name, bytes, ...(identity === undefined ? {} : { identity }) },
    length: { name, bytes, tail: tail.digest(), ...(hasher === undefined ? {} : { blocks: hasher.drainBlocks() }) },
  };
}
