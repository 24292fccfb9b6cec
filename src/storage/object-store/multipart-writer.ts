/**
 * Writes an object: as one request if it is small, else in parts (asbackup.md 10).
 *
 * Whole parts of an upload are durable, and only the last part may be small. So that a checkpoint can make everything
 * durable, at least 5 MiB are always kept back: `sync` sends them as a part of their own. Before 5 MiB are written,
 * nothing can be made durable, and a run that ends there writes them again.
 */
import { createHash } from 'node:crypto';
import type { ByteSink } from '../../core/byte-stream.js';
import type { ObjectAddress, ObjectStoreClient, ObjectStoreKind, UploadedPart } from './client.js';
import { BLOCK_BYTES, PartBuffer, type BlockPool } from './part-buffer.js';
import { MAX_OBJECT_BYTES, objectTooLarge, smallestPartBytes, usualPartBytes } from './part-size.js';

/** The first bytes of a file are in its token: those of an unfinished object cannot be read. */
const HEAD_BYTES = 16;

/** What a state file keeps of an unfinished object. The store itself lists the parts. */
export interface UploadToken {
  upload: string;
  /** How many parts count, and a digest of their ETags. */
  parts: number;
  etags: string;
  /** Base64. */
  head: string;
}

/** What the writers of a storage share. */
export interface WriterContext {
  kind: ObjectStoreKind;
  client: ObjectStoreClient;
  pool: BlockPool;
}

export class MultipartWriter implements ByteSink {
  token: string | undefined;
  identity: string | undefined;
  private readonly buffer: PartBuffer;
  private readonly parts: UploadedPart[] = [];
  private uploadId: string | undefined;
  private head = Buffer.alloc(0);
  private written = 0;
  /** Bytes that the token covers. */
  private durable = 0;
  private readonly sending = new Set<Promise<void>>();
  private failure: { error: unknown } | undefined;

  /** @param baseBytes the minimum size of a part; the result of `chooseBasePartBytes` */
  constructor(
    readonly name: string,
    private readonly context: WriterContext,
    private readonly address: ObjectAddress,
    private readonly baseBytes: number,
  ) {
    this.buffer = new PartBuffer(context.pool, context.kind.partHash);
  }

  /** Continues an upload after `parts`. */
  resumeAfter(token: UploadToken, parts: readonly UploadedPart[]): this {
    this.parts.push(...parts);
    this.uploadId = token.upload;
    this.head = Buffer.from(token.head, 'base64');
    this.written = this.durable = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.token = JSON.stringify(token);
    return this;
  }

  async write(chunk: Buffer): Promise<void> {
    this.throwFailure();
    if (this.head.length < HEAD_BYTES) {
      this.head = Buffer.concat([this.head, chunk.subarray(0, HEAD_BYTES - this.head.length)]);
    }
    for (let done = 0; done < chunk.length;) {
      // In pieces, so that the memory in use does not depend on the size of the chunk.
      const piece = chunk.subarray(done, done + BLOCK_BYTES);
      this.buffer.append(piece);
      this.written += piece.length;
      done += piece.length;
      const next = this.parts.length + 1;
      const bytes = usualPartBytes(next, this.baseBytes);
      if (this.buffer.length >= bytes + smallestPartBytes(next + 1)) await this.send(bytes);
    }
    if (this.written > MAX_OBJECT_BYTES) throw objectTooLarge(this.context.kind, this.name, this.written);
  }

  async sync(): Promise<number> {
    this.throwFailure();
    const { length } = this.buffer;
    if (length > 0) {
      if (length < smallestPartBytes(this.parts.length + 1)) return this.durable;
      await this.send(length);
    }
    await this.waitForParts();
    if (this.uploadId !== undefined) {
      this.durable = this.written;
      const { parts, uploadId, head } = this;
      const token = { upload: uploadId, parts: parts.length, etags: digestEtags(parts), head: head.toString('base64') };
      this.token = JSON.stringify(token);
    }
    return this.durable;
  }

  async close(): Promise<void> {
    this.throwFailure();
    const { address } = this;
    const { client, pool } = this.context;
    let etag: string | undefined;
    if (this.uploadId === undefined) {
      const result = await client.put({ ...address, part: this.buffer.drain() });
      pool.recycle(result.blocks);
      etag = result.etag;
    } else {
      if (this.buffer.length > 0) await this.send(this.buffer.length);
      await this.waitForParts();
      etag = await client.completeUpload({ ...address, uploadId: this.uploadId, parts: this.parts });
    }
    this.identity = formatIdentity(this.written, etag);
    this.token = undefined;
  }

  async abort(): Promise<void> {
    await Promise.allSettled(this.sending);
    // With a token, the run can be continued.
    if (this.uploadId === undefined || this.token !== undefined) return;
    await this.context.client.abortUpload({ ...this.address, uploadId: this.uploadId }).catch(() => undefined);
  }

  /** Settles when the part is being sent: while the limit of uploads is reached, no further bytes are accepted. */
  private async send(bytes: number): Promise<void> {
    const { address } = this;
    const { client, pool } = this.context;
    this.uploadId ??= await client.createUpload(address);
    const uploadId = this.uploadId;
    const part = this.buffer.drain(bytes);
    const entry: UploadedPart = { number: this.parts.length + 1, etag: '', sizeBytes: bytes };
    this.parts.push(entry);
    let sent: Promise<void> | undefined;
    await new Promise<void>((onStart) => {
      sent = client
        .putPart({ ...address, uploadId, number: entry.number, part }, { attempt: 1, received: 0, onStart })
        .then(
          ({ etag, checksum, blocks }) => {
            entry.etag = etag;
            entry.checksum = checksum;
            pool.recycle(blocks);
          },
          (error: unknown) => {
            this.failure ??= { error };
          },
        )
        .finally(() => {
          this.sending.delete(sent!);
          // A call that failed before the limits let it begin.
          onStart();
        });
      this.sending.add(sent);
    });
    this.throwFailure();
  }

  private async waitForParts(): Promise<void> {
    await Promise.all(this.sending);
    this.throwFailure();
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }
}

/** Undefined for a text that is no token. */
export function parseToken(text: string): UploadToken | undefined {
  let value: Partial<Record<keyof UploadToken, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  const { upload, parts, etags, head } = value ?? {};
  const fits = [upload, etags, head].every((field) => typeof field === 'string') && Number.isSafeInteger(parts);
  return fits ? ({ upload, parts, etags, head } as UploadToken) : undefined;
}

/** The digest that a token has of the ETags of its parts. */
export function digestEtags(parts: readonly UploadedPart[]): string {
  const hash = createHash('sha256');
  for (const { etag } of parts) hash.update(`${stripQuotes(etag)}\n`);
  return hash.digest('hex');
}

/** `BYTES:ETAG` of a complete object; the ETag is empty if the store does not tell it. */
export function formatIdentity(bytes: number, etag: string | undefined): string {
  return `${bytes}:${stripQuotes(etag ?? '')}`;
}

export function parseIdentity(identity: string): { bytes: number; etag: string } {
  const [bytes = '', etag = ''] = identity.split(':');
  return { bytes: Number(bytes), etag };
}

/** Some stores quote ETags in one answer and not in another. */
export function stripQuotes(etag: string): string {
  return etag.replace(/"/g, '');
}
