/** A stream of the main thread, read by a worker thread: a chunk is fetched when the last one is done with. */
import type { MessagePort } from 'node:worker_threads';
import { errorMessage } from '../../core/errors.js';
import { StorageError } from '../errors.js';
import type { ByteSource } from '../../core/byte-stream.js';

const NAME = '[stream]';

type Answer = { chunk: Uint8Array } | { end: true } | { error: string };

/** What a stream may give. Texts are taken as UTF-8. */
export type Chunks = AsyncIterable<Uint8Array | string>;

/** Gives the chunks of `stream` to the `PortSource` at the other end of `port`. Keeps no process alive by itself. */
export function serveStream(stream: Chunks, port: MessagePort): void {
  const chunks = stream[Symbol.asyncIterator]();
  let ended = false;
  const give = async (): Promise<Answer> => {
    try {
      const next = await chunks.next();
      if (next.done === true) {
        ended = true;
        return { end: true };
      }
      return { chunk: toBytes(next.value) };
    } catch (error) {
      ended = true;
      return { error: errorMessage(error) };
    }
  };
  port.on('message', () => {
    void give().then((answer) => port.postMessage(answer));
  });
  port.on('close', () => {
    if (!ended) void chunks.return?.().catch(() => undefined);
  });
  port.unref();
}

/** For a stream that is read where it is. */
export function streamSource(stream: Chunks): ByteSource {
  const chunks = stream[Symbol.asyncIterator]();
  return {
    name: NAME,
    async read() {
      try {
        for (;;) {
          const next = await chunks.next();
          if (next.done === true) return undefined;
          const bytes = toBytes(next.value);
          if (bytes.length > 0) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
        }
      } catch (error) {
        throw broken(errorMessage(error));
      }
    },
    async close() {
      await chunks.return?.().catch(() => undefined);
    },
  };
}

export class MessagePortReader implements ByteSource {
  readonly name = NAME;
  private closed = false;

  constructor(private readonly port: MessagePort) {}

  async read(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.closed) return undefined;
      const answer = await this.ask();
      if (answer === undefined || 'end' in answer) return undefined;
      if ('error' in answer) throw broken(answer.error);
      const { buffer, byteOffset, byteLength } = answer.chunk;
      if (byteLength > 0) return Buffer.from(buffer, byteOffset, byteLength);
    }
  }

  close(): Promise<void> {
    this.closed = true;
    this.port.close();
    return Promise.resolve();
  }

  /** Undefined: closed meanwhile. */
  private ask(): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const settle = (answer: Answer | undefined): void => {
        this.port.off('message', settle);
        this.port.off('close', onClose);
        resolve(answer);
      };
      const onClose = (): void => settle(undefined);
      this.port.on('message', settle);
      this.port.on('close', onClose);
      this.port.postMessage('next');
    });
  }
}

function toBytes(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError('it gives something other than bytes');
}

function broken(reason: string): StorageError {
  return new StorageError('IO_STREAM', `Cannot read ${NAME}: ${reason.replace(/\.$/, '')}.`);
}
