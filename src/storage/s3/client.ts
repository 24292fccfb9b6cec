/** The requests of an object store through the SDK, one attempt each. */
import { Readable } from 'node:stream';
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { CallContext } from '../client.js';
import type {
  ObjectAddress,
  ObjectStoreClient,
  PutResult,
  RangeRequest,
  RangeResult,
  StoredObject,
  UploadAddress,
  UploadedPart,
} from '../object-store/client.js';
import { readCustomerKey } from '../object-store/customer-key.js';
import { deletionError, type DeletionFailure } from '../object-store/delete-each.js';
import { viewBlocks, type Part } from '../object-store/part-buffer.js';
import { abortLostUploads } from '../object-store/abort-lost-uploads.js';
import { receiveRange } from '../object-store/receive-range.js';
import { isArchived, isArchiveClass, requestCopies, restoreArchived } from './archive.js';
import type { S3Settings } from './config.js';
import { crc32c } from './crc32c.js';
import { readName, readStatus } from './errors.js';
import type { S3Connection, Sdk } from './sdk.js';

const MAX_DELETES_PER_REQUEST = 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
const CONTENT_TYPE = 'application/octet-stream';
const RANGE_NOT_SATISFIABLE = 416;

type Input<M extends keyof ObjectStoreClient> = Parameters<ObjectStoreClient[M]>[0];

export class S3Client implements ObjectStoreClient {
  private readonly sdk: Sdk;
  /** For every request that reads or writes the bytes of an object. */
  private readonly keyParameters: CustomerKeyParameters;

  constructor(private readonly connection: S3Connection) {
    this.sdk = connection.sdk;
    this.keyParameters = createKeyParameters(connection.settings);
  }

  async list(input: Input<'list'>): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    for await (const { Contents = [] } of this.listPages(input)) {
      for (const { Key, Size, ETag, StorageClass } of Contents) {
        if (Key === undefined) continue;
        const archived = isArchiveClass(StorageClass) ? { archived: true } : {};
        found.push({ key: Key, sizeBytes: Size ?? 0, etag: ETag ?? '', ...archived });
      }
    }
    return found;
  }

  async listPrefixes(input: Input<'listPrefixes'>): Promise<string[]> {
    const found: string[] = [];
    for await (const { CommonPrefixes = [] } of this.listPages(input)) {
      for (const { Prefix } of CommonPrefixes) if (Prefix !== undefined) found.push(Prefix);
    }
    return found;
  }

  private async *listPages({ bucket, prefix }: Input<'list'>): AsyncGenerator<ListObjectsV2CommandOutput> {
    let token: string | undefined;
    do {
      const page = await this.connection.client.send(
        new this.sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: token }),
      );
      yield page;
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** By a listing: unlike those of a HEAD request, its errors have a description. An equal key is its first entry. */
  async find({ bucket, key }: ObjectAddress): Promise<StoredObject | undefined> {
    const command = new this.sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 });
    const { Contents = [] } = await this.connection.client.send(command);
    const first = Contents[0];
    return first?.Key === key ? { key, sizeBytes: first.Size ?? 0, etag: first.ETag ?? '' } : undefined;
  }

  async listUploads({ bucket, prefix }: Input<'listUploads'>): Promise<{ key: string; uploadId: string }[]> {
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
      const hasMore = page.IsTruncated === true && (page.NextKeyMarker ?? '') !== '';
      from = hasMore ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
    } while (from !== undefined);
    return found;
  }

  /** Continues after what earlier attempts of the call have received. */
  async getRange(input: RangeRequest, call: CallContext = { attempt: 1, received: 0 }): Promise<RangeResult> {
    const { bucket, key, first, length, memory } = input;
    call.etag ??= input.etag;
    const range = `bytes=${first + call.received}-${first + length - 1}`;
    const condition = call.etag === undefined ? {} : { IfMatch: call.etag };
    const command = new this.sdk.GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: range,
      ...condition,
      ...this.keyParameters,
    });
    const serverTime = captureDate(command.middlewareStack);
    let answer;
    try {
      answer = await this.connection.client.send(command);
    } catch (error) {
      // An empty object has no first byte, and behind the end of an object there is none either.
      if (isArchived(error) && this.connection.settings.tier !== undefined) {
        await restoreArchived({ bucket, key }, this.connection, this.keyParameters);
        // The next attempt reads it.
        throw Object.assign(new Error('the object was archived'), { code: 'ECONNRESET' });
      }
      if (readStatus(error) !== RANGE_NOT_SATISFIABLE) throw error;
      return { memory, length: 0, totalBytes: first, etag: call.etag ?? '', ageMs: 0 };
    }
    call.etag ??= answer.ETag;
    const totalBytes = await receiveRange(
      input,
      call,
      {
        contentRange: answer.ContentRange,
        contentLength: answer.ContentLength,
        body: answer.Body as Readable,
      },
      { place: `s3://${bucket}/${key} (${this.connection.host})`, code: 'S3_FAILED' },
    );
    const writtenMs = answer.LastModified?.getTime() ?? 0;
    const ageMs = Math.max(0, serverTime() - writtenMs);
    return { memory, length: call.received, totalBytes, etag: call.etag ?? '', ageMs };
  }

  async put({ bucket, key, part, onlyIf, isControl }: Input<'put'>): Promise<PutResult> {
    const condition = onlyIf === undefined ? {} : onlyIf === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: onlyIf.etag };
    const command = new this.sdk.PutObjectCommand({
      Bucket: bucket,
      Key: key,
      ...createBody(part),
      ...createAttributes(this.connection.settings, isControl),
      ...this.checksum(part),
      ...condition,
      ...this.keyParameters,
    });
    command.middlewareStack.add(addHash(part), HASH_STEP);
    try {
      const { ETag } = await this.connection.client.send(command);
      return { etag: ETag ?? '', blocks: part.blocks };
    } catch (error) {
      if (onlyIf === undefined || readName(error) !== 'PreconditionFailed') throw error;
      return { etag: undefined, blocks: part.blocks };
    }
  }

  async createUpload({ bucket, key }: ObjectAddress, call: CallContext = { attempt: 1, received: 0 }): Promise<string> {
    const command = new this.sdk.CreateMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      ...createAttributes(this.connection.settings),
      ...this.keyParameters,
      ...(needsChecksum(this.connection.settings) ? { ChecksumAlgorithm: 'CRC32C' } : {}),
    });
    const { UploadId = '' } = await this.connection.client.send(command);
    if (call.attempt > 1) await abortLostUploads(this, { bucket, key }, UploadId);
    return UploadId;
  }

  async putPart(
    input: Input<'putPart'>,
  ): Promise<{ etag: string; checksum?: string | undefined; blocks: ArrayBuffer[] }> {
    const { bucket, key, uploadId, number, part } = input;
    const address = { Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: number, ...this.keyParameters };
    const checksum = this.checksum(part);
    const command = new this.sdk.UploadPartCommand({ ...address, ...createBody(part), ...checksum });
    command.middlewareStack.add(addHash(part), HASH_STEP);
    const { ETag } = await this.connection.client.send(command);
    return { etag: ETag ?? '', checksum: checksum.ChecksumCRC32C, blocks: part.blocks };
  }

  async copyPart({
    bucket,
    key,
    uploadId,
    number,
    first,
    length,
  }: Input<'copyPart'>): Promise<{ etag: string; checksum?: string | undefined }> {
    const { CopyPartResult } = await this.connection.client.send(
      new this.sdk.UploadPartCopyCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: number,
        CopySource: [bucket, ...key.split('/')].map(encodeURIComponent).join('/'),
        CopySourceRange: `bytes=${first}-${first + length - 1}`,
        ...this.keyParameters,
        ...createSourceKeyParameters(this.keyParameters),
      }),
    );
    return { etag: CopyPartResult?.ETag ?? '', checksum: CopyPartResult?.ChecksumCRC32C };
  }

  async listParts({ bucket, key, uploadId }: UploadAddress): Promise<UploadedPart[] | undefined> {
    const found: UploadedPart[] = [];
    let marker: string | undefined;
    do {
      let page;
      try {
        page = await this.connection.client.send(
          new this.sdk.ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker }),
        );
      } catch (error) {
        if (readName(error) === 'NoSuchUpload') return undefined;
        throw error;
      }
      for (const { PartNumber, ETag, Size, ChecksumCRC32C } of page.Parts ?? []) {
        found.push({ number: PartNumber ?? 0, etag: ETag ?? '', sizeBytes: Size ?? 0, checksum: ChecksumCRC32C });
      }
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
    return found;
  }

  async completeUpload(
    { bucket, key, uploadId, parts }: Input<'completeUpload'>,
    call: CallContext = { attempt: 1, received: 0 },
  ): Promise<string> {
    const command = new this.sdk.CompleteMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      MultipartUpload: {
        Parts: parts.map(({ number, etag, checksum }) => ({
          PartNumber: number,
          ETag: etag,
          ...(checksum === undefined ? {} : { ChecksumCRC32C: checksum }),
        })),
      },
    });
    try {
      return (await this.connection.client.send(command)).ETag ?? '';
    } catch (error) {
      // The answer to an earlier attempt may have been lost.
      if (call.attempt === 1 || readName(error) !== 'NoSuchUpload') throw error;
      const bytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const found = await this.find({ bucket, key });
      if (found?.sizeBytes !== bytes) throw error;
      return found.etag;
    }
  }

  async abortUpload({ bucket, key, uploadId }: UploadAddress): Promise<undefined> {
    const command = new this.sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId });
    try {
      await this.connection.client.send(command);
    } catch (error) {
      if (readName(error) !== 'NoSuchUpload') throw error;
    }
    return undefined;
  }

  async thaw({ bucket, keys }: Input<'thaw'>): Promise<undefined> {
    await requestCopies(bucket, keys, this.connection);
    return undefined;
  }

  async delete({ bucket, keys }: Input<'delete'>): Promise<undefined> {
    const failures: DeletionFailure[] = [];
    for (let done = 0; done < keys.length; done += MAX_DELETES_PER_REQUEST) {
      const Objects = keys.slice(done, done + MAX_DELETES_PER_REQUEST).map((Key) => ({ Key }));
      const { Errors = [] } = await this.connection.client.send(
        new this.sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
      );
      for (const { Key = '', Code } of Errors) {
        if (Code !== 'NoSuchKey') failures.push({ key: Key, reason: Code ?? 'unknown error' });
      }
    }
    if (failures.length === 0) return undefined;
    throw deletionError({ code: 'S3_DELETE', place: `bucket ${bucket}` }, failures);
  }

  private checksum(part: Part): { ChecksumCRC32C?: string } {
    if (!needsChecksum(this.connection.settings)) return {};
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(viewBlocks(part.blocks, part.length).reduce((crc, view) => crc32c(view, crc), 0));
    return { ChecksumCRC32C: bytes.toString('base64') };
  }
}

interface CustomerKeyParameters {
  SSECustomerAlgorithm?: string;
  SSECustomerKey?: string;
}

/** Throws StorageError S3_CUSTOMER_KEY. */
export function createKeyParameters({ customerKey }: S3Settings): CustomerKeyParameters {
  const read = readCustomerKey(customerKey, 'S3_CUSTOMER_KEY');
  return read === undefined ? {} : { SSECustomerAlgorithm: 'AES256', SSECustomerKey: read.key };
}

function createSourceKeyParameters({ SSECustomerAlgorithm, SSECustomerKey }: CustomerKeyParameters) {
  return SSECustomerKey === undefined
    ? {}
    : { CopySourceSSECustomerAlgorithm: SSECustomerAlgorithm, CopySourceSSECustomerKey: SSECustomerKey };
}

/** What new objects are to be like. */
function createAttributes(settings: S3Settings, isControl = false) {
  const { storageClass, serverSideEncryption, kmsKeyId, objectLockMode, objectLockDays, tags } = settings;
  const lock =
    objectLockMode === undefined || objectLockDays === undefined || isControl
      ? {}
      : {
          ObjectLockMode: objectLockMode,
          ObjectLockRetainUntilDate: new Date(Date.now() + objectLockDays * DAY_MS),
        };
  return {
    ContentType: CONTENT_TYPE,
    ...(storageClass === undefined || isControl ? {} : { StorageClass: storageClass }),
    ...(serverSideEncryption === undefined ? {} : { ServerSideEncryption: serverSideEncryption }),
    ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
    ...(tags === undefined ? {} : { Tagging: tags }),
    ...lock,
  };
}

/** A request for a locked object has to bring a checksum. */
function needsChecksum({ calculateChecksum, objectLockMode }: S3Settings): boolean {
  return calculateChecksum === true || objectLockMode !== undefined;
}

/** Sent block by block: a part may be larger than the largest buffer. */
function createBody(part: Part): { Body: Readable; ContentLength: number } {
  const Body = Readable.from(viewBlocks(part.blocks, part.length), { objectMode: false });
  return { Body, ContentLength: part.length };
}

const HASH_STEP = { step: 'build', name: 'payloadHash' } as const;

/**
 * The hash of the body is known, and a stream could not be signed without reading it twice. The service compares it
 * with what it received, so that no changed bit is stored.
 */
function addHash({ hash }: Part) {
  return <A extends { request: unknown }, R>(next: (args: A) => Promise<R>) =>
    (args: A): Promise<R> => {
      (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = hash;
      return next(args);
    };
}

/** Reads the clock of the service from its next answer; that of this machine if the answer has none. */
function captureDate(stack: InstanceType<Sdk['GetObjectCommand']>['middlewareStack']): () => number {
  let date: string | undefined;
  stack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { headers?: Record<string, string> } | undefined)?.headers?.date;
      return result;
    },
    { step: 'deserialize', name: 'serverDate' },
  );
  return () => {
    const time = date === undefined ? NaN : Date.parse(date);
    return Number.isNaN(time) ? Date.now() : time;
  };
}
