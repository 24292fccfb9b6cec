/** Pipes and devices: read and written in order, never created, truncated or deleted. */
import { constants, openSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { followAbort } from '../../core/abort.js';
import { storageError } from '../errors.js';
import { hasCode } from './directory.js';
import type { ByteSink, ByteSource } from '../../core/byte-stream.js';

/** Opens a FIFO; the first read waits until a process writes to it. Throws StorageError. */
export function openFifo(path: string): ByteSource {
  try {
    return new PipeReader(path, openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  } catch (error) {
    throw storageError('open', path, error);
  }
}

/**
 * Reads a pipe through the event loop. A read in the thread pool cannot be canceled while the writer is silent, so that
 * it would keep the process from ending.
 */
export class PipeReader implements ByteSource {
  private readonly socket: Socket;
  private readonly chunks: AsyncIterator<Buffer, undefined>;

  constructor(
    readonly name: string,
    fd: number,
  ) {
    this.socket = new Socket({ fd, readable: true, writable: false });
    this.chunks = this.socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  }

  async read(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await this.chunks.next();
      return done === true ? undefined : value;
    } catch (error) {
      throw storageError('read', this.name, error);
    }
  }

  close(): Promise<void> {
    this.socket.destroy();
    return Promise.resolve();
  }
}

/** A FIFO is asked again this often whether a process reads from it. */
const FIFO_POLL_MS = 50;
/** How long a run that was stopped waits for a reader that reads nothing. */
const STALL_TIMEOUT_MS = 500;

/**
 * Opens a FIFO to write to it; settles when a process has opened it for reading. The FIFO is never deleted. Throws
 * StorageError, also when `signal` aborts meanwhile.
 */
export async function openFifoForWriting(path: string, signal?: AbortSignal): Promise<ByteSink> {
  for (;;) {
    try {
      return new PipeWriter(path, openSync(path, constants.O_WRONLY | constants.O_NONBLOCK), signal);
    } catch (error) {
      if (!hasCode(error, 'ENXIO') || signal?.aborted === true) throw storageError('open', path, error);
    }
    await sleep(FIFO_POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

/**
 * Writes to a pipe or socket through the event loop. A reader that reads nothing must delay neither signals and timers
 * nor, after a stop, the end of the run: a write in the thread pool cannot be canceled.
 */
export class PipeWriter implements ByteSink {
  private readonly socket: Socket;

  /**
   * @param fd owned by the writer from now on
   * @param signal when it aborts, a write that makes no progress fails soon
   * @param written bytes that an earlier run has written to the same reader
   */
  constructor(
    readonly name: string,
    fd: number,
    private readonly signal?: AbortSignal,
    private written = 0,
  ) {
    this.socket = new Socket({ fd, readable: false, writable: true });
    // The callback of each write reports its error.
    this.socket.on('error', () => undefined);
  }

  async write(chunk: Buffer): Promise<void> {
    await this.send(chunk);
    this.written += chunk.length;
  }

  private send(chunk: Buffer): Promise<void> {
    const { signal, name, socket } = this;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const stopFollowing = followAbort(signal, () => {
        timer = setTimeout(() => {
          socket.destroy();
          reject(storageError('write to', name, new Error('its reader reads nothing')));
        }, STALL_TIMEOUT_MS);
      });
      socket.write(chunk, (error) => {
        clearTimeout(timer);
        stopFollowing();
        if (error == null) resolve();
        else reject(storageError('write to', name, error));
      });
    });
  }

  /** The bytes that the pipe has accepted: a pipe can promise no more. */
  sync(): Promise<number> {
    return Promise.resolve(this.written);
  }

  close(): Promise<void> {
    this.socket.destroy();
    return Promise.resolve();
  }

  abort(): Promise<void> {
    return this.close();
  }
}

/** Writes to a device in place: it is neither created, truncated nor deleted. */
export class DeviceWriter implements ByteSink {
  private written = 0;

  private constructor(
    readonly name: string,
    private readonly handle: FileHandle,
  ) {}

  static async open(path: string): Promise<DeviceWriter> {
    try {
      return new DeviceWriter(path, await open(path, constants.O_WRONLY));
    } catch (error) {
      throw storageError('open', path, error);
    }
  }

  async write(chunk: Buffer): Promise<void> {
    try {
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await this.handle.write(chunk, done, chunk.length - done, null);
        done += bytesWritten;
        this.written += bytesWritten;
      }
    } catch (error) {
      throw storageError('write to', this.name, error);
    }
  }

  async sync(): Promise<number> {
    // Terminals and /dev/null cannot be synchronized.
    await this.handle.datasync().catch(() => undefined);
    return this.written;
  }

  async close(): Promise<void> {
    await this.sync();
    await this.abort();
  }

  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined);
  }
}
