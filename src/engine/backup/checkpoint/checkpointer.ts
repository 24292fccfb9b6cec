/**
 * Keeps the state of a run, and its state file up to date: whatever ends the run, the file says how to continue. The
 * main thread's part of a checkpoint; the workers' part is to make files durable and report how far they have come
 * with them.
 */
import type { EncryptionKey } from '../../../codecs/key.js';
import { serializeError } from '../../../core/errors.js';
import type { EmitEvent } from '../../../core/events.js';
import type { StorageAccess } from '../../../storage/registry.js';
import type { Block, RunStateName } from '../../catalog/manifest.js';
import type { FileLength } from '../worker-protocol.js';
import { LockError, type RunLock } from './lock.js';
import type { ProgressDelta } from './progress-delta.js';
import { assertOwnState, removeState, saveState, type BackupState, type StateFileEntry } from './state-file.js';

/**
 * A save waits this long for more to save. The end of a run follows the end of its files within milliseconds: what
 * would be saved in between is removed, or written with the end.
 */
const SAVE_DELAY_MS = 50;

/** The name of the one output for all workers in the state. */
export const SHARED_NAME = '[output]';

export interface CheckpointerOptions {
  /** Absent = the run keeps no state file: it cannot be continued. */
  path: string | undefined;
  state: BackupState;
  storages: StorageAccess;
  /** Of an encrypted backup: its manifest has an HMAC. */
  key?: EncryptionKey | undefined;
  lock: RunLock;
  emit: EmitEvent;
}

export class Checkpointer {
  readonly path: string | undefined;
  readonly state: BackupState;
  private saving: Promise<void> = Promise.resolve();
  private queued = false;
  private failureReported = false;
  private ending = false;
  /** What is saved no more, as the state is removed or written as a whole. */
  private concluding = false;
  /** Ends the delay of a save. */
  private endDelay: (() => void) | undefined;
  private savedLast = true;
  private begun = false;
  /** Of the one output for all workers: written, but not durable yet. */
  private readonly pending: ProgressDelta[] = [];

  constructor(private readonly options: CheckpointerOptions) {
    this.path = options.path;
    this.state = options.state;
  }

  /** The first save. Throws StorageError: a state that cannot be saved is a reason not to begin. */
  async begin(): Promise<void> {
    await this.write();
  }

  /** A worker has made a file of its own durable. */
  durable(delta: ProgressDelta, file: FileLength | undefined): void {
    this.advance(delta);
    if (file !== undefined) this.setLength(file, delta.records);
    this.save();
  }

  /** A file of the run that is continued was closed as it was. */
  closed(file: FileLength): void {
    this.setLength(file, 0);
    this.save();
  }

  /** A chunk was written to the one output. */
  written(delta: ProgressDelta): void {
    this.pending.push(delta);
  }

  /** Everything written to the one output is durable; it has so many bytes. */
  sharedDurable(bytes: number, tail: string, token: string | undefined, blocks: readonly Block[]): void {
    let records = 0;
    for (const delta of this.pending.splice(0)) {
      this.advance(delta);
      records += delta.records;
    }
    // Always the same entry, however the path of the output is spelled in this run.
    const file = { name: this.state.files[0]?.name ?? SHARED_NAME, bytes, tail, blocks };
    this.setLength(token === undefined ? file : { ...file, token }, records);
    this.save();
  }

  /** Settles when the state file holds what is known now: true, unless it could not be saved or there is none. */
  async finish(): Promise<boolean> {
    this.ending = true;
    this.concluding = false;
    this.save();
    this.endDelay?.();
    await this.saving;
    return this.savedLast && this.path !== undefined;
  }

  /** The run is complete, or was ended: the manifest says so from now on. Throws StorageError. */
  async conclude(state: Exclude<RunStateName, 'IN_PROGRESS'>, reason?: string): Promise<void> {
    const { manifest } = this.state;
    if (manifest === undefined) return;
    manifest.state = state;
    if (reason !== undefined) manifest.reason = reason;
    if (state === 'COMPLETED') manifest.finished = new Date().toISOString();
    else delete manifest.finished;
    await this.dropSave();
    await this.write();
  }

  /** The run is complete, and leaves no state. */
  async remove(): Promise<void> {
    await this.dropSave();
    if (this.path !== undefined && this.begun) await removeState(this.path, this.options.storages);
  }

  private advance({ cursors, records }: ProgressDelta): void {
    this.state.cursors.apply(cursors);
    this.state.counters.records += records;
  }

  /** `records`: how many more there are. */
  private setLength({ name, bytes, token, tail, blocks = [] }: FileLength, records: number): void {
    const { files, counters } = this.state;
    const known = files.find((entry) => entry.name === name);
    counters.bytes += bytes - (known?.bytes ?? 0);
    const file: StateFileEntry = known ?? { name, bytes, records: 0 };
    if (known === undefined) files.push(file);
    file.bytes = bytes;
    file.records += records;
    if (tail !== undefined) file.tail = tail;
    if (this.state.manifest !== undefined) file.blocks = [...(file.blocks ?? []), ...blocks];
    if (token === undefined) delete file.token;
    else file.token = token;
  }

  /** Saves what is known when the save before is done; any number of calls until then are one. */
  private save(): void {
    if (this.queued || this.path === undefined) return;
    this.queued = true;
    this.saving = this.saving.then(async () => {
      await this.delaySave();
      this.queued = false;
      if (this.concluding) return;
      try {
        await this.write();
        this.savedLast = true;
      } catch (error) {
        this.savedLast = false;
        // The backup itself may well succeed, and the state file on the disk is still a valid one. A lost lock has
        // ended the run already.
        if (!this.failureReported && !(error instanceof LockError)) {
          this.options.emit({ type: 'checkpoint.failed', error: serializeError(error), ending: this.ending });
        }
        this.failureReported = true;
      }
    });
  }

  private async delaySave(): Promise<void> {
    if (this.ending || this.concluding) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, SAVE_DELAY_MS);
      this.endDelay = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Settles when nothing is saved any more, and nothing will be. */
  private async dropSave(): Promise<void> {
    this.concluding = true;
    this.endDelay?.();
    await this.saving;
  }

  private async write(): Promise<void> {
    const { path } = this;
    if (path === undefined) return;
    const { lock, state, storages, key } = this.options;
    await lock.assertHeld();
    if (this.begun) await assertOwnState(path, state, storages);
    await saveState(path, state, storages, key);
    this.begun = true;
  }
}
