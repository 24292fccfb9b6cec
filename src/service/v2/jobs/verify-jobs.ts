/** Verifications: of one backup, which somebody asks for, and what those of routines have in common with it. */
import { readSettings } from '../../../api/read-settings.js';
import { soundnessSchema, toVerifyConfig } from '../../../config/catalog/verify-config.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import { verifyBackup, type VerifyResult } from '../../../engine/catalog/verify-backup.js';
import { errorEvent } from '../../../core/log.js';
import { findEntity } from '../../document/find-entity.js';
import { toEncryptSettings } from '../../settings/encryption-settings.js';
import { optional } from '../../settings/optional.js';
import { SecretResolver } from '../../settings/secret-resolver.js';
import { findState, type BackupItem } from '../backups/backup-item.js';
import { findKnown } from '../backups/read-backups.js';
import type { CatalogView, V2Context } from '../context.js';
import { V2Error } from '../errors.js';
import type { BackupChoice } from '../operations.js';
import { findPolicy } from '../restore/prepare-restore.js';
import type { Job, VerifyJobResult } from '../schema/job.js';
import type { VerifyBackup } from '../schema/requests.js';
import type { VerifyMode } from '../schema/verification.js';
import type { JobFacts, Jobs } from './jobs.js';
import { startJob, startWithView, toRunContext } from './start-job.js';

const PARALLEL_FILES = 4;
const MOST_PROBLEMS = 1000;
const MOST_KEPT_PROBLEMS = 5;

/** Throws V2Error not-restorable, deleted, not-found, invalid-request. */
export function verifyOne(
  context: V2Context,
  jobs: Jobs,
  storage: string,
  request: VerifyBackup,
  { id, routine }: { id: string } & BackupChoice,
): Promise<Job> {
  const checksumsOnly = request['checksums-only'] ?? request.deep === false;
  if (request['checksums-only'] === true && request.deep === true) {
    throw new V2Error('invalid-request', 'checksums-only and deep are opposites');
  }
  const mode = checksumsOnly ? 'CHECKSUMS' : 'DEEP';
  return startWithView(context, storage, async (view) => {
    const item = findKnown(context, view, id, routine);
    const entry = findFiles(item, view);
    const facts: JobFacts = { storage, backup: item.id, mode, ...optional('routine', item.routine) };
    return startJob(jobs, 'VERIFY', facts, async (handle) => {
      const result = await verifyEntry(context, view, item, entry, mode, handle.signal);
      handle.report({ percent: 100, records: result.records ?? 0, bytes: result.bytes });
      handle.update({ verify: toVerifyResult(result) });
      // That it cannot be kept does not make it worth less.
      await keepChecks(context, view, item.routine, mode, [{ entry, problems: result.problems }]).catch(
        (error: unknown) => context.options.log.error(errorEvent(error)),
      );
      return {};
    });
  });
}

/** Throws the signal's reason, and what a key that cannot be had throws. */
export async function verifyEntry(
  context: V2Context,
  { catalog }: CatalogView,
  item: BackupItem,
  entry: CatalogEntry,
  mode: 'CHECKSUMS' | 'DEEP',
  signal: AbortSignal,
): Promise<VerifyResult> {
  const { log } = context.options;
  const encrypt = await findKey(context, item);
  const settings = {
    checksumsOnly: mode === 'CHECKSUMS',
    parallel: PARALLEL_FILES,
    ...optional('encrypt', encrypt),
  };
  const values = await readSettings(soundnessSchema, settings);
  const config = toVerifyConfig(values, { log, signal });
  await config.storages.close();
  return verifyBackup(entry, { ...config, storages: catalog.storages }, toRunContext({ signal }));
}

export function toVerifyResult({
  problems,
  files,
  bytes,
  records,
}: Pick<VerifyResult, 'problems' | 'files' | 'bytes' | 'records'>): VerifyJobResult {
  return {
    sound: problems.length === 0,
    files,
    bytes,
    ...optional('records', records),
    problems: problems.slice(0, MOST_PROBLEMS),
  };
}

/** What a backup was found to be. */
export interface CheckedEntry {
  entry: CatalogEntry;
  problems: VerifyResult['problems'];
}

/** Lists show it from now on. Throws StorageError. */
export async function keepChecks(
  context: V2Context,
  { catalog, index }: CatalogView,
  routine: string | undefined,
  mode: VerifyMode,
  checked: readonly CheckedEntry[],
): Promise<void> {
  const time = new Date(context.now()).toISOString();
  const known = new Set(index.entries.map(({ id }) => id));
  await context.upkeep.update(catalog, routine, (document) => {
    const backups = Object.fromEntries(Object.entries(document.backups).filter(([id]) => known.has(id)));
    document.backups = backups;
    for (const { entry, problems } of checked) {
      const texts = problems.slice(0, MOST_KEPT_PROBLEMS).map(describeProblem);
      (backups[entry.id] ??= {})[mode] = { time, sound: problems.length === 0, problems: texts };
    }
    return true;
  });
}

export function describeProblem({ path, text }: VerifyResult['problems'][number]): string {
  return `${path}: ${text}`;
}

/** Throws V2Error deleted, not-restorable. */
export function findFiles(item: BackupItem, view: CatalogView): CatalogEntry {
  const { state } = findState(item, view.context);
  const facts = { id: item.id, state };
  if (state === 'DELETED') throw new V2Error('deleted', `The backup "${item.id}" is deleted`, { facts });
  if (item.entry !== undefined && state !== 'STARTED' && state !== 'IN_PROGRESS') return item.entry;
  throw new V2Error('not-restorable', `The backup "${item.id}" is ${state} and has no files that are complete`, {
    facts,
  });
}

async function findKey(context: V2Context, item: BackupItem): ReturnType<typeof toEncryptSettings> {
  const { document } = context;
  const policy = findEntity(document['backup-policies'], findPolicy(context, item) ?? '');
  const agent = findEntity(document['backup-routines'], item.routine ?? '')?.['secret-agent'];
  return toEncryptSettings(policy?.encryption, optional('secret-agent-name', agent), new SecretResolver(document));
}
