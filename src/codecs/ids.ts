/** The ids of all codecs, in the order in which help lists them. Every start of a program needs them, and no codec. */
export const COMPRESSION_IDS = ['zstd'] as const;

export type CompressionId = (typeof COMPRESSION_IDS)[number];
