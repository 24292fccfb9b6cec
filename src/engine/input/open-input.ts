/** The way from a stored file to the text that the decoder reads. */
import type { Codecs, DecodedSource } from '../../codecs/codecs.js';
import type { ByteSource } from '../../core/byte-stream.js';
import { ToolError } from '../../core/errors.js';
import type { StorageAccess } from '../../storage/registry.js';
import { openStandardInput } from '../../storage/stdio/stdin.js';
import type { ReadOptions } from '../../storage/storage.js';
import { MessagePortReader } from '../../storage/stream/reader.js';
import { InputError } from './errors.js';
import type { FileJob } from './input.js';

/** Opens a file, a port or standard input. `onBytes` gets the number of bytes read, as stored. Throws StorageError. */
export async function openInput(
  codecs: Codecs,
  storages: StorageAccess,
  { path, port }: Pick<FileJob, 'path' | 'port'>,
  onBytes: (bytes: number) => void,
  options?: ReadOptions,
): Promise<DecodedSource> {
  const source = port === undefined ? await openStored(storages, path, options) : new MessagePortReader(port);
  return codecs.decode(source, onBytes);
}

async function openStored(
  storages: StorageAccess,
  path: string | undefined,
  options?: ReadOptions,
): Promise<ByteSource> {
  return path === undefined ? openStandardInput() : (await storages.forPath(path)).open(path, options);
}

/** Errors about the start of a file: it may be stored in another way than the settings say (asrestore.md 9.5). */
const CODES_AT_START = ['ASB_VERSION', 'ZSTD_FORMAT', 'ZSTD_CORRUPT', 'AES_TRUNCATED'];

/**
 * In place of an error about the start of `source`: what its first bytes are, if they are known to be something else.
 */
export function explainReadError(error: unknown, source: DecodedSource): unknown {
  if (!source.transforms || !(error instanceof ToolError) || !CODES_AT_START.includes(error.code)) return error;
  const problem = source.explain();
  if (problem === undefined) return error;
  const { reason, hint } = problem;
  return new InputError(error.code, `${source.name} cannot be read: ${reason}`, { cause: error, hint });
}
