import { ToolError, type ToolErrorOptions } from '../core/errors.js';

/**
 * What can go wrong in compression and encryption:
 * - ZSTD_MISSING: there is no compression library;
 * - ZSTD_LEVEL: a level that the library does not know;
 * - ZSTD_FORMAT: what should be compressed is not, or something else follows the last frame;
 * - ZSTD_CORRUPT: a frame is damaged, or needs more memory than is granted;
 * - ZSTD_TRUNCATED: the input ends inside a frame;
 * - ZSTD_COMPRESS: the library failed to compress;
 * - AES_TRUNCATED: shorter than the initial vector that every encrypted file begins with;
 * - KEY_FILE: a key file cannot be read, or holds no private key that can be used;
 * - KEY_PASSPHRASE: a key file is protected by a passphrase;
 * - KEY_ENV: an environment variable does not hold a key.
 */
export type CodecErrorCode =
  | 'ZSTD_MISSING'
  | 'ZSTD_LEVEL'
  | 'ZSTD_FORMAT'
  | 'ZSTD_CORRUPT'
  | 'ZSTD_TRUNCATED'
  | 'ZSTD_COMPRESS'
  | 'AES_TRUNCATED'
  | 'KEY_FILE'
  | 'KEY_PASSPHRASE'
  | 'KEY_ENV';

export class CodecError extends ToolError {
  constructor(code: CodecErrorCode, message: string, options: ToolErrorOptions = {}) {
    super(code, message, options);
  }
}

/** Bytes that cannot be decompressed or decrypted, with the place in the stream that the layer was given. */
export class StreamError extends CodecError {
  constructor(
    code: CodecErrorCode,
    readonly file: string,
    /** From 0. */
    readonly offset: number,
    detail: string,
    options: ToolErrorOptions = {},
  ) {
    super(code, `${file} (byte ${offset}${code.startsWith('ZSTD') ? ' of the compressed data' : ''}): ${detail}`, {
      ...options,
      details: { ...options.details, file, offset },
    });
  }
}
