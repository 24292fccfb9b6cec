/** The answer to a request of a range, from any object store, into the memory of the caller. */
import type { Readable } from 'node:stream';
import type { CallContext } from '../client.js';
import { StorageError } from '../errors.js';
import type { RangeRequest } from './client.js';

export interface RangeAnswer {
  /** The header: `bytes 0-99/1000`. Absent = the store sends the whole object. */
  contentRange: string | undefined;
  /** Bytes of this answer, as its header says. */
  contentLength: number | undefined;
  body: Readable;
  /** For each chunk of the body. */
  onChunk?: () => void;
}

/**
 * Appends to what earlier attempts of the call have received. Resolves with the size of the whole object when all bytes
 * of the range are there. `place` and `code` are of the error if the store answers something else. Throws StorageError,
 * or an error with the code ECONNRESET if the answer ends early: the next attempt goes on behind these bytes.
 */
export async function receiveRange(
  { first, length, memory }: RangeRequest,
  call: CallContext,
  { contentRange, contentLength, body, onChunk }: RangeAnswer,
  { place, code }: { place: string; code: string },
): Promise<number> {
  const start = first + call.received;
  const [, begin, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(contentRange ?? '') ?? [];
  const isWhole = size === undefined;
  const totalBytes = Number(size ?? contentLength ?? NaN);
  if (isWhole ? start > 0 : Number(begin) !== start) {
    body.destroy();
    throw new StorageError(code, `The store does not send the part of ${place} that was requested`);
  }
  if (Number.isNaN(totalBytes)) {
    body.destroy();
    throw new StorageError(code, `The store does not tell the size of ${place}`);
  }
  const target = Buffer.from(memory, 0, length);
  const expected = Math.min(length, totalBytes - first);
  if (expected === 0) body.destroy();
  else {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      onChunk?.();
      const fitting = chunk.subarray(0, expected - call.received);
      target.set(fitting, call.received);
      call.received += fitting.length;
      // A body that is read to its end leaves its connection to the next request.
      if (isWhole && call.received === expected && totalBytes > expected) break;
    }
  }
  if (call.received < expected) throw Object.assign(new Error('the answer ended early'), { code: 'ECONNRESET' });
  return totalBytes;
}
