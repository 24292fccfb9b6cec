/** The requests of an object store to Azure Blob Storage through the SDK, one attempt each. */
import { Readable } from 'node:stream';
import { StorageError } from '../errors.js';
import type {
  BlockBlobClient,
  ContainerClient,
  ContainerListBlobsOptions,
  ListBlobsHierarchySegmentResponse,
} from '@azure/storage-blob';
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
import { deleteEach } from '../object-store/delete-each.js';
import { IdleTimer } from '../object-store/idle-timer.js';
import { BlockPool, PartBuffer, viewBlocks, type Part } from '../object-store/part-buffer.js';
import { receiveRange } from '../object-store/receive-range.js';
import { createUploadId, formatBlockId, parseBlockId, type BlockName } from './block-id.js';
import { isTransient, readName, readStatus } from './errors.js';
import { isArchived, requestRehydration, waitForRehydration, type CustomerKeyOptions } from './rehydrate.js';
import type { AzureConnection } from './sdk.js';

const CONTENT_TYPE = 'application/octet-stream';
const RANGE_NOT_SATISFIABLE = 416;
/** A connection that is silent for so long during a request is given up, and the request is retried. */
const IDLE_MS = 60_000;
const LIST_PAGE = 5000;

type Input<M extends keyof ObjectStoreClient> = Parameters<ObjectStoreClient[M]>[0];

export class AzureClient implements ObjectStoreClient {
  /** For every request that reads or writes the bytes of a blob. */
  private readonly keyOptions: CustomerKeyOptions;

  /** Throws StorageError AZBLOB_CUSTOMER_KEY. */
  constructor(private readonly connection: AzureConnection) {
    const key = readCustomerKey(connection.settings.customerKey, 'AZBLOB_CUSTOMER_KEY');
    this.keyOptions =
      key === undefined
        ? {}
        : {
            customerProvidedKey: {
              encryptionKey: key.key,
              encryptionKeySha256: key.sha256,
              encryptionAlgorithm: 'AES256',
            },
          };
  }

  async list({ bucket, prefix }: Input<'list'>): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    await this.visitPages(bucket, { prefix }, ({ blobItems }) => {
      for (const { name, properties } of blobItems) {
        const archived = properties.accessTier === 'Archive' ? { archived: true } : {};
        found.push({ key: name, sizeBytes: properties.contentLength ?? 0, etag: properties.etag, ...archived });
      }
    });
    return found;
  }

  async listPrefixes({ bucket, prefix }: Input<'listPrefixes'>): Promise<string[]> {
    const found: string[] = [];
    await this.visitPages(bucket, { prefix }, ({ blobPrefixes = [] }) => {
      for (const { name } of blobPrefixes) found.push(name);
    });
    return found;
  }

  async find({ bucket, key }: ObjectAddress): Promise<StoredObject | undefined> {
    try {
      const { contentLength = 0, etag = '' } = await this.timed((timer) =>
        this.blob({ bucket, key }).getProperties({ ...this.keyOptions, abortSignal: timer.signal }),
      );
      return { key, sizeBytes: contentLength, etag };
    } catch (error) {
      if (readName(error) === 'BlobNotFound') return undefined;
      throw error;
    }
  }

  /** Only blobs that were never committed: the service lists no others. */
  async listUploads({ bucket, prefix }: Input<'listUploads'>): Promise<{ key: string; uploadId: string }[]> {
    const keys: string[] = [];
    await this.visitPages(bucket, { prefix, includeUncommitedBlobs: true }, ({ blobItems }) => {
      // A blob without committed blocks has no bytes.
      for (const { name, properties } of blobItems) if ((properties.contentLength ?? 0) === 0) keys.push(name);
    });
    const found: { key: string; uploadId: string }[] = [];
    for (const key of keys) {
      const ids = new Set((await this.listBlocks({ bucket, key })).map(({ block }) => block.uploadId));
      for (const uploadId of ids) found.push({ key, uploadId });
    }
    return found;
  }

  /** Continues after what earlier attempts of the call have received. */
  async getRange(input: RangeRequest, call: CallContext = { attempt: 1, received: 0 }): Promise<RangeResult> {
    const { first, length, memory } = input;
    call.etag ??= input.etag;
    const blob = this.blob(input);
    return this.timed(async (timer) => {
      const conditions = call.etag === undefined ? {} : { ifMatch: call.etag };
      let answer;
      try {
        const options = { ...this.keyOptions, conditions, abortSignal: timer.signal, maxRetryRequests: 0 };
        answer = await blob.download(first + call.received, length - call.received, options);
      } catch (error) {
        // An empty blob has no first byte, and behind the end of a blob there is none either.
        if (readStatus(error) === RANGE_NOT_SATISFIABLE) {
          return { memory, length: 0, totalBytes: first, etag: call.etag ?? '', ageMs: 0 };
        }
        if (!isArchived(error) || this.connection.settings.accessTier === undefined) throw error;
        timer.stop();
        await waitForRehydration(blob, this.connection, this.keyOptions);
        throw Object.assign(new Error('the blob was archived'), { code: 'ECONNRESET' });
      }
      call.etag ??= answer.etag;
      const totalBytes = await receiveRange(
        input,
        call,
        {
          contentRange: answer.contentRange,
          contentLength: answer.contentLength,
          body: answer.readableStreamBody as Readable,
          onChunk: () => timer.touch(),
        },
        { place: `azblob://${input.bucket}/${input.key} (${this.connection.host})`, code: 'AZBLOB_FAILED' },
      );
      const now = answer.date?.getTime() ?? Date.now();
      const ageMs = Math.max(0, now - (answer.lastModified?.getTime() ?? 0));
      return { memory, length: call.received, totalBytes, etag: call.etag ?? '', ageMs };
    });
  }

  async put({ bucket, key, part, onlyIf, isControl }: Input<'put'>): Promise<PutResult> {
    const conditions =
      onlyIf === undefined ? {} : onlyIf === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: onlyIf.etag };
    try {
      const { etag = '' } = await this.timed((timer) =>
        this.blob({ bucket, key }).upload(() => createBody(part), part.length, {
          ...this.keyOptions,
          conditions,
          blobHTTPHeaders: { blobContentType: CONTENT_TYPE, blobContentMD5: Buffer.from(part.hash, 'hex') },
          ...(isControl === true ? {} : this.tier()),
          abortSignal: timer.signal,
          onProgress: () => timer.touch(),
        }),
      );
      return { etag, blocks: part.blocks };
    } catch (error) {
      const refusals = ['BlobAlreadyExists', 'ConditionNotMet'];
      if (onlyIf === undefined || !refusals.includes(readName(error))) throw error;
      return { etag: undefined, blocks: part.blocks };
    }
  }

  /** There are no uploads: the blocks name theirs. */
  createUpload(): Promise<string> {
    return Promise.resolve(createUploadId());
  }

  async putPart({
    bucket,
    key,
    uploadId,
    number,
    part,
  }: Input<'putPart'>): Promise<{ etag: string; blocks: ArrayBuffer[] }> {
    const id = formatBlockId({ uploadId, number });
    await this.timed((timer) =>
      this.blob({ bucket, key }).stageBlock(id, () => createBody(part), part.length, {
        ...this.keyOptions,
        transactionalContentMD5: Buffer.from(part.hash, 'hex'),
        abortSignal: timer.signal,
        onProgress: () => timer.touch(),
      }),
    );
    return { etag: describeBlock(part.length), blocks: part.blocks };
  }

  /** Through this process: a copy within the service would need a signed URL of the blob. */
  async copyPart({ bucket, key, uploadId, number, first, length }: Input<'copyPart'>): Promise<{ etag: string }> {
    const range = await this.getRange({ bucket, key, first, length, memory: new ArrayBuffer(length) });
    if (range.length !== length)
      throw new StorageError('AZBLOB_CHANGED', `azblob://${bucket}/${key} was replaced meanwhile`);
    const buffer = new PartBuffer(new BlockPool(), 'md5');
    buffer.append(new Uint8Array(range.memory, 0, range.length));
    const { etag } = await this.putPart({ bucket, key, uploadId, number, part: buffer.drain() });
    return { etag };
  }

  async listParts({ bucket, key, uploadId }: UploadAddress): Promise<UploadedPart[] | undefined> {
    const parts = (await this.listBlocks({ bucket, key }))
      .filter(({ block }) => block.uploadId === uploadId)
      .map(({ block, sizeBytes }) => ({ number: block.number, etag: describeBlock(sizeBytes), sizeBytes }));
    return parts.length === 0 ? undefined : parts;
  }

  async completeUpload({ bucket, key, uploadId, parts }: Input<'completeUpload'>): Promise<string> {
    // Committing the same blocks once more, as after a lost answer, changes nothing.
    const ids = parts.map(({ number }) => formatBlockId({ uploadId, number }));
    const options = { blobHTTPHeaders: { blobContentType: CONTENT_TYPE }, ...this.tier() };
    const { etag = '' } = await this.timed((timer) =>
      this.blob({ bucket, key }).commitBlockList(ids, { ...options, ...this.keyOptions, abortSignal: timer.signal }),
    );
    return etag;
  }

  /**
   * The blocks of a blob can only be removed all together: an empty blob replaces them and is deleted. Beside an upload
   * to keep they stay until that is completed; beside a committed blob, the service removes them after a week.
   */
  async abortUpload({ bucket, key, keep }: Input<'abortUpload'>, call?: CallContext): Promise<undefined> {
    if (keep !== undefined) return undefined;
    const blob = this.blob({ bucket, key });
    try {
      const etag = await this.replaceByEmptyBlob(blob, (call?.attempt ?? 1) > 1);
      if (etag === undefined) return undefined;
      await this.timed((timer) => blob.delete({ conditions: { ifMatch: etag }, abortSignal: timer.signal }));
    } catch (error) {
      if (!['BlobNotFound', 'ConditionNotMet'].includes(readName(error))) throw error;
    }
    return undefined;
  }

  /** Undefined: there is a blob already. `isRepeated`: an empty one may be that of an earlier attempt. */
  private async replaceByEmptyBlob(blob: BlockBlobClient, isRepeated: boolean): Promise<string | undefined> {
    try {
      const options = { conditions: { ifNoneMatch: '*' }, ...this.keyOptions };
      return (await this.timed((timer) => blob.upload('', 0, { ...options, abortSignal: timer.signal }))).etag;
    } catch (error) {
      if (readName(error) !== 'BlobAlreadyExists') throw error;
      if (!isRepeated) return undefined;
      const found = await this.timed((timer) => blob.getProperties({ ...this.keyOptions, abortSignal: timer.signal }));
      return found.contentLength === 0 ? found.etag : undefined;
    }
  }

  async thaw({ bucket, keys }: Input<'thaw'>): Promise<undefined> {
    const blobs = keys.map((key) => this.blob({ bucket, key }));
    await requestRehydration(blobs, this.connection);
    return undefined;
  }

  async delete({ bucket, keys }: Input<'delete'>): Promise<undefined> {
    await deleteEach(
      { code: 'AZBLOB_DELETE', place: `container ${bucket}` },
      keys,
      async (key) => {
        try {
          await this.timed((timer) =>
            this.blob({ bucket, key }).delete({ deleteSnapshots: 'include', abortSignal: timer.signal }),
          );
        } catch (error) {
          if (readName(error) !== 'BlobNotFound') throw error;
        }
      },
      { readName, isTransient },
    );
    return undefined;
  }

  private async listBlocks(address: ObjectAddress): Promise<{ block: BlockName; sizeBytes: number }[]> {
    try {
      const { uncommittedBlocks = [] } = await this.timed((timer) =>
        this.blob(address).getBlockList('uncommitted', { abortSignal: timer.signal }),
      );
      return uncommittedBlocks.flatMap(({ name, size }) => {
        const block = parseBlockId(name);
        return block === undefined ? [] : [{ block, sizeBytes: size }];
      });
    } catch (error) {
      if (readName(error) === 'BlobNotFound') return [];
      throw error;
    }
  }

  private visitPages(
    bucket: string,
    options: ContainerListBlobsOptions,
    visit: (segment: ListBlobsHierarchySegmentResponse['segment']) => void,
  ): Promise<void> {
    return this.timed(async (timer) => {
      const container = this.container(bucket);
      const items = container.listBlobsByHierarchy('/', { ...options, abortSignal: timer.signal });
      for await (const { segment } of items.byPage({ maxPageSize: LIST_PAGE })) {
        timer.touch();
        visit(segment);
      }
    });
  }

  private container(bucket: string): ContainerClient {
    return this.connection.service.getContainerClient(bucket);
  }

  private blob({ bucket, key }: ObjectAddress): BlockBlobClient {
    return this.container(bucket).getBlockBlobClient(key);
  }

  private tier(): { tier?: string } {
    const { accessTier } = this.connection.settings;
    return accessTier === undefined ? {} : { tier: accessTier };
  }

  private timed<T>(work: (timer: IdleTimer) => Promise<T>): Promise<T> {
    const totalMs = this.connection.settings.requestTimeoutMs;
    return IdleTimer.run({ idleMs: IDLE_MS, totalMs }, work);
  }
}

/** Sent block by block: a part may be larger than the largest buffer. */
function createBody(part: Part): Readable {
  return Readable.from(viewBlocks(part.blocks, part.length), { objectMode: false });
}

/** In place of an ETag, which blocks do not have: what a listing tells of one. Its MD5 is checked when it is sent. */
function describeBlock(sizeBytes: number): string {
  return `${sizeBytes} bytes`;
}
