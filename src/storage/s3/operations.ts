/**
 * Each call as the requests that it takes. Nothing is tried again in here but what the answer itself makes necessary.
 */
import { Readable } from 'node:stream';
import { StorageError } from '../errors.js';
import { viewsOf, type Part } from './part-buffer.js';
import type { CallName, Calls, StoredObject, UploadedPart } from './api.js';
import type { S3Connection, Sdk } from './client.js';
import { nameOf, statusOf } from './errors.js';
import { MAX_PART_BYTES } from '../object-store/part-size.js';

const DELETES_AT_ONCE = 1000;
/** Of the objects that could not be deleted, so many are named. */
const NAMED = 3;

/** One call, to be attempted until it succeeds. */
export interface Task<T> {
  attempt: (tries: number) => Promise<T>;
  /** Whether the last attempt, though it failed, has brought the call further. */
  advanced: () => boolean;
}

type Attempts = { [N in Exclude<CallName, 'get'>]: (input: Calls[N]['in'], tries: number) => Promise<Calls[N]['out']> };

export class Requests {
  private readonly sdk: Sdk;
  private readonly attempts: Attempts;

  constructor(private readonly connection: S3Connection) {
    this.sdk = connection.sdk;
    this.attempts = {
      list: (input) => this.list(input),
      exists: (input) => this.exists(input),
      listUploads: (input) => this.listUploads(input),
      put: (input) => this.put(input),
      createUpload: (input) => this.createUpload(input),
      uploadPart: (input) => this.uploadPart(input),
      copyPart: (input) => this.copyPart(input),
      listParts: (input) => this.listParts(input),
      complete: (input, tries) => this.complete(input, tries),
      abort: (input) => this.abort(input),
      delete: (input) => this.delete(input),
    };
  }

  task<N extends CallName>(name: N, input: Calls[N]['in']): Task<Calls[N]['out']> {
    if (name === 'get') return this.reading(input as Calls['get']['in']);
    // The compiler cannot see that a name's attempt takes and gives what is that name's.
    const attempts = this.attempts as unknown as Record<CallName, (input: unknown, tries: number) => Promise<never>>;
    const attempt = attempts[name];
    return { attempt: (tries) => attempt(input, tries), advanced: () => false };
  }

  private async list({ bucket, prefix }: Calls['list']['in']): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    let token: string | undefined;
    do {
      const page = await this.connection.client.send(
        new this.sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: token }),
      );
      for (const { Key, Size } of page.Contents ?? [])
        if (Key !== undefined) found.push({ key: Key, sizeBytes: Size ?? 0 });
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
    return found;
  }

  /**
   * By a listing, whose failures, unlike those of a HEAD request, say what is wrong. An equal key comes first in it.
   */
  private async exists({ bucket, key }: Calls['exists']['in']): Promise<boolean> {
    const command = new this.sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 });
    const { Contents = [] } = await this.connection.client.send(command);
    return Contents[0]?.Key === key;
  }

  private async listUploads({
    bucket,
    prefix,
  }: Calls['listUploads']['in']): Promise<{ key: string; uploadId: string }[]> {
    const found: { key: string; uploadId: string }[] = [];
    let from: { KeyMarker: string | undefined; UploadIdMarker: string | undefined } | undefined;
    do {
      const page = await this.connection.client.send(
        new this.sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...from }),
      );
      for (const { Key, UploadId } of page.Uploads ?? []) {
        if (Key === undefined || UploadId === undefined || Key.slice(prefix.length).includes('/')) continue;
        found.push({ key: Key, uploadId: UploadId });
      }
      const more = page.IsTruncated === true && (page.NextKeyMarker ?? '') !== '';
      from = more ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
    } while (from !== undefined);
    return found;
  }

  /** Collects a range, and goes on behind what has arrived when the connection breaks. */
  private reading({ bucket, key, first, length, etag, memory }: Calls['get']['in']): Task<Calls['get']['out']> {
    const bytes = memory !== undefined && memory.byteLength >= length ? memory : Buffer.allocUnsafeSlow(length).buffer;
    const target = Buffer.from(bytes);
    let received = 0;
    let before = 0;
    let version = etag;
    let totalBytes = 0;
    const attempt = async (): Promise<Calls['get']['out']> => {
      before = received;
      const range = `bytes=${first + received}-${first + length - 1}`;
      const command = new this.sdk.GetObjectCommand({
        Bucket: bucket,
        Key: key,
        Range: range,
        ...(version === undefined ? {} : { IfMatch: version }),
      });
      let answer;
      try {
        answer = await this.connection.client.send(command);
      } catch (error) {
        // There is no first byte in an object without bytes, nor any behind the end of one.
        if (statusOf(error) === 416) return { memory: bytes, length: 0, totalBytes: first, etag: version ?? '' };
        throw error;
      }
      version ??= answer.ETag;
      const size = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
      // A service that does not know ranges sends everything.
      if (size === undefined && first + received > 0) {
        (answer.Body as Readable).destroy();
        throw new StorageError(
          'S3_FAILED',
          `${this.connection.host} ignores that only a part of s3://${bucket}/${key} is wanted.`,
        );
      }
      totalBytes = Number(size ?? answer.ContentLength ?? 0);
      const wanted = Math.min(length, totalBytes - first);
      for await (const chunk of answer.Body as AsyncIterable<Buffer>) {
        const fitting = chunk.subarray(0, wanted - received);
        target.set(fitting, received);
        received += fitting.length;
        if (received === wanted) break;
      }
      if (received < wanted) throw Object.assign(new Error('the answer ended early'), { code: 'ECONNRESET' });
      return { memory: bytes, length: received, totalBytes, etag: version ?? '' };
    };
    return { attempt, advanced: () => received > before };
  }

  private async put({ bucket, key, part }: Calls['put']['in']): Promise<Calls['put']['out']> {
    const command = new this.sdk.PutObjectCommand({ Bucket: bucket, Key: key, ...bodyOf(part), ContentType: TYPE });
    command.middlewareStack.add(hashed(part), HASHED);
    await this.connection.client.send(command);
    return { blocks: part.blocks };
  }

  private async createUpload({ bucket, key }: Calls['createUpload']['in']): Promise<string> {
    const command = new this.sdk.CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ContentType: TYPE });
    const { UploadId } = await this.connection.client.send(command);
    return UploadId ?? '';
  }

  private async uploadPart({
    bucket,
    key,
    uploadId,
    number,
    part,
  }: Calls['uploadPart']['in']): Promise<Calls['uploadPart']['out']> {
    const place = { Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: number };
    const command = new this.sdk.UploadPartCommand({ ...place, ...bodyOf(part) });
    command.middlewareStack.add(hashed(part), HASHED);
    const { ETag } = await this.connection.client.send(command);
    return { etag: ETag ?? '', blocks: part.blocks };
  }

  private async copyPart({ bucket, key, uploadId, number, first, length }: Calls['copyPart']['in']): Promise<string> {
    const { CopyPartResult } = await this.connection.client.send(
      new this.sdk.UploadPartCopyCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: number,
        CopySource: [bucket, ...key.split('/')].map(encodeURIComponent).join('/'),
        CopySourceRange: `bytes=${first}-${first + Math.min(length, MAX_PART_BYTES) - 1}`,
      }),
    );
    return CopyPartResult?.ETag ?? '';
  }

  private async listParts({ bucket, key, uploadId }: Calls['listParts']['in']): Promise<UploadedPart[] | undefined> {
    const found: UploadedPart[] = [];
    let marker: string | undefined;
    do {
      let page;
      try {
        page = await this.connection.client.send(
          new this.sdk.ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker }),
        );
      } catch (error) {
        if (nameOf(error) === 'NoSuchUpload') return undefined;
        throw error;
      }
      for (const { PartNumber, ETag, Size } of page.Parts ?? []) {
        found.push({ number: PartNumber ?? 0, etag: ETag ?? '', sizeBytes: Size ?? 0 });
      }
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
    return found;
  }

  private async complete({ bucket, key, uploadId, parts }: Calls['complete']['in'], tries: number): Promise<undefined> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
    const command = new this.sdk.CompleteMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      MultipartUpload: { Parts },
    });
    try {
      await this.connection.client.send(command);
    } catch (error) {
      // The answer to an earlier try may be what was lost.
      if (tries === 1 || nameOf(error) !== 'NoSuchUpload') throw error;
      const bytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const found = (await this.list({ bucket, prefix: key })).find((object) => object.key === key);
      if (found?.sizeBytes !== bytes) throw error;
    }
    return undefined;
  }

  private async abort({ bucket, key, uploadId }: Calls['abort']['in']): Promise<undefined> {
    const command = new this.sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId });
    try {
      await this.connection.client.send(command);
    } catch (error) {
      if (nameOf(error) !== 'NoSuchUpload') throw error;
    }
    return undefined;
  }

  private async delete({ bucket, keys }: Calls['delete']['in']): Promise<undefined> {
    const failures: string[] = [];
    for (let done = 0; done < keys.length; done += DELETES_AT_ONCE) {
      const Objects = keys.slice(done, done + DELETES_AT_ONCE).map((Key) => ({ Key }));
      const { Errors = [] } = await this.connection.client.send(
        new this.sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
      );
      for (const { Key, Code } of Errors)
        if (Code !== 'NoSuchKey') failures.push(`${Key ?? ''} (${Code ?? 'unknown error'})`);
    }
    if (failures.length === 0) return undefined;
    const more = failures.length > NAMED ? `, and ${failures.length - NAMED} more` : '';
    const text = `Cannot delete ${failures.slice(0, NAMED).join(', ')}${more} from bucket ${bucket}; they are still there.`;
    throw new StorageError('S3_DELETE', text);
  }
}

const TYPE = 'application/octet-stream';

/** Sent block by block: the parts of a large file may be larger than a buffer can be. */
function bodyOf(part: Part): { Body: Readable; ContentLength: number } {
  return { Body: Readable.from(viewsOf(part.blocks, part.length), { objectMode: false }), ContentLength: part.length };
}

const HASHED = { step: 'build', name: 'payloadHash' } as const;

/**
 * The hash is known: a stream could not be signed without reading it twice. The service compares, so that no bit flips.
 */
function hashed({ hash }: Part) {
  return <A extends { request: unknown }, R>(next: (args: A) => Promise<R>) =>
    (args: A): Promise<R> => {
      (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = hash;
      return next(args);
    };
}
