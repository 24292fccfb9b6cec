/**
 * Keeps records of runs of routines: of those that somebody has asked for, and of those that have failed, which leave
 * nothing else behind. A run of a schedule that is complete needs none.
 */
import { errorEvent, type Log } from '../../../core/log.js';
import { findEntity } from '../../document/find-entity.js';
import type { ServiceDocument } from '../../document/schema/service-document.js';
import type { ServiceEvent } from '../../events/event.js';
import type { StorageDirectory } from '../storages/storage-directory.js';
import type { BackupRecord } from './backup-record.js';
import type { V2BackupType } from '../schema/values.js';
import { RecordStore } from './record-store.js';

export interface RoutineRecordsOptions {
  config: { readonly document: ServiceDocument };
  directory: StorageDirectory;
  log: Log;
  owner: string;
  now: () => number;
  onChange: (storage: string) => void;
  /** Of a run that is under way. */
  findType: (routine: string, run: string) => V2BackupType;
}

export class RoutineRecords {
  /** Of runs that are under way, by routine and start. */
  private readonly active = new Map<string, BackupRecord>();
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly options: RoutineRecordsOptions) {}

  /** Somebody has asked for the run; the record was created. */
  follow(record: BackupRecord): void {
    this.active.set(toKey(record.routine!, record.run!), record);
  }

  /** A listener of the events of routines. */
  readonly listen = ({ type, storage, routine, backup, message }: ServiceEvent): void => {
    if (storage === undefined || routine === undefined || backup === undefined) return;
    const end = ENDS[type];
    if (type !== 'backup.started' && end === undefined) return;
    const work = async (): Promise<void> => {
      if (end === undefined) await this.begin(storage, routine, backup);
      else await this.end(storage, routine, backup, end, message, type === 'backup.skipped');
      this.options.onChange(storage);
    };
    this.work = this.work.then(work).catch((error: unknown) => this.options.log.error(errorEvent(error)));
  };

  /** Resolves when everything is written. Never rejects. */
  settle(): Promise<void> {
    return this.work;
  }

  private async begin(storage: string, routine: string, run: string): Promise<void> {
    const { directory, owner, config } = this.options;
    const key = toKey(routine, run);
    const time = new Date(this.options.now()).toISOString();
    const known = this.active.get(key);
    if (known !== undefined) {
      Object.assign(known, { state: 'IN_PROGRESS', owner, updated: time });
      await directory.use(storage, (catalog) => new RecordStore(catalog).write(known));
      return;
    }
    const cluster = findEntity(config.document['backup-routines'], routine)?.['source-cluster'];
    const record: BackupRecord = {
      id: run,
      state: 'IN_PROGRESS',
      type: this.options.findType(routine, run),
      trigger: 'SCHEDULED',
      created: new Date(Number(run)).toISOString(),
      updated: time,
      owner,
      ...(cluster === undefined ? {} : { cluster }),
      routine,
      run,
    };
    await directory.use(storage, async (catalog) => {
      const store = new RecordStore(catalog);
      if (!(await store.create(record))) {
        // It goes on after a restart; or the number is the id of another backup, and the run has no record.
        const found = await store.read(run);
        if (found?.routine !== routine || found.run !== run) return;
        Object.assign(record, found, { state: 'IN_PROGRESS', owner, updated: time });
        await store.write(record);
      }
      this.active.set(key, record);
    });
  }

  private async end(
    storage: string,
    routine: string,
    run: string,
    state: 'COMPLETED' | 'FAILED' | 'CANCELED',
    message: string | undefined,
    isSkipped: boolean,
  ): Promise<void> {
    const { directory, now } = this.options;
    const key = toKey(routine, run);
    // It may fail before it begins.
    if (state === 'FAILED' && !this.active.has(key)) await this.begin(storage, routine, run);
    const record = this.active.get(key);
    if (record === undefined) return;
    this.active.delete(key);
    await directory.use(storage, async (catalog) => {
      const store = new RecordStore(catalog);
      if (record.trigger === 'SCHEDULED' && (state === 'COMPLETED' || isSkipped)) {
        await store.forget(record.id);
        return;
      }
      record.state = state;
      record.updated = new Date(now()).toISOString();
      delete record.reason;
      if (state !== 'COMPLETED' && message !== undefined) record.reason = message;
      await store.write(record);
    });
  }
}

const ENDS: Readonly<Record<string, 'COMPLETED' | 'FAILED' | 'CANCELED'>> = {
  'backup.completed': 'COMPLETED',
  'backup.failed': 'FAILED',
  'backup.canceled': 'CANCELED',
  // It has found nothing to back up.
  'backup.skipped': 'CANCELED',
};

function toKey(routine: string, run: string): string {
  return `${routine}/${run}`;
}
