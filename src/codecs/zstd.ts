/** zstd as a codec of files (asb-format.md 5). */
import { getFileMagic } from '../core/file-magic.js';
import type { CompressionCodec } from './codec.js';
import { checkZstdLevel, ZSTD_LEVELS, type ZstdBackendId } from './zstd-backend.js';
import { ZstdDecoder } from './zstd-decoder.js';
import { ZstdEncoder } from './zstd-encoder.js';
import { mayBeginFrame } from './zstd-frame-scanner.js';
import { loadZstd } from './zstd-load.js';

export const zstdCodec = {
  id: 'zstd',
  magic: getFileMagic('zstd'),
  isMagic: (head) => head.length >= 4 && mayBeginFrame(head.subarray(0, 4)),
  levels: ZSTD_LEVELS,
  async load(backend) {
    const zstd = await loadZstd(backend as ZstdBackendId | undefined);
    return {
      backend: zstd.id,
      checkLevel: checkZstdLevel,
      encode: (sink, level, start) => new ZstdEncoder(sink, zstd, level, start?.limitBytes),
      decode: (source) => new ZstdDecoder(source, zstd),
      createFrameCompressor: (level) => zstd.createFrameCompressor(level),
    };
  },
} as const satisfies CompressionCodec;
