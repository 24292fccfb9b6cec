/** Events that webhooks did not take: in memory, and in a file of the data directory if there is one. */
import { join } from 'node:path';
import { errorMessage } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import { LocalStorage } from '../../storage/local/storage.js';
import { checkValue } from '../document/check-value.js';
import { DeadLetter, type DeadLetterList } from '../v2/schema/dead-letter.js';

const FILE_NAME = 'webhook-dead-letters.json';
const CAPACITY = 1000;
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const WHAT = 'the dead letters';

export interface DeadLetterStoreOptions {
  /** Must exist; undefined = in memory only. */
  dataDirectory?: string | undefined;
  log: Log;
  capacity?: number;
}

export class DeadLetterStore {
  /** The oldest first. */
  private readonly letters = new Map<string, DeadLetter>();
  private dropped = 0;
  private writing: Promise<void> = Promise.resolve();
  private isWritePending = false;
  private readonly storage = new LocalStorage();
  private readonly path: string | undefined;

  private constructor(private readonly options: DeadLetterStoreOptions) {
    const { dataDirectory } = options;
    this.path = dataDirectory === undefined ? undefined : join(dataDirectory, FILE_NAME);
  }

  /** A file that cannot be read is reported, and replaced with the next letter. */
  static async open(options: DeadLetterStoreOptions): Promise<DeadLetterStore> {
    const store = new DeadLetterStore(options);
    await store.load().catch((error: unknown) => {
      options.log.info(warningEvent('message', `Dead letters of webhooks cannot be read: ${errorMessage(error)}`));
    });
    return store;
  }

  /** The newest first. */
  list(): DeadLetterList {
    return {
      'dead-letters': [...this.letters.values()].reverse(),
      dropped: this.dropped,
    };
  }

  find(id: string): DeadLetter | undefined {
    return this.letters.get(id);
  }

  add(letter: DeadLetter): void {
    this.letters.delete(letter.id);
    this.letters.set(letter.id, letter);
    if (this.letters.size > (this.options.capacity ?? CAPACITY)) {
      for (const oldest of this.letters.keys()) {
        this.letters.delete(oldest);
        this.dropped++;
        break;
      }
    }
    this.save();
  }

  /** False = there is none. */
  remove(id: string): boolean {
    const isThere = this.letters.delete(id);
    if (isThere) this.save();
    return isThere;
  }

  /** Resolves when everything is stored. */
  async flush(): Promise<void> {
    await this.writing;
  }

  /** Several changes at once are written once. */
  private save(): void {
    const { path } = this;
    if (path === undefined || this.isWritePending) return;
    this.isWritePending = true;
    this.writing = this.writing.then(async () => {
      this.isWritePending = false;
      const text = JSON.stringify({
        letters: [...this.letters.values()],
        dropped: this.dropped,
      });
      try {
        await this.storage.writeSmall(path, `${text}\n`, WHAT);
      } catch (error) {
        const problem = `Dead letters of webhooks cannot be stored: ${errorMessage(error)}`;
        this.options.log.info(warningEvent('message', problem));
      }
    });
  }

  private async load(): Promise<void> {
    const { path } = this;
    if (path === undefined || !(await this.storage.exists('file', path))) return;
    const bytes = await this.storage.readSmall(path, WHAT);
    if (bytes.length > MAX_FILE_BYTES) throw new Error(`the file has ${bytes.length} bytes`);
    const { letters, dropped } = JSON.parse(bytes.toString('utf8')) as {
      letters?: unknown;
      dropped?: unknown;
    };
    if (!Array.isArray(letters)) throw new Error('the file has no list of letters');
    for (const letter of letters as unknown[]) {
      const problems = checkValue(DeadLetter, letter, 'letter');
      if (problems.length > 0) throw new Error(problems[0]);
      const { id } = letter as DeadLetter;
      this.letters.set(id, letter as DeadLetter);
    }
    this.dropped = Number.isSafeInteger(dropped) ? (dropped as number) : 0;
  }
}
