import { createHash } from 'node:crypto';
import type {
  ObjectAddress,
  ObjectStoreClient,
  PutResult,
  RangeResult,
  StoredObject,
  UploadAddress,
  UploadedPart,
} from '../../../src/storage/object-store/client.js';
import { viewBlocks, type Part } from '../../../src/storage/object-store/part-buffer.js';
import { StorageError } from '../../../src/storage/errors.js';
import type { CallContext } from '../../../src/storage/client.js';

type Input<M extends keyof ObjectStoreClient> = Parameters<ObjectStoreClient[M]>[0];

/** An object store in memory that accepts what a real one accepts, of one bucket. */
export class FakeObjectStore implements ObjectStoreClient {
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, { key: string; parts: Map<number, Buffer> }>();
  /** The names of the methods in the order of their calls. */
  readonly calls: string[] = [];
  private created = 0;

  async list({ prefix }: Input<'list'>): Promise<StoredObject[]> {
    await this.begin('list');
    return [...this.objects.keys()]
      .filter((key) => key.startsWith(prefix) && !key.slice(prefix.length).includes('/'))
      .map((key) => this.describe(key));
  }

  async listPrefixes({ prefix }: Input<'listPrefixes'>): Promise<string[]> {
    await this.begin('listPrefixes');
    const rests = [...this.objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
    return [...new Set(rests.filter((rest) => rest.includes('/')).map((rest) => prefix + rest.replace(/\/.*/s, '/')))];
  }

  async find({ key }: ObjectAddress): Promise<StoredObject | undefined> {
    await this.begin('find');
    return this.objects.has(key) ? this.describe(key) : undefined;
  }

  async listUploads({ prefix }: Input<'listUploads'>): Promise<{ key: string; uploadId: string }[]> {
    await this.begin('listUploads');
    return [...this.uploads]
      .map(([uploadId, { key }]) => ({ key, uploadId }))
      .filter(({ key }) => key.startsWith(prefix) && !key.slice(prefix.length).includes('/'));
  }

  async getRange({ key, first, length, memory, etag }: Input<'getRange'>): Promise<RangeResult> {
    await this.begin('getRange');
    const bytes = this.objects.get(key);
    if (bytes === undefined)
      throw new StorageError('S3_NO_OBJECT', `Cannot read s3://b/${key}: there is no such object`);
    if (etag !== undefined && etag !== digest(bytes)) throw new StorageError('S3_CHANGED', 'the object was replaced');
    const range = bytes.subarray(first, first + length);
    Buffer.from(memory).set(range);
    return { memory, length: range.length, totalBytes: bytes.length, etag: digest(bytes), ageMs: 0 };
  }

  async put({ key, part, onlyIf }: Input<'put'>, call?: CallContext): Promise<PutResult> {
    await this.begin('put', call);
    const existing = this.objects.get(key);
    const holds =
      onlyIf === undefined ||
      (onlyIf === 'absent' ? existing === undefined : existing !== undefined && digest(existing) === onlyIf.etag);
    if (!holds) return { etag: undefined, blocks: part.blocks };
    const bytes = join(part);
    this.objects.set(key, bytes);
    return { etag: digest(bytes), blocks: part.blocks };
  }

  async createUpload({ key }: ObjectAddress): Promise<string> {
    await this.begin('createUpload');
    const uploadId = `u${this.created++}`;
    this.uploads.set(uploadId, { key, parts: new Map() });
    return uploadId;
  }

  async putPart(
    { uploadId, number, part }: Input<'putPart'>,
    call?: CallContext,
  ): Promise<{
    etag: string;
    blocks: ArrayBuffer[];
  }> {
    await this.begin('putPart', call);
    const bytes = join(part);
    this.uploads.get(uploadId)!.parts.set(number, bytes);
    return { etag: digest(bytes), blocks: part.blocks };
  }

  async copyPart({ key, uploadId, number, first, length }: Input<'copyPart'>): Promise<{ etag: string }> {
    await this.begin('copyPart');
    const bytes = this.objects.get(key)!.subarray(first, first + length);
    this.uploads.get(uploadId)!.parts.set(number, bytes);
    return { etag: digest(bytes) };
  }

  async listParts({ uploadId }: UploadAddress): Promise<UploadedPart[] | undefined> {
    await this.begin('listParts');
    const parts = this.uploads.get(uploadId)?.parts;
    if (parts === undefined) return undefined;
    return [...parts].map(([number, bytes]) => ({ number, etag: digest(bytes), sizeBytes: bytes.length }));
  }

  async completeUpload({ key, uploadId, parts }: Input<'completeUpload'>): Promise<string> {
    await this.begin('completeUpload');
    const upload = this.uploads.get(uploadId)!;
    const bytes = Buffer.concat(parts.map(({ number }) => upload.parts.get(number)!));
    this.objects.set(key, bytes);
    this.uploads.delete(uploadId);
    return digest(bytes);
  }

  async abortUpload({ uploadId }: UploadAddress): Promise<undefined> {
    await this.begin('abortUpload');
    this.uploads.delete(uploadId);
    return undefined;
  }

  async thaw(): Promise<undefined> {
    await this.begin('thaw');
    return undefined;
  }

  async delete({ keys }: Input<'delete'>): Promise<undefined> {
    await this.begin('delete');
    for (const key of keys) this.objects.delete(key);
    return undefined;
  }

  /** Answers later, as a network does. */
  private async begin(method: string, call?: CallContext): Promise<void> {
    this.calls.push(method);
    await Promise.resolve();
    call?.onStart?.();
  }

  private describe(key: string): StoredObject {
    const bytes = this.objects.get(key)!;
    return { key, sizeBytes: bytes.length, etag: digest(bytes) };
  }
}

function join(part: Part): Buffer {
  return Buffer.concat(viewBlocks(part.blocks, part.length));
}

function digest(bytes: Buffer): string {
  return `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
}
