/**
 * What several processes change in turn in a storage, as the ledger of a routine: a journal of numbered files, of which
 * each has the whole state after one change. A file is created once and never changed, and whoever creates the next
 * number has made the change: all others that tried have to look at it first. Nothing else is needed of a storage than
 * that of several creators of a file one succeeds, and that a listing has every file that exists.
 */
import { randomUUID } from 'node:crypto';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { ServiceError } from '../errors.js';

const FORMAT = 'asb-replica-journal';
const NAME = /^(\d{12})\.json$/;
/** What a process that ended while it created an entry has left. */
const UNFINISHED = /^(\d{12})\.json\..+$/;
/**
 * So many entries behind the newest one stay. A number that was deleted may be created again by a replica that was
 * stopped for a long time: the entry is void then, as one that is so much newer exists.
 */
const KEPT_ENTRIES = 64;
/** Old entries are deleted after so many new ones. */
const PRUNE_INTERVAL = 16;

/** The newest entry; number 0 = there is none. */
export interface JournalHead<State> {
  number: number;
  state: State;
}

/** What a journal needs of a storage. */
export type JournalStorage = Pick<Storage, 'list' | 'readVersion' | 'createExclusive' | 'deleteFile'>;

export class Journal<State> {
  constructor(
    private readonly storage: JournalStorage,
    /** Must exist where there are directories. */
    private readonly directory: string,
    /** Before the first change. */
    private readonly empty: State,
  ) {}

  /** Throws StorageError, and ServiceError SERVICE_FAILED if the entry cannot be read. */
  async read(): Promise<JournalHead<State>> {
    for (;;) {
      const number = Math.max(0, ...(await this.listNumbers()));
      if (number === 0) return { number, state: this.empty };
      const path = this.findPath(number);
      const found = await this.storage.readVersion(path);
      // Others have written so many entries meanwhile that it was deleted.
      if (found === undefined) continue;
      return { number, state: parseEntry(found.text, path) as State };
    }
  }

  /**
   * Makes `state` the newest one; false = another replica has changed the ledger since `head` was read. After an error
   * it is not known whether the change was made: a transition that is applied again finds out. Throws StorageError.
   */
  async append(head: JournalHead<State>, state: State, writer: string): Promise<boolean> {
    const number = head.number + 1;
    const entry = { format: FORMAT, writer, written: new Date().toISOString(), nonce: randomUUID(), state };
    if (!(await this.storage.createExclusive(this.findPath(number), `${JSON.stringify(entry)}\n`))) return false;
    const names = (await this.storage.list(this.directory)).map(({ name }) => name);
    if (Math.max(...parseNumbers(names, NAME)) >= number + KEPT_ENTRIES) return false;
    if (number % PRUNE_INTERVAL === 0) await this.prune(names, number);
    return true;
  }

  private async prune(names: readonly string[], newest: number): Promise<void> {
    for (const name of names) {
      const number = Number((NAME.exec(name) ?? UNFINISHED.exec(name))?.[1] ?? Infinity);
      if (number > newest - KEPT_ENTRIES) continue;
      // Other replicas may delete the same.
      await this.storage.deleteFile(joinPath(this.directory, name), 'ignore').catch(() => undefined);
    }
  }

  private async listNumbers(): Promise<number[]> {
    const files = await this.storage.list(this.directory);
    return parseNumbers(
      files.map(({ name }) => name),
      NAME,
    );
  }

  private findPath(number: number): string {
    return joinPath(this.directory, `${String(number).padStart(12, '0')}.json`);
  }
}

function parseNumbers(names: readonly string[], pattern: RegExp): number[] {
  return names.flatMap((name) => {
    const number = pattern.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function parseEntry(text: string, path: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && 'format' in value && value.format === FORMAT && 'state' in value) {
    return value.state;
  }
  throw new ServiceError('SERVICE_FAILED', `${path} is no entry of a journal of replicas`);
}
