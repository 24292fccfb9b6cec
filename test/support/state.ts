import { createHash } from 'node:crypto';

/** The text of a state file with these fields, and the checksum that they need. */
export function sealState(fields: object): string {
  const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'checksum'));
  const checksum = createHash('sha256').update(JSON.stringify(rest)).digest('hex');
  return JSON.stringify({ ...rest, checksum });
}
