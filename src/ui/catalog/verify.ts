/** What `asb verify` prints of one backup. */
import type { VerifyResult } from '../../engine/catalog/verify-backup.js';

export function formatVerifyResult({ id, problems, files, bytes, records }: VerifyResult): string {
  const read = records === undefined ? '' : `, ${records} record(s) read`;
  const checked = `${files} file(s) and ${bytes} byte(s) compared with their checksums${read}`;
  const lines = [
    `${id}: ${problems.length === 0 ? 'sound' : `${problems.length} problem(s)`}; ${checked}`,
    ...problems.map(({ path, text }) => `  ${path}: ${text}`),
  ];
  return `${lines.join('\n')}\n`;
}
