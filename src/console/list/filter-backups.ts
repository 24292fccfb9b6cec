/** Which backups of a list are shown. Pure: 10,000 are filtered with each key that is typed. */
import type { Backup } from '../../service/v2/schema/backup.js';

type Searched = Pick<Backup, 'id' | 'routine' | 'state' | 'type' | 'namespaces' | 'held'>;

export interface BackupListQuery {
  /** Words that id, routine or a namespace must contain, each of them; in any case. */
  readonly q?: string;
  readonly state?: string;
  readonly type?: string;
  readonly routine?: string;
}

export function filterBackups<T extends Searched>(backups: readonly T[], query: BackupListQuery): readonly T[] {
  const { q = '', state, type, routine } = query;
  const words = q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0 && state === undefined && type === undefined && routine === undefined) return backups;
  return backups.filter(
    (backup) =>
      (state === undefined || backup.state === state) &&
      (type === undefined || backup.type === type) &&
      (routine === undefined || backup.routine === routine) &&
      words.every((word) => containsWord(backup, word)),
  );
}

function containsWord({ id, routine, namespaces, held }: Searched, word: string): boolean {
  return (
    id.toLowerCase().includes(word) ||
    (routine?.toLowerCase().includes(word) ?? false) ||
    namespaces.some((namespace) => namespace.toLowerCase().includes(word)) ||
    (held && word === 'held')
  );
}
