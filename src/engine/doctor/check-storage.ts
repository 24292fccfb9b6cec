/** Whether a backup can be written to a path: space, and what the storage lets this user do with a small file. */
import { randomBytes } from 'node:crypto';
import { errorMessage, ToolError } from '../../core/errors.js';
import { joinPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { Storage } from '../../storage/storage.js';
import type { FindingListener } from './finding.js';

const PROBE_BYTES = 1024;
const MIN_FREE_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

/** `neededBytes`: of the records that are backed up there; undefined = unknown. Rejects only if `signal` aborts. */
export async function checkStorage(
  path: string,
  storages: StorageAccess,
  neededBytes: number | undefined,
  signal: AbortSignal,
  report: FindingListener,
): Promise<void> {
  try {
    const storage = await storages.forPath(path);
    const problem = await storage.validateTarget('directory', path);
    if (problem !== undefined) {
      const hint = problem.hint ?? 'check-path';
      report({ check: 'storage', subject: path, status: 'failed', text: problem.reason, hint });
      return;
    }
    await checkSpace(path, storage, neededBytes, report);
    await checkPermissions(path, storage, report);
  } catch (error) {
    signal.throwIfAborted();
    const hint = (error instanceof ToolError ? error.hint : undefined) ?? 'check-path';
    report({ check: 'storage', subject: path, status: 'failed', text: errorMessage(error), hint });
  }
}

async function checkSpace(
  path: string,
  storage: Storage,
  neededBytes: number | undefined,
  report: FindingListener,
): Promise<void> {
  if (!storage.capabilities.hasFreeSpace) return;
  const free = await storage.freeBytes(path);
  const finding = { check: 'space', subject: path } as const;
  if (free === undefined) {
    report({ ...finding, status: 'skipped', text: `The free space at ${path} cannot be found out` });
    return;
  }
  const details = { freeBytes: free, ...(neededBytes === undefined ? {} : { neededBytes }) };
  const has = `${path} has ${Math.floor(free / MIB)} MiB free`;
  if (free < MIN_FREE_BYTES) {
    report({ ...finding, status: 'failed', text: has, hint: 'free-space', details });
  } else if (neededBytes === undefined) {
    report({ ...finding, status: 'ok', text: has, details });
  } else {
    const text = `${has}; the records take ${Math.ceil(neededBytes / MIB)} MiB in the cluster, without replicas`;
    if (free < neededBytes) report({ ...finding, status: 'warning', text, hint: 'estimate-size', details });
    else report({ ...finding, status: 'ok', text, details });
  }
}

/** Steps of a backup and of a restore, with a file that is gone afterwards. */
async function checkPermissions(path: string, storage: Storage, report: FindingListener): Promise<void> {
  const name = `asb-doctor-${randomBytes(6).toString('hex')}.probe`;
  const probe = joinPath(path, name);
  const contents = randomBytes(PROBE_BYTES);
  const isNew = storage.capabilities.hasDirectories && !(await storage.exists('directory', path));
  const done: string[] = [];
  let isThere = false;
  try {
    await storage.ensureDirectory(path);
    isThere = true;
    await writeProbe(storage, probe, contents);
    done.push('written');
    const isListed = (await storage.list(path)).some((file) => file.name === name);
    await storage.listUnfinished(path);
    if (!isListed) throw new ToolError('DOCTOR_PROBE', `The file ${probe} is not listed although it was written`);
    done.push('listed');
    if (!contents.equals(await readProbe(storage, probe))) {
      throw new ToolError('DOCTOR_PROBE', `The file ${probe} was read with other contents than it was written with`);
    }
    done.push('read');
    await storage.deleteFile(probe, 'throw');
    done.push('deleted');
    const text = `A file of ${PROBE_BYTES} bytes was ${done.join(', ')} in ${path}`;
    report({ check: 'storage', subject: path, status: 'ok', text });
  } catch (error) {
    const hint = (error instanceof ToolError ? error.hint : undefined) ?? 'allow-storage-access';
    const before = done.length === 0 ? '' : `; the file was ${done.join(', ')} before`;
    const leftover = isThere ? await removeProbe(storage, probe) : '';
    const text = `${errorMessage(error)}${before}${leftover}`;
    report({ check: 'storage', subject: path, status: 'failed', text, hint, details: { done: done.join(',') } });
  } finally {
    if (isNew && isThere) await storage.removeDirectory(path);
  }
}

async function writeProbe(storage: Storage, path: string, contents: Buffer): Promise<void> {
  const sink = await storage.create(path, contents.length);
  try {
    await sink.write(contents);
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

async function readProbe(storage: Storage, path: string): Promise<Buffer> {
  const source = await storage.open(path);
  try {
    const chunks: Buffer[] = [];
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
      chunks.push(Buffer.from(chunk));
    }
    return Buffer.concat(chunks);
  } finally {
    await source.close();
  }
}

/** What is to be said of the probe that may still be there. */
async function removeProbe(storage: Storage, probe: string): Promise<string> {
  try {
    await storage.deleteFile(probe, 'ignore');
    return '';
  } catch {
    return `; delete ${probe} if it is there`;
  }
}
