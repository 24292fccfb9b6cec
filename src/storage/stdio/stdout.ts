import { constants, fstatSync, openSync, write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { storageError } from '../errors.js';
import { hasCode } from '../local/directory.js';
import { PipeWriter } from '../local/pipe.js';
import type { ByteSink } from '../../core/byte-stream.js';

const writeFd = promisify(write);
const STDOUT_FD = 1;
const STDOUT_NAME = '[stdout]';
/** Wait before the next attempt to write to a pipe that its reader made non-blocking and that is full. */
const FULL_PIPE_MS = 2;

/**
 * Standard output.
 *
 * @param written bytes that an earlier run has written to the same destination
 * @param signal when it aborts, a write to a pipe that makes no progress fails soon
 */
export function openStandardOutput(written = 0, signal?: AbortSignal): ByteSink {
  const fd = openPipeDescriptor();
  return fd === undefined ? new DescriptorWriter(written) : new PipeWriter(STDOUT_NAME, fd, signal, written);
}

/** Writes to a file or terminal that the process inherited, through the thread pool. */
class DescriptorWriter implements ByteSink {
  readonly name = STDOUT_NAME;

  constructor(private written: number) {}

  async write(chunk: Buffer): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      try {
        const { bytesWritten } = await writeFd(STDOUT_FD, chunk, done, chunk.length - done);
        done += bytesWritten;
        this.written += bytesWritten;
      } catch (error) {
        if (!hasCode(error, 'EAGAIN')) throw storageError('write to', this.name, error);
        await sleep(FULL_PIPE_MS);
      }
    }
  }

  /** The bytes that the system has accepted: the owner of the descriptor decides what becomes of them. */
  sync(): Promise<number> {
    return Promise.resolve(this.written);
  }

  // The process owns the descriptor: it stays open.
  close(): Promise<void> {
    return Promise.resolve();
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * A descriptor of standard output if that is a pipe or socket. A pipe is opened once more: other processes may share
 * the descriptor and do not expect that it becomes non-blocking. Undefined where the system does not offer that.
 */
function openPipeDescriptor(): number | undefined {
  try {
    const stats = fstatSync(STDOUT_FD);
    // A socket cannot be opened again; as a rule, one process alone has it.
    if (stats.isSocket()) return STDOUT_FD;
    if (!stats.isFIFO()) return undefined;
    return openSync(`/proc/self/fd/${STDOUT_FD}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}
