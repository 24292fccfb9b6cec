/** The zstd libraries that this machine and this version of Node.js have. */
import type { ZstdBackend } from '../../src/codecs/zstd-backend.js';
import { loadZstd } from '../../src/codecs/zstd-load.js';

async function load(id: 'native' | 'node'): Promise<ZstdBackend | undefined> {
  return loadZstd(id).catch(() => undefined);
}

/** At least one. */
export const ZSTD_BACKENDS: readonly ZstdBackend[] = (await Promise.all([load('native'), load('node')])).filter(
  (backend) => backend !== undefined,
);
