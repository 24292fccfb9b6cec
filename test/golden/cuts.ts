/** Damaged input. */
import { readFileSync } from 'node:fs';

/** A compressed backup of the C tool without its last bytes. */
export function zstdCut(): Buffer {
  const bytes = readFileSync(new URL('../fixtures/backups/zstd/test_00000.asb', import.meta.url));
  return bytes.subarray(0, bytes.length - 1000);
}
