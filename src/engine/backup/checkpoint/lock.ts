/**
 * The lock of a target: only one run at a time may write, continue or remove a backup. A lock is a small file beside
 * the target that names its run and is refreshed every few seconds. It is stale when its process is known to have
 * ended, which only the same machine can tell, or when it was not refreshed for the whole lease while this run
 * watched: clocks of different hosts need not agree, and a process number says nothing about another host or
 * container. Locks are volatile: after a power cut their runs have ended, whether their files are back or not.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../../core/errors.js';
import type { StorageAccess } from '../../../storage/registry.js';
import type { Storage, VersionedText } from '../../../storage/storage.js';

const FORMAT = 'asbackup-lock';
/** The lock of a directory lies in it. */
export const LOCK_NAME = 'asbackup.lock';

const VOLATILE = { volatile: true };

/** Who holds a lock. */
export interface LockHolder {
  runId: string;
  host: string;
  pid: number;
  /** Of the machine and its running system, so that the process number means the same there; '' = unknown. */
  machine: string;
  /** When the process started, as the system counts it; '' = unknown. */
  processStart: string;
}

export interface LockTiming {
  heartbeatMs: number;
  /** Much longer than a heartbeat: a busy holder may be late. */
  leaseMs: number;
}

const TIMING: LockTiming = { heartbeatMs: 5_000, leaseMs: 60_000 };

/** LOCK_HELD: another run works on the target; nothing was changed. LOCK_LOST: another run has taken the lock over. */
export class LockError extends ToolError {
  declare readonly code: 'LOCK_HELD' | 'LOCK_LOST';
}

export interface LockOptions {
  /** Lock files, in any order; a run needs all of them. */
  paths: readonly string[];
  runId: string;
  storages: StorageAccess;
  signal: AbortSignal;
  /** Called once if the lock was lost. The run has to end without touching its state. */
  onLost: (error: LockError) => void;
  timing?: LockTiming;
  /** Default: this process. */
  holder?: LockHolder;
}

interface HeldFile {
  path: string;
  storage: Storage;
  version: string;
}

export class RunLock {
  private readonly held: HeldFile[] = [];
  private timer: NodeJS.Timeout | undefined;
  private lost: LockError | undefined;
  /** Refreshes and checks happen one after another, as each changes the version. */
  private chain: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: LockOptions,
    private readonly holder: LockHolder,
    private readonly timing: LockTiming,
  ) {}

  /**
   * Takes all locks, or none. Waits at most the lease, and only where it cannot tell whether the holder is alive.
   * Throws LockError LOCK_HELD, StorageError, or the signal's reason.
   */
  static async acquire(options: LockOptions): Promise<RunLock> {
    const holder = options.holder ?? currentHolder(options.runId);
    const lock = new RunLock(options, holder, options.timing ?? TIMING);
    try {
      // Always in the same order, so that two runs cannot wait for each other.
      for (const path of [...new Set(options.paths)].sort()) await lock.acquireFile(path);
    } catch (error) {
      await lock.release();
      throw error;
    }
    lock.timer = setInterval(() => void lock.refresh().catch(() => undefined), lock.timing.heartbeatMs).unref();
    return lock;
  }

  /**
   * Throws LockError LOCK_LOST unless this run still holds every lock. A storage that fails for a moment is no loss.
   */
  async assertHeld(): Promise<void> {
    await this.refresh();
  }

  /** Whoever has lost a lock releases the others and leaves that one alone. Never rejects. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    await this.enqueue(async () => {
      for (const { path, storage, version } of this.held.splice(0)) {
        await storage.deleteIfUnchanged(path, version, VOLATILE).catch(() => undefined);
      }
    }).catch(() => undefined);
  }

  private refresh(): Promise<void> {
    return this.enqueue(async () => {
      for (const file of this.held) {
        if (this.lost !== undefined) throw this.lost;
        const version = await file.storage.refresh(file.path, file.version, this.text());
        if (version !== undefined) file.version = version;
        else this.reportLost(file.path);
      }
      if (this.lost !== undefined) throw this.lost;
    });
  }

  private reportLost(path: string): void {
    this.lost = new LockError('LOCK_LOST', `Another run has taken ${path}, the lock of this run`, {
      details: { path },
    });
    clearInterval(this.timer);
    this.options.onLost(this.lost);
  }

  private async acquireFile(path: string): Promise<void> {
    const storage = await this.options.storages.forPath(path);
    for (;;) {
      this.options.signal.throwIfAborted();
      if (await storage.createExclusive(path, this.text(), VOLATILE)) {
        const created = await storage.readVersion(path);
        // Somebody may delete the file by hand at any time.
        if (created === undefined || parseHolder(created.text)?.runId !== this.holder.runId) continue;
        this.held.push({ path, storage, version: created.version });
        return;
      }
      const found = await storage.readVersion(path);
      if (found === undefined) continue;
      await this.waitUntilStale(storage, path, found);
      const version = await storage.replaceIfUnchanged(path, found.version, this.text(), VOLATILE);
      if (version === undefined) continue;
      this.held.push({ path, storage, version });
      return;
    }
  }

  /**
   * Settles when nobody holds the lock any more as it was found. Throws LOCK_HELD as soon as its holder is known to
   * live.
   */
  private async waitUntilStale(storage: Storage, path: string, found: VersionedText): Promise<void> {
    const { leaseMs, heartbeatMs } = this.timing;
    const holder = parseHolder(found.text);
    const life = holder === undefined ? 'unknown' : readLife(holder, this.holder);
    if (life === 'ended') return;
    // A process that lives and does not refresh its lock has forgotten it: the lease decides.
    if (life === 'alive' && found.ageMs < leaseMs) throw heldBy(path, holder);
    const end = performance.now() + leaseMs;
    while (performance.now() < end) {
      await sleep(Math.min(1_000, heartbeatMs), undefined, { signal: this.options.signal });
      const now = await storage.readVersion(path);
      if (now === undefined) return;
      if (now.version !== found.version) throw heldBy(path, parseHolder(now.text));
    }
  }

  private text(): string {
    return `${JSON.stringify({ format: FORMAT, ...this.holder, refreshed: new Date().toISOString() })}\n`;
  }

  private enqueue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.chain.then(work, work);
    this.chain = next.catch(() => undefined);
    return next;
  }
}

export function currentHolder(runId: string): LockHolder {
  return { runId, host: hostname(), pid: process.pid, machine: machineId(), processStart: processStart(process.pid) };
}

function heldBy(path: string, holder: LockHolder | undefined): LockError {
  const who = holder === undefined ? 'another run' : `the run of process ${holder.pid} on ${holder.host}`;
  const details = { path, ...(holder === undefined ? {} : { pid: holder.pid, host: holder.host, run: holder.runId }) };
  return new LockError('LOCK_HELD', `The backup is in use by ${who} (${path}); nothing was changed`, { details });
}

/** Whether the process of a holder runs, as far as `self` can tell. */
export function readLife(holder: LockHolder, self: LockHolder): 'alive' | 'ended' | 'unknown' {
  if (holder.machine === '' || holder.machine !== self.machine || holder.host !== self.host) return 'unknown';
  const start = processStart(holder.pid);
  if (start === '') return isProcess(holder.pid) ? 'unknown' : 'ended';
  return start === holder.processStart ? 'alive' : 'ended';
}

function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Boot and process namespace of this system: only where both are the same does a process number name the same process.
 */
function machineId(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/**
 * The start of a process in ticks since boot, from the 22nd field of its status; '' = not known, or no such process.
 */
function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses that may hold blanks and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Undefined = damaged, or being written at this moment. */
function parseHolder(text: string): LockHolder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { format, runId, host, pid, machine, processStart: start } = value as Record<string, unknown>;
  if (format !== FORMAT || typeof runId !== 'string' || typeof host !== 'string' || typeof pid !== 'number') {
    return undefined;
  }
  return {
    runId,
    host,
    pid,
    machine: typeof machine === 'string' ? machine : '',
    processStart: typeof start === 'string' ? start : '',
  };
}

/** Whether a run holds the lock at `path`, as far as can be told without waiting. */
export async function isLockHeld(storage: Storage, path: string): Promise<boolean> {
  const found = await storage.readVersion(path);
  if (found === undefined || found.ageMs >= TIMING.leaseMs) return false;
  const holder = parseHolder(found.text);
  return holder === undefined || readLife(holder, currentHolder('')) !== 'ended';
}
