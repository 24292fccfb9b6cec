/** The way from a stored file to the text that the decoder reads. What transforms bytes on the way belongs in here. */
import { ToolError } from '../../core/errors.js';
import type { DecodedSource, Codecs } from '../../codecs/codecs.js';
import { openStandardInput } from '../../storage/stdio/stdin.js';
import type { ByteSource } from '../../core/byte-stream.js';
import { MessagePortReader } from '../../storage/stream/reader.js';
import type { ReadOptions } from '../../storage/storage.js';
import type { StorageAccess } from '../../storage/registry.js';
import { RestoreFailure } from '../restore/errors.js';
import type { FileJob } from '../restore/worker-protocol.js';

/** `path` and `port` absent = standard input. `count` is told of the bytes as they are stored. Throws StorageError. */
export async function openSource(
  pipeline: Codecs,
  storages: StorageAccess,
  { path, port }: Pick<FileJob, 'path' | 'port'>,
  count: (bytes: number) => void,
  options?: ReadOptions,
): Promise<DecodedSource> {
  const source = port === undefined ? await openStored(storages, path, options) : new MessagePortReader(port);
  return pipeline.decode(source, count);
}

async function openStored(
  storages: StorageAccess,
  path: string | undefined,
  options?: ReadOptions,
): Promise<ByteSource> {
  return path === undefined ? openStandardInput() : (await storages.forPath(path)).open(path, options);
}

/** Where the start of a file makes no sense, the file was stored in another way than was said (asrestore.md 9.5). */
const AT_START = ['ASB_VERSION', 'ZSTD_FORMAT', 'ZSTD_CORRUPT', 'AES_TRUNCATED'];

/** Adds to a failure to read `source` what its first bytes look like, if that is the trouble. */
export function explainFailure(error: unknown, source: DecodedSource): unknown {
  if (!source.transforms || !(error instanceof ToolError) || !AT_START.includes(error.code)) return error;
  const reason = source.explain();
  if (reason === undefined) return error;
  return new RestoreFailure(error.code, `${source.name} cannot be read: ${reason}.`, { cause: error });
}
