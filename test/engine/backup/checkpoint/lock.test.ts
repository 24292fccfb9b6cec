/** Two runs on one target ruin each other's files: every test is a way in which a second run could get in. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  currentHolder,
  type LockError,
  type LockHolder,
  type LockTiming,
  RunLock,
} from '../../../../src/engine/backup/checkpoint/lock.js';
import { StorageRegistry } from '../../../../src/storage/registry.js';

const HOLDER = fileURLToPath(new URL('../../../fixtures/lock-holder.js', import.meta.url));
const LONG: LockTiming = { heartbeatMs: 20, leaseMs: 3_600_000 };
const SHORT: LockTiming = { heartbeatMs: 20, leaseMs: 400 };

let root = '';
let path = '';
const locks: RunLock[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(root, 'asbackup.lock');
});
afterEach(async () => {
  for (const lock of locks.splice(0)) await lock.release();
  await rm(root, { recursive: true });
});

interface Given {
  timing?: LockTiming;
  host?: string;
  machine?: string;
  paths?: string[];
  onLost?: (error: LockError) => void;
}

let runs = 0;
async function acquire({ timing = LONG, paths = [path], onLost = () => undefined, ...given }: Given = {}) {
  const runId = `run ${runs++}`;
  const holder: LockHolder = { ...currentHolder(runId), ...given };
  const signal = new AbortController().signal;
  const lock = await RunLock.acquire({ paths, runId, storages: new StorageRegistry(), signal, onLost, timing, holder });
  locks.push(lock);
  return lock;
}

/** A lock file whose holder does not refresh it any more. */
function leaveBehind(holder: Partial<LockHolder>): Promise<void> {
  const content = { format: 'asbackup-lock', ...currentHolder('dead'), ...holder };
  return writeFile(path, JSON.stringify(content));
}

const HELD = expect.objectContaining({ code: 'LOCK_HELD' }) as Error;

describe('the lock of a target', () => {
  it('is given to one of several runs of a process that ask at the same time', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => acquire()));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of asked) if (each.status === 'rejected') expect(each.reason).toEqual(HELD);
  });

  it('leaves no file behind when it is released, and can be taken again', async () => {
    await (await acquire()).release();
    expect(await readdir(root)).toEqual([]);
    await acquire();
  });

  it('of several paths is taken as a whole or not at all', async () => {
    const other = join(root, 'other.lock');
    await acquire({ paths: [path] });
    await expect(acquire({ paths: [other, path] })).rejects.toEqual(HELD);
    expect(await readdir(root)).toEqual(['asbackup.lock']);
  });

  it('is kept by a process that lives, and free at once when that was killed', async () => {
    const child = spawn(process.execPath, [HOLDER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await expect(acquire()).rejects.toMatchObject({ code: 'LOCK_HELD', details: { pid: child.pid } });
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await readdir(root)).toEqual(['asbackup.lock']);
    await acquire();
  });

  it('is given to one of two processes that start at the same time', async () => {
    const children = [0, 1].map(() =>
      spawn(process.execPath, [HOLDER, path], { stdio: ['ignore', 'pipe', 'inherit'] }),
    );
    const said = await Promise.all(children.map(async ({ stdout }) => String((await once(stdout, 'data'))[0]).trim()));
    for (const child of children) child.kill('SIGKILL');
    expect(said.sort()).toEqual(['LOCK_HELD', 'held']);
  });

  it('is kept by another thread of the same process', async () => {
    const worker = new Worker(HOLDER, { workerData: { path } });
    expect((await once(worker, 'message'))[0]).toBe('held');
    await expect(acquire()).rejects.toEqual(HELD);
    await worker.terminate();
  });

  it('is kept by a run of another host that refreshes it', async () => {
    await acquire({ host: 'elsewhere', machine: 'other' });
    await expect(acquire()).rejects.toMatchObject({ code: 'LOCK_HELD', details: { host: 'elsewhere' } });
  });

  it('is kept by a run of another container that has the same host name and process number', async () => {
    await acquire({ machine: 'the same host, another process namespace' });
    await expect(acquire()).rejects.toEqual(HELD);
  });

  it('of another host that went down is free after the lease', async () => {
    await leaveBehind({ host: 'elsewhere', machine: 'other', pid: 1 });
    const before = performance.now();
    await acquire({ timing: SHORT });
    expect(performance.now() - before).toBeGreaterThanOrEqual(SHORT.leaseMs);
  });

  it('is free at once when its process number was given to another process', async () => {
    await leaveBehind({ processStart: '1' });
    await acquire();
  });

  it('that is damaged is watched for the lease like that of a run that cannot be known', async () => {
    await writeFile(path, '{"format":');
    await acquire({ timing: SHORT });
    expect(await readFile(path, 'utf8')).toContain('asbackup-lock');
  });

  it('that was taken over is lost: the former run is told, and leaves it alone', async () => {
    const lost: LockError[] = [];
    const former = await acquire({
      onLost: (error) => void lost.push(error),
      timing: { heartbeatMs: 1e6, leaseMs: 1e6 },
    });
    await rm(path);
    await acquire();
    await expect(former.assertHeld()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    expect(lost).toHaveLength(1);
    const before = await readFile(path, 'utf8');
    await former.release();
    expect(await readFile(path, 'utf8')).toContain((JSON.parse(before) as { runId: string }).runId);
  });

  it('that was deleted by hand is lost', async () => {
    const lock = await acquire({ timing: { heartbeatMs: 1e6, leaseMs: 1e6 } });
    await rm(path);
    await expect(lock.assertHeld()).rejects.toMatchObject({ code: 'LOCK_LOST' });
  });
});
