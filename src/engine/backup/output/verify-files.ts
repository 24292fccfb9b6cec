/** Looks at every file of a run before it is called complete: still there, of the length and identity as written. */
import { ToolError } from '../../../core/errors.js';
import { joinPath } from '../../../storage/paths.js';
import type { Storage } from '../../../storage/storage.js';
import type { BackupState } from '../checkpoint/state-file.js';
import type { BackupConfig } from '../config.js';
import type { FinishedFile } from './chunk-output.js';

/** Files of the backup were changed by somebody else: it is not complete, and cannot be continued. */
export class FilesChangedError extends ToolError {
  constructor(
    readonly reasons: readonly string[],
    /** That were in the files. */
    readonly lostRecords: number,
  ) {
    const [first = '', ...others] = reasons;
    const more = others.length === 0 ? '' : ` (and ${others.length} more file(s))`;
    super('OUTPUT_CHANGED', `${first}${more}`, { details: { files: reasons.length } });
  }
}

/**
 * @param finished files that this run has closed
 * @param state also names those of earlier runs of the backup
 */
export async function verifyFiles(
  finished: readonly FinishedFile[],
  { files }: BackupState,
  { target, storages }: BackupConfig,
): Promise<void> {
  if (!('path' in target)) return;
  const reasons: string[] = [];
  let lostRecords = 0;
  const identities = new Map(finished.map(({ name, identity }) => [name, identity]));
  for (const { name, bytes, records } of files) {
    const path = target.kind === 'directory' ? joinPath(target.path, name) : target.path;
    const storage = await storages.forPath(path);
    const identity = identities.get(path);
    let reason: string | undefined;
    if (identity !== undefined) reason = await storage.verifyWritten(path, identity);
    else if (!(await isDevice(storage, path))) reason = await storage.checkResumable(path, { bytes });
    if (reason === undefined) continue;
    reasons.push(reason);
    lostRecords += records;
  }
  if (reasons.length > 0) throw new FilesChangedError(reasons, lostRecords);
}

/** What is written to a device or FIFO cannot be looked at. */
async function isDevice(storage: Storage, path: string): Promise<boolean> {
  return storage.stat(path).then(
    ({ kind }) => kind !== 'regular',
    () => false,
  );
}
