/** The zstd library, loaded only by those who use it: a run without `--compress` needs no native code. */
import { fileURLToPath } from 'node:url';
import { errorMessage } from '../core/errors.js';
import { CodecError } from './errors.js';

export type ZstdLibrary = typeof import('zstd-napi/binding.js');

/** Where this package lies: the library is looked for, and has to be built, from here. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');

let loading: Promise<ZstdLibrary> | undefined;

/** Throws PipelineError ZSTD_MISSING. */
export function loadZstd(): Promise<ZstdLibrary> {
  loading ??= import('zstd-napi/binding.js').then(
    (module) => module.default,
    (error: unknown) => {
      throw new CodecError('ZSTD_MISSING', missingText(error), error);
    },
  );
  return loading;
}

/**
 * Says how to get the library. An optional dependency that could not be built is not there at all after an install; one
 * that was installed without running scripts is there and not built.
 */
export function missingText(error: unknown): string {
  const absent = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  const command = absent
    ? 'npm install --no-save --omit=dev --ignore-scripts=false zstd-napi'
    : 'npm rebuild zstd-napi --ignore-scripts=false';
  const reason = absent ? 'zstd-napi is not installed' : firstLine(errorMessage(error));
  return (
    `The compression library cannot be loaded (${reason}); build it with "${command}" in ${PACKAGE}, ` +
    'which takes the network, or Python 3, make and a C++ compiler. Backups without --compress do not need it.'
  );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

/** The level of `--compression-level`; 0 is the library's default. Throws PipelineError ZSTD_LEVEL. */
export function checkLevel(zstd: ZstdLibrary, level: number): void {
  const [low, high] = [zstd.minCLevel(), zstd.maxCLevel()];
  if (Number.isInteger(level) && level >= low && level <= high) return;
  throw new CodecError('ZSTD_LEVEL', `The compression level must be from ${low} to ${high}, not ${level}.`);
}

export function newCompressor(zstd: ZstdLibrary, level: number): InstanceType<ZstdLibrary['CCtx']> {
  checkLevel(zstd, level);
  const context = new zstd.CCtx();
  context.setParameter(zstd.CParameter.compressionLevel, level);
  // 4 bytes per frame, read by every reader, that reveal damage which would decompress without complaint.
  context.setParameter(zstd.CParameter.checksumFlag, 1);
  return context;
}
