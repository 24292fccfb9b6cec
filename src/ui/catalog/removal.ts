/** What `asb delete` and `asb prune` say. */
import { type Log, logEvent, warningEvent } from '../../core/log.js';
import type { PruneResult } from '../../engine/catalog/prune.js';
import type { Removal } from '../../engine/catalog/remove-backups.js';
import { formatTime } from './list.js';
import { formatTable } from './table.js';

const SHOWN_STRANGERS = 3;

export function logRemoval({ removed, spared }: Removal, log: Log): void {
  for (const { id, path, files, strangers } of removed) {
    log.info(logEvent('delete.done', `Deleted the backup ${id} at ${path}: ${files} file(s)`, { id, files }));
    if (strangers.length === 0) continue;
    const others = strangers.length > SHOWN_STRANGERS ? ` and ${strangers.length - SHOWN_STRANGERS} more` : '';
    const text = `Files that do not belong to it were left: ${strangers.slice(0, SHOWN_STRANGERS).join(', ')}${others}`;
    log.info(warningEvent('delete.strangers', text, { files: strangers }));
  }
  for (const { id, error } of spared) log.info(warningEvent('delete.spared', error.message, { id }));
}

export function formatRemovalJson(removal: Removal): string {
  return `${JSON.stringify(toJson(removal), undefined, 1)}\n`;
}

/** One line for each backup, by groups. */
export function formatPrune({ backups, removed }: PruneResult, dryRun: boolean): string {
  if (backups.length === 0) return 'There are no backups.\n';
  const rows = backups.map(({ id, state, started, group, action, reasons }) => [
    action,
    id,
    state,
    formatTime(started),
    group,
    reasons.join('; '),
  ]);
  const removable = backups.filter(({ action }) => action === 'remove').length;
  const done = dryRun
    ? `${removable} backup(s) would be deleted, ${backups.length - removable} would be kept.`
    : `${removed.length} backup(s) deleted, ${backups.length - removed.length} kept.`;
  return `${formatTable(['ACTION', 'ID', 'STATE', 'STARTED', 'NAMESPACES', 'REASON'], rows)}${done}\n`;
}

export function formatPruneJson({ backups, ...removal }: PruneResult, dryRun: boolean): string {
  return `${JSON.stringify({ dryRun, backups, ...toJson(removal) }, undefined, 1)}\n`;
}

function toJson({ removed, spared }: Removal): object {
  return { removed, spared: spared.map(({ error, ...rest }) => ({ ...rest, reason: error.message })) };
}
