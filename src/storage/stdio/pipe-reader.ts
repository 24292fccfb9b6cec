/** Standard input, and files that are pipes: what comes when somebody writes it, or never. */
import { constants, fstatSync, openSync, read } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { storageError } from '../errors.js';
import type { ByteSource } from '../../core/byte-stream.js';

const readFd = promisify(read);
const STDIN_FD = 0;
const STDIN_NAME = '[stdin]';
const CHUNK_BYTES = 256 * 1024;

/** Throws StorageError. */
export function openStandardInput(): ByteSource {
  try {
    const stat = fstatSync(STDIN_FD);
    const isPipe = stat.isFIFO() || stat.isSocket();
    return isPipe ? new PipeReader(STDIN_NAME, STDIN_FD) : new DescriptorSource(STDIN_NAME, STDIN_FD);
  } catch (error) {
    throw storageError('open', STDIN_NAME, error);
  }
}

/** A FIFO by its path; begins when somebody writes to it. Throws StorageError. */
export function openFifo(path: string): ByteSource {
  try {
    return new PipeReader(path, openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  } catch (error) {
    throw storageError('open', path, error);
  }
}

/**
 * Read as a stream of events: a read that waited in the thread pool for a silent writer could not be taken back, and
 * would keep the process from ending.
 */
class PipeReader implements ByteSource {
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

/** A file or terminal that was handed to the process, read through the thread pool. */
class DescriptorSource implements ByteSource {
  private readonly buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);

  constructor(
    readonly name: string,
    private readonly fd: number,
  ) {}

  async read(): Promise<Buffer | undefined> {
    try {
      const { bytesRead } = await readFd(this.fd, this.buffer, 0, this.buffer.length, null);
      return bytesRead === 0 ? undefined : this.buffer.subarray(0, bytesRead);
    } catch (error) {
      throw storageError('read', this.name, error);
    }
  }

  // The descriptor belongs to the process.
  close(): Promise<void> {
    return Promise.resolve();
  }
}
