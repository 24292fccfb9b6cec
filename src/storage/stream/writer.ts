import { finished } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { ToolError } from '../../core/errors.js';
import { storageError } from '../errors.js';
import type { ByteSink } from '../../core/byte-stream.js';

/** A stream that somebody else has opened. It is ended when everything is written, and destroyed if that fails. */
export class StreamWriter implements ByteSink {
  readonly name = '[stream]';
  private written = 0;

  constructor(private readonly stream: Writable) {
    // Between two writes nobody waits for it, and without a listener it would end the process.
    stream.on('error', () => undefined);
  }

  /** Settles when the stream has taken the chunk, not only when it has room: the memory is used again then. */
  async write(chunk: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (error: unknown): void =>
        reject(error instanceof ToolError ? error : storageError('write to', this.name, error));
      const onClose = (): void => fail(this.stream.errored ?? new Error('it was closed before everything was written'));
      if (this.stream.destroyed) {
        onClose();
        return;
      }
      this.stream.once('close', onClose);
      this.stream.write(chunk, (error) => {
        this.stream.removeListener('close', onClose);
        if (error == null) resolve();
        else fail(error);
      });
    });
    this.written += chunk.length;
  }

  /** What becomes of the bytes is the stream's affair; this is how many it has taken. */
  sync(): Promise<number> {
    return Promise.resolve(this.written);
  }

  async close(): Promise<void> {
    try {
      this.stream.end();
      await finished(this.stream, { readable: false });
    } catch (error) {
      throw storageError('finish', this.name, error);
    }
  }

  abort(): Promise<void> {
    this.stream.destroy();
    return Promise.resolve();
  }
}
