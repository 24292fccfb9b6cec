import { write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { storageError } from './errors.js';
import type { Sink } from './sink.js';

const writeFd = promisify(write);
const STDOUT_FD = 1;
/** A pipe that its reader set to non-blocking is asked again after this long. */
const FULL_PIPE_MS = 2;

/** Standard output, written through the thread pool so that a slow reader does not stop signals and timers. */
export class StandardOutputSink implements Sink {
  readonly name = '[stdout]';

  /** @param written bytes that an earlier run has written to where this one's go */
  constructor(private written = 0) {}

  async write(chunk: Buffer): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      try {
        const { bytesWritten } = await writeFd(STDOUT_FD, chunk, done, chunk.length - done);
        done += bytesWritten;
        this.written += bytesWritten;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw storageError('write to', this.name, error);
        await sleep(FULL_PIPE_MS);
      }
    }
  }

  /** What becomes of the bytes is the reader's affair; this is how many it has taken. */
  sync(): Promise<number> {
    return Promise.resolve(this.written);
  }

  // The descriptor belongs to the process; there is nothing to make durable.
  close(): Promise<void> {
    return Promise.resolve();
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }
}
