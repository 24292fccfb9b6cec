/** The file or FIFO of `--machine`: lines for programs, each on its way as soon as it is there (asbackup.md 8.5). */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorText, ToolError } from '../core/errors.js';

/** How often a FIFO is asked whether somebody reads it, or has room again. */
const RETRY_MS = 50;
/**
 * Without O_NONBLOCK, opening a FIFO that nobody reads would hold a thread of the pool for ever, and with it the end of
 * the process.
 */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

export class MachineFileError extends ToolError {
  constructor(doing: string, path: string, cause: unknown) {
    super('MACHINE_FILE', `Cannot ${doing} the --machine file ${path}: ${systemErrorText(cause)}.`, { cause });
  }
}

export class MachineFile {
  private writing: Promise<void> = Promise.resolve();
  private failure: MachineFileError | undefined;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * Waits for a reader if it is a FIFO; aborting `signal` ends the wait. Throws MachineFileError, or the signal's
   * reason.
   */
  static async open(path: string, signal?: AbortSignal): Promise<MachineFile> {
    for (;;) {
      signal?.throwIfAborted();
      try {
        return new MachineFile(path, await open(path, FLAGS, 0o666), signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw new MachineFileError('open', path, error);
      }
      await sleep(RETRY_MS);
    }
  }

  /** Appends a line behind those before it. A failure shows in `close`; what follows it is dropped. */
  line(text: string): void {
    this.writing = this.writing.then(async () => {
      if (this.failure !== undefined) return;
      try {
        await this.append(Buffer.from(`${text}\n`));
      } catch (error) {
        this.failure = new MachineFileError('write to', this.path, error);
      }
    });
  }

  /** Waits until everything is written. Throws MachineFileError if not all was. */
  async close(): Promise<void> {
    await this.writing;
    await this.handle.close();
    if (this.failure !== undefined) throw this.failure;
  }

  private async append(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      try {
        const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done);
        done += bytesWritten;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        // The reader is slow. A run that is to stop does not wait for it.
        this.signal?.throwIfAborted();
        await sleep(RETRY_MS);
      }
    }
  }
}
