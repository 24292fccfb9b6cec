/** The way from a stored file to the text that the decoder reads. What transforms bytes on the way belongs in here. */
import { ToolError } from '../errors.js';
import type { DecodedSource, Pipeline } from '../pipeline/pipeline.js';
import { LocalFileSource, statSourceFile } from '../storage/source-file.js';
import { openFifo, openStandardInput } from '../storage/source-pipe.js';
import type { Source } from '../storage/source.js';
import { PortSource } from '../storage/source-port.js';
import { RestoreFailure } from './errors.js';
import type { FileJob } from './messages.js';

/** `path` and `port` absent = standard input. `count` is told of the bytes as they are stored. Throws StorageError. */
export async function openSource(
  pipeline: Pipeline,
  { path, port }: Pick<FileJob, 'path' | 'port'>,
  count: (bytes: number) => void,
  chunkBytes?: number,
): Promise<DecodedSource> {
  return pipeline.decode(port === undefined ? await openStored(path, chunkBytes) : new PortSource(port), count);
}

async function openStored(path: string | undefined, chunkBytes: number | undefined): Promise<Source> {
  if (path === undefined) return openStandardInput();
  const { kind } = await statSourceFile(path);
  return kind === 'fifo' ? openFifo(path) : LocalFileSource.open(path, chunkBytes);
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
