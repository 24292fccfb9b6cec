import type { Meta } from '../../asb/decoder.js';
import { RestoreFailure } from '../restore/errors.js';

/**
 * Refuses a file of another namespace than the one wanted; the C tool compares the meta line only sometimes
 * (asrestore.md 5.1). Throws RESTORE_NAMESPACE.
 */
export function checkNamespace(file: string, { namespace }: Readonly<Meta>, wanted: string | undefined): void {
  if (wanted === undefined || namespace === undefined || namespace === wanted) return;
  const text = `${file} is a backup of namespace "${namespace}", but --namespace says "${wanted}".`;
  throw new RestoreFailure('RESTORE_NAMESPACE', text);
}
