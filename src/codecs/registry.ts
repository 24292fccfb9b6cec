/**
 * The codecs that files can be compressed with. A new one is a file that exports a `CompressionCodec`, and a line here;
 * its magic number belongs to core/file-magic.ts.
 */
import type { CompressionCodec } from './codec.js';
import { zstdCodec } from './zstd.js';

const CODECS = [zstdCodec] as const satisfies readonly CompressionCodec[];

export type CompressionId = (typeof CODECS)[number]['id'];

export const COMPRESSION_CODECS: readonly CompressionCodec[] = CODECS;

/** The ids of all codecs, in the order in which help lists them. */
export const COMPRESSION_IDS: readonly CompressionId[] = CODECS.map(({ id }) => id);

export function getCompressionCodec(id: CompressionId): CompressionCodec {
  return COMPRESSION_CODECS.find((codec) => codec.id === id)!;
}

/** The codec that a file of this head was compressed with; undefined = none. */
export function findCompressionByMagic(head: Uint8Array): CompressionCodec | undefined {
  return COMPRESSION_CODECS.find((codec) => codec.isMagic(head));
}
