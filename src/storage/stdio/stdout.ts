import { constants, fstatSync, openSync, write } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { storageError } from '../errors.js';
import type { ByteSink } from '../../core/byte-stream.js';

const writeFd = promisify(write);
const STDOUT_FD = 1;
/** A pipe that its reader set to non-blocking is asked again after this long. */
const FULL_PIPE_MS = 2;
/** How long a run that was stopped waits for a reader that takes nothing. */
const STALL_TIMEOUT_MS = 500;

/**
 * Standard output. A reader that takes nothing must stop neither signals and timers nor, after a signal, the end of the
 * run: a thread that waits in a write cannot be called back, so pipes are written to without one.
 */
export class StandardOutputWriter implements ByteSink {
  readonly name = '[stdout]';
  private readonly pipe = ownPipe();

  /**
   * @param written bytes that an earlier run has written to where this one's go
   * @param signal when it aborts, a write that makes no progress is given up
   */
  constructor(
    private written = 0,
    private readonly signal?: AbortSignal,
  ) {}

  async write(chunk: Buffer): Promise<void> {
    if (this.pipe === undefined) return this.writeAsFile(chunk);
    await this.writeToPipe(this.pipe, chunk);
    this.written += chunk.length;
  }

  private writeToPipe(pipe: Socket, chunk: Buffer): Promise<void> {
    const { signal, name } = this;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const giveUp = (): void => {
        timer = setTimeout(() => {
          pipe.destroy();
          reject(storageError('write to', name, new Error('its reader takes nothing')));
        }, STALL_TIMEOUT_MS);
      };
      if (signal?.aborted === true) giveUp();
      else signal?.addEventListener('abort', giveUp, { once: true });
      pipe.write(chunk, (error) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        if (error == null) resolve();
        else reject(storageError('write to', name, error));
      });
    });
  }

  private async writeAsFile(chunk: Buffer): Promise<void> {
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
    this.pipe?.destroy();
    return Promise.resolve();
  }

  abort(): Promise<void> {
    return this.close();
  }
}

/**
 * Standard output, if it is a pipe or socket. A pipe is opened once more: other processes may share the descriptor, and
 * would not expect it to become non-blocking. Undefined where the system does not offer that.
 */
function ownPipe(): Socket | undefined {
  try {
    const stats = fstatSync(STDOUT_FD);
    if (!stats.isFIFO() && !stats.isSocket()) return undefined;
    // Sockets cannot be opened again; but they are given to one process, as a rule.
    const fd = stats.isSocket()
      ? STDOUT_FD
      : openSync(`/proc/self/fd/${STDOUT_FD}`, constants.O_WRONLY | constants.O_NONBLOCK);
    const pipe = new Socket({ fd, readable: false, writable: true });
    // Every write is told by itself.
    pipe.on('error', () => undefined);
    return pipe;
  } catch {
    return undefined;
  }
}
