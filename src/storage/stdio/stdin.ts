import { fstatSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { storageError } from '../errors.js';
import { PipeReader } from '../local/pipe.js';
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
    return isPipe ? new PipeReader(STDIN_NAME, STDIN_FD) : new DescriptorReader(STDIN_NAME, STDIN_FD);
  } catch (error) {
    throw storageError('open', STDIN_NAME, error);
  }
}

/** Reads a file or terminal that the process inherited, through the thread pool. */
class DescriptorReader implements ByteSource {
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

  // The process owns the descriptor: it stays open.
  close(): Promise<void> {
    return Promise.resolve();
  }
}
