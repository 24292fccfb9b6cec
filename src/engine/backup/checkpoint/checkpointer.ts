/**
 * Keeps the state of a run, and its state file up to date: whatever ends the run, the file says how to go on. The main
 * thread's part of a checkpoint; the workers' is to make files durable and tell how far they have come with them.
 */
import { errorEvent, type Log } from '../../../core/log.js';
import type { StorageAccess } from '../../../storage/registry.js';
import type { FileLength } from '../worker-protocol.js';
import type { ProgressDelta } from '../output/chunk-output.js';
import { removeState, saveState, type BackupState, type StateFileEntry } from './state-file.js';

/** The name of the one output for all workers. */
export const SHARED_NAME = '[output]';

export class Checkpointer {
  private saving: Promise<void> = Promise.resolve();
  private queued = false;
  private told = false;
  private ending = false;
  private savedLast = true;
  /** Of the one output for all workers: written, but not durable yet. */
  private readonly written: ProgressDelta[] = [];

  constructor(
    readonly path: string,
    private readonly state: BackupState,
    private readonly log: Log,
    private readonly storages: StorageAccess,
  ) {}

  /** The first save. Throws StorageError: a state that cannot be saved is a reason not to begin. */
  begin(): Promise<void> {
    return saveState(this.path, this.state, this.storages);
  }

  /** A worker has made a file of its own durable. */
  durable(stretch: ProgressDelta, file: FileLength | undefined): void {
    this.advance(stretch);
    if (file !== undefined) this.setLength(file);
    this.save();
  }

  /** A file of the run that is continued was closed as it was. */
  closed(file: FileLength): void {
    this.setLength(file);
    this.save();
  }

  /** The one output has taken a chunk. */
  appended(stretch: ProgressDelta): void {
    this.written.push(stretch);
  }

  /** Everything appended is durable; the one output has so many bytes. */
  committed(bytes: number, token: string | undefined): void {
    for (const stretch of this.written.splice(0)) this.advance(stretch);
    // Always the same entry, however the path of the output is spelt in this run.
    const file = { name: this.state.files[0]?.name ?? SHARED_NAME, bytes };
    this.setLength(token === undefined ? file : { ...file, token });
    this.save();
  }

  /** Settles when the state file says what is known now: true, unless it could not be saved. */
  async finish(): Promise<boolean> {
    delete this.state.writer;
    this.ending = true;
    this.save();
    await this.saving;
    return this.savedLast;
  }

  /** The run is complete. */
  async remove(): Promise<void> {
    await this.saving;
    await removeState(this.path, this.storages);
  }

  /** Bytes of the one output that the state file answers for. */
  get sharedBytes(): number {
    return this.state.files[0]?.bytes ?? 0;
  }

  private advance({ cursors, records }: ProgressDelta): void {
    this.state.cursors.apply(cursors);
    this.state.counters.records += records;
  }

  private setLength({ name, bytes, token }: FileLength): void {
    const { files, counters } = this.state;
    const known = files.find((entry) => entry.name === name);
    counters.bytes += bytes - (known?.bytes ?? 0);
    const file: StateFileEntry = known ?? { name, bytes };
    if (known === undefined) files.push(file);
    file.bytes = bytes;
    if (token === undefined) delete file.token;
    else file.token = token;
  }

  /** Saves what is known when the save before is done; any number of calls until then are one. */
  private save(): void {
    if (this.queued) return;
    this.queued = true;
    this.saving = this.saving.then(async () => {
      this.queued = false;
      try {
        await saveState(this.path, this.state, this.storages);
        this.savedLast = true;
      } catch (error) {
        this.savedLast = false;
        // The backup itself may well succeed; and the state file on the disk is still a valid one.
        if (!this.told)
          this.log.error(errorEvent(error, 'checkpoint.failed', this.ending ? '' : ' The backup goes on.'));
        this.told = true;
      }
    });
  }
}
