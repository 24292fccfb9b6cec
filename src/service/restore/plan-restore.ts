/** From a request to what is restored of each namespace. Reads the storage, and nothing of the cluster. */
import type { RestoreConfig } from '../../engine/restore/config.js';
import { errorMessage } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import { isBackupFileName } from '../../storage/storage.js';
import { findRoutineBackups, type FoundBackup } from '../backups/find-backups.js';
import { formatTime } from '../backups/metadata-file.js';
import { ServiceError } from '../errors.js';
import { chooseChains } from './choose-backups.js';
import { findPathBackups, isEmptyBackup } from './find-path-backups.js';
import type { OpenedRestore } from './restore-environment.js';
import type { PathTask, TimeTask } from './restore-request.js';

/** One namespace. */
export interface PlannedNamespace {
  /** Absent = its files tell it. */
  namespace?: string;
  target?: string;
  /** The oldest first. */
  backups: FoundBackup[];
  unmarked: string[];
}

/**
 * Throws ServiceError SERVICE_INVALID where there is nothing to restore, or what is there is not what the request says;
 * StorageError.
 */
export async function planRestore(
  task: PathTask | TimeTask,
  { root, base }: OpenedRestore,
  log: Log,
): Promise<PlannedNamespace[]> {
  const plans = task.kind === 'path' ? await planPath(task, root, base) : await planTime(task, root, base, log);
  for (const { backups } of plans) {
    for (const backup of backups) {
      checkForm(backup, task);
      if (base.allowIncomplete !== true) await checkFileCount(backup, base);
    }
  }
  const { namespace: renamed } = task.policy;
  const chosen = plans.filter(({ namespace }) => {
    return renamed === undefined || namespace === undefined || namespace === renamed.source;
  });
  if (chosen.length === 0) {
    const names = plans.map(({ namespace }) => namespace).join(', ');
    throw failed(`there is no backup of namespace ${renamed!.source}; there are those of ${names}`);
  }
  return chosen.map((plan) => ({
    ...plan,
    ...(plan.namespace === undefined && renamed !== undefined ? { namespace: renamed.source } : {}),
    ...(renamed === undefined
      ? plan.namespace === undefined
        ? {}
        : { target: plan.namespace }
      : { target: renamed.destination }),
  }));
}

async function planPath(task: PathTask, root: string, base: RestoreConfig): Promise<PlannedNamespace[]> {
  const storage = await base.storages.forPath(root);
  const found = await findPathBackups(root, task.path, base.allowIncomplete === true, storage);
  return [
    ...found.backups.map((backup) => ({ namespace: backup.metadata.namespace, backups: [backup], unmarked: [] })),
    ...found.unmarked.map(({ path }) => ({ backups: [], unmarked: [path] })),
  ];
}

async function planTime(
  { routine, atMs }: TimeTask,
  root: string,
  base: RestoreConfig,
  log: Log,
): Promise<PlannedNamespace[]> {
  const options = {
    storage: await base.storages.forPath(root),
    root,
    report: (error: Error) => {
      log.info(warningEvent('message', `A backup is left out of the restore: ${errorMessage(error)}`));
    },
  };
  const bounds = { toMs: atMs };
  const fulls = await findRoutineBackups(routine, 'full', bounds, options);
  if (fulls.length === 0) {
    const time = formatTime(new Date(atMs).toISOString());
    throw failed(`no full backups found of routine ${JSON.stringify(routine)} that were finished by ${time}`);
  }
  const incrementals = await findRoutineBackups(routine, 'incremental', bounds, options);
  return chooseChains(fulls, incrementals).map(({ namespace, backups }) => ({
    namespace,
    backups: backups.filter((backup) => !isEmptyBackup(backup)),
    unmarked: [],
  }));
}

/** The encryption, and the compression if one was named, must be those of the backup. */
function checkForm({ key, metadata }: FoundBackup, { kind, policy }: PathTask | TimeTask): void {
  const stored = metadata.encryption?.toUpperCase() ?? 'NONE';
  const given = policy.encryption?.mode ?? 'NONE';
  if (stored !== given) {
    const text = `the encryption of the backup ${key} is ${stored}, but the restore policy says ${given}`;
    throw failed(text);
  }
  const compression = metadata.compressed ? 'ZSTD' : 'NONE';
  const wanted = kind === 'path' ? policy.compression?.mode : undefined;
  if (wanted !== undefined && wanted !== compression) {
    throw failed(`the compression of the backup ${key} is ${compression}, but the restore policy says ${wanted}`);
  }
}

/** Files that were lost are not missed by those who read what is there. */
async function checkFileCount({ path, key, metadata }: FoundBackup, { storages }: RestoreConfig): Promise<void> {
  const storage = await storages.forPath(path);
  const files = (await storage.list(path)).filter(({ name }) => isBackupFileName(name)).length;
  if (files >= metadata.files) return;
  throw failed(`the backup ${key} is incomplete: it has ${files} file(s), but ${metadata.files} were written`);
}

function failed(text: string): ServiceError {
  return new ServiceError('SERVICE_INVALID', text);
}
