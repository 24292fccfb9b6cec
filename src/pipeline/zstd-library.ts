/** The zstd library, loaded only by those who use it: a run without `--compress` needs no native code. */
import { messageOf } from '../errors.js';
import { PipelineError } from './errors.js';

export type ZstdLibrary = typeof import('zstd-napi/binding.js');

let loading: Promise<ZstdLibrary> | undefined;

/** Throws PipelineError ZSTD_MISSING. */
export function loadZstd(): Promise<ZstdLibrary> {
  loading ??= import('zstd-napi/binding.js').then(
    (module) => module.default,
    (error: unknown) => {
      const text = `The compression library cannot be loaded (${firstLine(messageOf(error))}); build it with: npm rebuild zstd-napi --ignore-scripts=false`;
      throw new PipelineError('ZSTD_MISSING', text, error);
    },
  );
  return loading;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

/** The level of `--compression-level`; 0 is the library's default. Throws PipelineError ZSTD_LEVEL. */
export function checkLevel(zstd: ZstdLibrary, level: number): void {
  const [low, high] = [zstd.minCLevel(), zstd.maxCLevel()];
  if (Number.isInteger(level) && level >= low && level <= high) return;
  throw new PipelineError('ZSTD_LEVEL', `The compression level must be from ${low} to ${high}, not ${level}.`);
}

export function newCompressor(zstd: ZstdLibrary, level: number): InstanceType<ZstdLibrary['CCtx']> {
  checkLevel(zstd, level);
  const context = new zstd.CCtx();
  context.setParameter(zstd.CParameter.compressionLevel, level);
  // 4 bytes per frame, read by every reader, that reveal damage which would decompress without complaint.
  context.setParameter(zstd.CParameter.checksumFlag, 1);
  return context;
}
