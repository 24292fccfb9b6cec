import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';

const HEAD_BYTES = 512;
const HEADER = /^Version 3\.\d\n# namespace ([^\n]+)\n/;

/**
 * The namespace of a directory's backup files, from the first lines of one of them: their names may be any. Empty = not
 * known, as of files that are compressed or encrypted. Throws StorageError.
 */
export async function readFileNamespace(
  directory: string,
  names: readonly string[],
  storage: Storage,
): Promise<string> {
  const [first] = names;
  if (first === undefined) return '';
  const source = await storage.open(joinPath(directory, first), { chunkBytes: HEAD_BYTES, readers: 1 });
  try {
    const head = await source.read();
    const match = HEADER.exec(head?.toString('utf8', 0, HEAD_BYTES) ?? '');
    return match === null ? '' : match[1]!.replace(/\\(.)/g, '$1');
  } finally {
    await source.close();
  }
}
