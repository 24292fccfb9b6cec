/** The ledger of one routine, as this process sees and changes it, and the signs of life of those that work on it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import type { RunningJob } from '../document/schema/job-status.js';
import { ensureDirectory } from '../routines/ensure-directory.js';
import type { OpenedStorage } from '../settings/open-storage.js';
import { Journal } from './journal.js';
import { EMPTY_LEDGER, type Holder, type LedgerState } from './ledger-state.js';
import type { Transition } from './ledger-transitions.js';

/** In the folder of the routine, beside those of its runs. */
export const REPLICAS_DIRECTORY = 'replicas';
const JOURNAL_DIRECTORY = 'journal';
const BEATS_DIRECTORY = 'beats';
/** Replicas that collide wait for a random time up to this one, so that they do not collide again. */
const COLLISION_MS = 50;

/** What a process works on, written anew with a larger number by each heartbeat. */
export interface Beat {
  count: number;
  /** By the key of the run. */
  runs: Readonly<Record<string, RunningJob>>;
  /** Claims of guards. */
  guards: readonly string[];
}

export interface RoutineLedgerOptions {
  routine: string;
  open: () => Promise<OpenedStorage>;
  holder: Holder;
}

export class RoutineLedger {
  /** As it was seen last. */
  state: LedgerState = EMPTY_LEDGER;
  private queue: Promise<unknown> = Promise.resolve();
  private beats = 0;
  private isPrepared = false;

  constructor(private readonly options: RoutineLedgerOptions) {}

  get holder(): Holder {
    return this.options.holder;
  }

  /** Throws StorageError. */
  read(): Promise<LedgerState> {
    return this.update((state) => ({ result: state }));
  }

  /**
   * Applies the transition to the newest state until no other replica was faster. Changes of this process are made one
   * after another. After an error it is not known whether the change was made. Throws StorageError.
   */
  update<Result>(transition: Transition<Result>): Promise<Result> {
    return this.enqueue(() =>
      this.withStorage(async (storage, directory) => {
        const journal = new Journal(storage, joinPath(directory, JOURNAL_DIRECTORY), EMPTY_LEDGER);
        for (;;) {
          const head = await journal.read();
          this.state = head.state;
          const { next, result } = transition(head.state);
          if (next === undefined) return result;
          if (await journal.append(head, next, this.holder.replica)) {
            this.state = next;
            return result;
          }
          await sleep(Math.random() * COLLISION_MS);
        }
      }),
    );
  }

  /** Tells the others that this process works on those. Throws StorageError. */
  writeBeat(runs: Beat['runs'], guards: Beat['guards']): Promise<void> {
    const beat: Beat = { count: ++this.beats, runs, guards };
    return this.withStorage((storage, directory) =>
      storage.writeSmall(findBeatPath(directory, this.holder.runId), `${JSON.stringify(beat)}\n`, 'the heartbeat'),
    );
  }

  /** Undefined = the process has not written any, or what is there cannot be read. Throws StorageError. */
  readBeat({ runId }: Holder): Promise<Beat | undefined> {
    return this.withStorage(async (storage, directory) => {
      const found = await storage.readVersion(findBeatPath(directory, runId));
      return found === undefined ? undefined : parseBeat(found.text);
    });
  }

  /**
   * Deletes the heartbeats of processes that work on nothing any more: this one included, unless `isBusy`. One that
   * begins to work writes its heartbeat again. Throws StorageError.
   */
  deleteOldBeats(isBusy: boolean): Promise<void> {
    return this.withStorage(async (storage, directory) => {
      const beats = joinPath(directory, BEATS_DIRECTORY);
      const found = (await storage.list(beats)).map(({ name }) => name);
      if (found.length === 0) return;
      const { runs, guards } = this.state;
      const working = new Set([...runs, ...guards].map(({ holder }) => holder.runId));
      if (isBusy) working.add(this.holder.runId);
      for (const name of found) {
        if (!working.has(name.replace(/\.json.*$/, ''))) await storage.deleteFile(joinPath(beats, name), 'ignore');
      }
    });
  }

  private async withStorage<T>(work: (storage: Storage, directory: string) => Promise<T>): Promise<T> {
    const opened = await this.options.open();
    try {
      const storage = await opened.storage.forPath(opened.root);
      const directory = joinPath(joinPath(opened.root, this.options.routine), REPLICAS_DIRECTORY);
      if (!this.isPrepared) {
        for (const name of [JOURNAL_DIRECTORY, BEATS_DIRECTORY]) {
          await ensureDirectory(opened.root, joinPath(directory, name), storage);
        }
        this.isPrepared = true;
      }
      return await work(storage, directory);
    } finally {
      await opened.close().catch(() => undefined);
    }
  }

  private enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.queue.then(work);
    this.queue = done.catch(() => undefined);
    return done;
  }
}

function findBeatPath(directory: string, runId: string): string {
  return joinPath(joinPath(directory, BEATS_DIRECTORY), `${runId}.json`);
}

function parseBeat(text: string): Beat | undefined {
  try {
    const { count, runs, guards } = JSON.parse(text) as Partial<Beat>;
    return typeof count === 'number' && runs !== undefined && guards !== undefined
      ? { count, runs, guards }
      : undefined;
  } catch {
    return undefined;
  }
}
