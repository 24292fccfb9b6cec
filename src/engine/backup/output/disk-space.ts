/**
 * Tells early that a disk will not hold the backup (asbackup.md 2.2). A warning only: files may be deleted meanwhile.
 */
import { dirname } from 'node:path';
import type { EmitEvent } from '../../../core/events.js';
import { storageCapabilities } from '../../../storage/paths.js';
import type { StorageAccess } from '../../../storage/registry.js';
import type { BackupTarget } from '../config.js';

/** Records per kind of target are written unevenly at first; before so many bytes their average says nothing. */
const MIN_SAMPLE_BYTES = 16 * 1024 * 1024;
const CHECK_EVERY_MS = 10_000;

export interface WrittenSoFar {
  records: number;
  bytes: number;
  expectedRecords: number;
}

export class DiskSpace {
  private warned = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly path: string,
    private readonly emit: EmitEvent,
    private readonly freeBytes: (path: string) => Promise<number | undefined>,
  ) {}

  /** For the targets that lie on a disk. */
  static of(target: BackupTarget, emit: EmitEvent, storages: StorageAccess): DiskSpace | undefined {
    if (!('path' in target) || !storageCapabilities(target.path).hasFreeSpace) return undefined;
    const path = target.kind === 'directory' ? target.path : dirname(target.path);
    return new DiskSpace(path, emit, async () => (await storages.forPath(path)).freeBytes(path));
  }

  /** Looks again every ten seconds until `stop`. */
  watch(read: () => WrittenSoFar): void {
    this.timer = setInterval(() => {
      const { records, bytes, expectedRecords } = read();
      if (records === 0 || bytes < MIN_SAMPLE_BYTES) return;
      void this.check(Math.ceil(Math.max(0, expectedRecords - records) * (bytes / records)));
    }, CHECK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Warns, once, if there is less room than `neededBytes`. A disk that does not tell is not an obstacle. */
  async check(neededBytes: number): Promise<void> {
    if (this.warned) return;
    const free = await this.freeBytes(this.path).catch(() => undefined);
    if (free === undefined || free >= neededBytes) return;
    this.warned = true;
    this.emit({ type: 'target.space', path: this.path, freeBytes: free, neededBytes });
  }
}
