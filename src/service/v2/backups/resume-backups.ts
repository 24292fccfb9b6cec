/** Goes on with backups whose process has ended before they were complete. */
import { errorMessage } from '../../../core/errors.js';
import { logEvent, warningEvent } from '../../../core/log.js';
import { resolvePolicy } from '../../document/defaults.js';
import { findEntity } from '../../document/find-entity.js';
import { selectNamespaces } from '../../../engine/catalog/set-selection.js';
import { SILENT } from '../../settings/silent-log.js';
import type { CatalogView, V2Context } from '../context.js';
import { findState, type BackupItem } from './backup-item.js';
import { RecordStore } from './record-store.js';

const CLUSTER_MS = 20_000;

/** Never rejects: a storage that does not answer is tried again later. */
export async function resumeBackups(context: V2Context): Promise<void> {
  for (const storage of context.directory.names) {
    if (context.backups.isStopping) return;
    try {
      await context.view(storage, (view) => resumeStorage(context, view));
    } catch (error) {
      const text = `Interrupted backups of storage ${storage} are not looked for: ${errorMessage(error)}`;
      context.options.log.info(warningEvent('message', text));
    }
  }
}

/** Of all storages, once at the start. Never rejects. */
export async function deleteLeftovers(context: V2Context): Promise<void> {
  for (const storage of context.directory.names) {
    try {
      await context.directory.use(storage, (catalog) => new RecordStore(catalog).deleteLeftovers());
    } catch (error) {
      const text = `Unfinished records of storage ${storage} are not removed: ${errorMessage(error)}`;
      context.options.log.info(warningEvent('message', text));
    }
  }
}

async function resumeStorage(context: V2Context, view: CatalogView): Promise<void> {
  for (const item of view.items) {
    if (!isInterrupted(item, view) || context.backups.isStopping) continue;
    const { log } = context.options;
    try {
      await resumeOne(context, view, item);
      log.info(logEvent('message', `The backup ${item.id} goes on where it was interrupted`));
    } catch (error) {
      log.info(warningEvent('message', `The backup ${item.id} cannot go on now: ${errorMessage(error)}`));
    }
  }
}

/** Those of this service alone: the record says how they were begun. */
function isInterrupted(item: BackupItem, view: CatalogView): boolean {
  const { record, routine } = item;
  if (record === undefined || routine !== undefined || record.type === 'MARKER') return false;
  if (record.state !== 'STARTED' && record.state !== 'IN_PROGRESS' && record.state !== 'INCOMPLETE') return false;
  return findState(item, view.context).state === 'INCOMPLETE';
}

async function resumeOne(context: V2Context, view: CatalogView, { record, entry }: BackupItem): Promise<void> {
  const { document, options } = context;
  const { cluster = '', policy, include, exclude } = record!;
  let namespaces = entry?.parts.map(({ namespace }) => namespace);
  if (namespaces === undefined) {
    const definition = findEntity(document['aerospike-clusters'], cluster);
    if (definition === undefined) throw new Error(`cluster "${cluster}" is not configured any more`);
    const settings = await options.environment.toClusterSettings(definition, document);
    const facts = await options.environment.readClusterFacts(settings, SILENT, AbortSignal.timeout(CLUSTER_MS));
    namespaces = selectNamespaces(facts.namespaces, {
      ...(include === undefined || include.length === 0 ? {} : { include: [...include] }),
      ...(exclude === undefined || exclude.length === 0 ? {} : { exclude: [...exclude] }),
    });
  }
  const resolved = resolvePolicy(findEntity(document['backup-policies'], policy ?? ''));
  context.backups.start({
    storage: view.catalog.name,
    record: { ...record!, owner: context.owner },
    namespaces,
    scans: record!.parallel ?? resolved.parallel,
    continues: entry !== undefined,
  });
}
