/**
 * An object that is written: as one request if it is small, else in parts (asbackup.md 10).
 *
 * What of an upload is durable are whole parts, and no part but the last may be small. So that a checkpoint can make
 * everything durable, the last 5 MiB of what was written are always kept back: `sync` sends them as a part of their
 * own. Before there are 5 MiB, nothing can be made durable, and a run that ends there writes them again.
 */
import { createHash } from 'node:crypto';
import type { ByteSink } from '../../core/byte-stream.js';
import { BLOCK_BYTES, BlockBuffer, type BlockPool } from './part-buffer.js';
import type { Caller, UploadedPart } from './api.js';
import { leastPartBytes, MAX_OBJECT_BYTES, partBytes, tooLarge } from '../object-store/part-size.js';
import type { S3Path } from './path.js';

/** The first bytes of a file go into its token: those of an unfinished object cannot be read. */
const HEAD_BYTES = 16;

/** What a state file keeps of an unfinished object. The parts themselves are listed by the service. */
export interface S3Token {
  upload: string;
  /** How many parts count, and a digest of their ETags. */
  parts: number;
  etags: string;
  /** Base64. */
  head: string;
}

export class S3Sink implements ByteSink {
  token: string | undefined;
  private readonly buffer: BlockBuffer;
  private readonly parts: UploadedPart[] = [];
  private uploadId: string | undefined;
  private head = Buffer.alloc(0);
  private written = 0;
  /** Of which the token speaks. */
  private durable = 0;
  private readonly sending = new Set<Promise<void>>();
  private failure: { error: unknown } | undefined;

  /** @param baseBytes what a part has at least; from `basePartBytes` */
  constructor(
    readonly name: string,
    private readonly caller: Caller,
    private readonly at: S3Path,
    private readonly baseBytes: number,
    private readonly pool: BlockPool,
  ) {
    this.buffer = new BlockBuffer(pool);
  }

  /** Goes on behind `parts`. */
  static resumed(sink: S3Sink, token: S3Token, parts: readonly UploadedPart[]): S3Sink {
    sink.parts.push(...parts);
    sink.uploadId = token.upload;
    sink.head = Buffer.from(token.head, 'base64');
    sink.written = sink.durable = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    sink.token = tokenText(token);
    return sink;
  }

  async write(chunk: Buffer): Promise<void> {
    this.throwFailure();
    if (this.head.length < HEAD_BYTES) {
      this.head = Buffer.concat([this.head, chunk.subarray(0, HEAD_BYTES - this.head.length)]);
    }
    for (let done = 0; done < chunk.length;) {
      // In pieces, so that what is kept in memory does not depend on the size of the chunk.
      const piece = chunk.subarray(done, done + BLOCK_BYTES);
      this.buffer.append(piece);
      this.written += piece.length;
      done += piece.length;
      const next = this.parts.length + 1;
      const bytes = partBytes(next, this.baseBytes);
      if (this.buffer.length >= bytes + leastPartBytes(next + 1)) await this.send(bytes);
    }
    if (this.written > MAX_OBJECT_BYTES) throw tooLarge(this.name, this.written);
  }

  async sync(): Promise<number> {
    this.throwFailure();
    const { length } = this.buffer;
    if (length > 0) {
      if (length < leastPartBytes(this.parts.length + 1)) return this.durable;
      await this.send(length);
    }
    await this.settled();
    if (this.uploadId !== undefined) {
      this.durable = this.written;
      const { parts, uploadId, head } = this;
      const etags = etagDigest(parts);
      this.token = tokenText({ upload: uploadId, parts: parts.length, etags, head: head.toString('base64') });
    }
    return this.durable;
  }

  async close(): Promise<void> {
    this.throwFailure();
    const { caller, at } = this;
    if (this.uploadId === undefined) {
      const { blocks } = await caller.call('put', { ...at, part: this.buffer.take() });
      this.pool.give(blocks);
    } else {
      if (this.buffer.length > 0) await this.send(this.buffer.length);
      await this.settled();
      await caller.call('complete', { ...at, uploadId: this.uploadId, parts: this.parts });
    }
    this.token = undefined;
  }

  async abort(): Promise<void> {
    await Promise.allSettled(this.sending);
    // With a token, the run can be continued.
    if (this.uploadId === undefined || this.token !== undefined) return;
    await this.caller.call('abort', { ...this.at, uploadId: this.uploadId }).catch(() => undefined);
  }

  /** Settles when the part is on its way: as long as the limit of uploads is reached, nothing more is taken in. */
  private async send(bytes: number): Promise<void> {
    const { caller, at } = this;
    this.uploadId ??= await caller.call('createUpload', at);
    const uploadId = this.uploadId;
    const part = this.buffer.take(bytes);
    const entry: UploadedPart = { number: this.parts.length + 1, etag: '', sizeBytes: bytes };
    this.parts.push(entry);
    let sent: Promise<void> | undefined;
    await new Promise<void>((started) => {
      sent = caller
        .call('uploadPart', { ...at, uploadId, number: entry.number, part }, started)
        .then(
          ({ etag, blocks }) => {
            entry.etag = etag;
            this.pool.give(blocks);
          },
          (error: unknown) => {
            this.failure ??= { error };
          },
        )
        .finally(() => {
          this.sending.delete(sent!);
          // In case it never came to its turn.
          started();
        });
      this.sending.add(sent);
    });
    this.throwFailure();
  }

  private async settled(): Promise<void> {
    await Promise.all(this.sending);
    this.throwFailure();
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }
}

export function tokenText(token: S3Token): string {
  return JSON.stringify(token);
}

/** Undefined for what is none. */
export function parseToken(text: string): S3Token | undefined {
  let value: Partial<Record<keyof S3Token, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  const { upload, parts, etags, head } = value ?? {};
  const fits = [upload, etags, head].every((field) => typeof field === 'string') && Number.isSafeInteger(parts);
  return fits ? ({ upload, parts, etags, head } as S3Token) : undefined;
}

export function etagDigest(parts: readonly UploadedPart[]): string {
  const hash = createHash('sha256');
  for (const { etag } of parts) hash.update(`${etag.replace(/"/g, '')}\n`);
  return hash.digest('hex');
}
