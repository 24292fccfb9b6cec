/** Which zstd library is used: `zstd-napi` where it is installed and built, else the one inside Node.js. */
import { CodecError } from './errors.js';
import type { ZstdBackend, ZstdBackendId } from './zstd-backend.js';
import { loadNativeZstd } from './zstd-native.js';
import { loadNodeZstd } from './zstd-node.js';

const LOADERS: Readonly<Record<ZstdBackendId, () => Promise<ZstdBackend>>> = {
  native: loadNativeZstd,
  node: loadNodeZstd,
};

let loading: Promise<ZstdBackend> | undefined;

/**
 * The first library of `zstd-napi` and Node.js that can be used, or the one that is asked for. Throws CodecError
 * ZSTD_MISSING with the reasons.
 */
export function loadZstd(id?: ZstdBackendId): Promise<ZstdBackend> {
  if (id !== undefined) return LOADERS[id]();
  loading ??= loadFirst();
  return loading;
}

async function loadFirst(): Promise<ZstdBackend> {
  try {
    return await loadNativeZstd();
  } catch (nativeError) {
    try {
      return await loadNodeZstd();
    } catch (nodeError) {
      throw missingError(nativeError, nodeError);
    }
  }
}

/** Both reasons in one error; the hint says how to get a library. */
export function missingError(nativeError: unknown, nodeError: unknown): CodecError {
  const native = nativeError instanceof CodecError ? nativeError : undefined;
  const reasons = [nativeError, nodeError].map((error) => (error instanceof Error ? error.message : String(error)));
  return new CodecError('ZSTD_MISSING', `There is no zstd compression here: ${reasons.join(', and ')}`, {
    cause: nativeError,
    hint: native?.hint ?? 'build-zstd',
    details: native?.details ?? {},
  });
}
