/**
 * The codecs that files can be compressed with. A new one is a file that exports a `CompressionCodec`, its id in
 * ids.ts, and its line here; its magic number belongs to core/file-magic.ts.
 */
import type { CompressionCodec } from './codec.js';
import type { CompressionId } from './ids.js';
import { zstdCodec } from './zstd.js';

const CODECS: Readonly<Record<CompressionId, CompressionCodec>> = { zstd: zstdCodec };

export function getCompressionCodec(id: CompressionId): CompressionCodec {
  return CODECS[id];
}

/** The codec that a file of this head was compressed with; undefined = none. */
export function findCompressionByMagic(head: Uint8Array): CompressionCodec | undefined {
  return Object.values(CODECS).find((codec) => codec.isMagic(head));
}
