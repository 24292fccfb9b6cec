/** Documents of backups for lists. Those of backups that do not change any more are kept as long as their entries. */
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import type { Backup } from '../schema/backup.js';
import type { BackupItem } from './backup-item.js';
import { toBackup, type BackupContext } from './to-backup.js';

/** The document, and all that it was made of beside the entry. */
interface KnownBackup {
  readonly backup: Backup;
  readonly facts: readonly unknown[];
}

const known = new WeakMap<CatalogEntry, KnownBackup>();

/** As `toBackup`; the same object as before if nothing has changed. Nobody may change it. */
export function toListedBackup(item: BackupItem, context: BackupContext): Backup {
  const { entry } = item;
  const isSettled = entry?.state === 'COMPLETED' || entry?.state === 'DELETED';
  if (!isSettled || context.isRunning(item)) return toBackup(item, context);
  const facts = [
    item.record,
    item.deleted,
    context.findChecks(entry.id),
    entry.parent === undefined ? undefined : context.toId(entry.parent),
    item.id,
    context.storage,
    context.root,
  ];
  const found = known.get(entry);
  if (found?.facts.every((fact, i) => fact === facts[i]) === true) return found.backup;
  const backup = toBackup(item, context);
  known.set(entry, { backup, facts });
  return backup;
}
