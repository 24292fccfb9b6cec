/**
 * The requests of an object store to Google Cloud Storage, one attempt each: objects by the JSON API, and uploads in
 * parts by the XML API, which has the parts of S3. The version of an object is its generation.
 */
import type { CallContext } from '../client.js';
import { StorageError } from '../errors.js';
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
import { BlockPool, PartBuffer, type Part } from '../object-store/part-buffer.js';
import { abortLostUploads } from '../object-store/abort-lost-uploads.js';
import { receiveRange } from '../object-store/receive-range.js';
import type { GcsConnection } from './connection.js';
import { GcsFault, isMissingObject, isMissingUpload, isRefusedCondition, isTransient, readName } from './errors.js';
import { escapeXml, readElements, readText } from './xml.js';

const CONTENT_TYPE = 'application/octet-stream';
const RANGE_NOT_SATISFIABLE = 416;
const LIST_PAGE = 1000;

type Input<M extends keyof ObjectStoreClient> = Parameters<ObjectStoreClient[M]>[0];

interface Listing {
  nextPageToken?: string;
  prefixes?: readonly string[];
  items?: readonly Metadata[];
}

interface Metadata {
  name: string;
  size: string;
  generation: string;
}

export class GcsClient implements ObjectStoreClient {
  /** For every request that reads or writes the bytes of an object. */
  private readonly keyHeaders: Record<string, string>;

  /** Throws StorageError GS_CUSTOMER_KEY. */
  constructor(private readonly connection: GcsConnection) {
    const key = readCustomerKey(connection.settings.customerKey, 'GS_CUSTOMER_KEY');
    this.keyHeaders =
      key === undefined
        ? {}
        : {
            'x-goog-encryption-algorithm': 'AES256',
            'x-goog-encryption-key': key.key,
            'x-goog-encryption-key-sha256': key.sha256,
          };
  }

  async list(input: Input<'list'>): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    for await (const { items = [] } of this.listPages(input)) found.push(...items.map(toStoredObject));
    return found;
  }

  async listPrefixes(input: Input<'listPrefixes'>): Promise<string[]> {
    const found: string[] = [];
    for await (const { prefixes = [] } of this.listPages(input)) found.push(...prefixes);
    return found;
  }

  private async *listPages({ bucket, prefix }: Input<'list'>): AsyncGenerator<Listing> {
    let pageToken: string | undefined;
    do {
      const query = new URLSearchParams({
        prefix,
        delimiter: '/',
        maxResults: String(LIST_PAGE),
        fields: 'nextPageToken,prefixes,items(name,size,generation)',
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      const path = `/storage/v1/b/${encodeURIComponent(bucket)}/o?${query.toString()}`;
      const { text } = await this.connection.sendForText({ method: 'GET', path });
      const page = JSON.parse(text) as Listing;
      yield page;
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined && pageToken !== '');
  }

  async find(address: ObjectAddress): Promise<StoredObject | undefined> {
    try {
      const path = `${objectPath(address)}?fields=name,size,generation`;
      const { text } = await this.connection.sendForText({ method: 'GET', path });
      return toStoredObject(JSON.parse(text) as Metadata);
    } catch (error) {
      if (isMissingObject(error)) return undefined;
      throw error;
    }
  }

  async listUploads({ bucket, prefix }: Input<'listUploads'>): Promise<{ key: string; uploadId: string }[]> {
    const found: { key: string; uploadId: string }[] = [];
    let marker: Record<string, string> | undefined = {};
    do {
      const query: URLSearchParams = new URLSearchParams({ prefix, ...marker });
      const path = `/${encodeURIComponent(bucket)}?uploads&${query.toString()}`;
      const { text } = await this.connection.sendForText({ method: 'GET', path });
      for (const upload of readElements(text, 'Upload')) {
        const key = readText(upload, 'Key');
        const uploadId = readText(upload, 'UploadId');
        if (key === undefined || uploadId === undefined || !key.startsWith(prefix)) continue;
        if (!key.slice(prefix.length).includes('/')) found.push({ key, uploadId });
      }
      const next = readText(text, 'NextKeyMarker') ?? '';
      const hasMore = readText(text, 'IsTruncated') === 'true' && next !== '';
      marker = hasMore
        ? { 'key-marker': next, 'upload-id-marker': readText(text, 'NextUploadIdMarker') ?? '' }
        : undefined;
    } while (marker !== undefined);
    return found;
  }

  /** Continues after what earlier attempts of the call have received. */
  async getRange(input: RangeRequest, call: CallContext = { attempt: 1, received: 0 }): Promise<RangeResult> {
    const { bucket, key, first, length, memory } = input;
    call.etag ??= input.etag;
    const condition = call.etag === undefined ? '' : `&ifGenerationMatch=${call.etag}`;
    const path = `${objectPath(input)}?alt=media${condition}`;
    const headers = { range: `bytes=${first + call.received}-${first + length - 1}`, ...this.keyHeaders };
    try {
      return await this.connection.send({ method: 'GET', path, headers }, async (answer, timer) => {
        const { headers: received } = answer;
        const generation = received['x-goog-generation'];
        if (typeof generation === 'string') call.etag ??= generation;
        const contentLength = received['content-length'];
        const totalBytes = await receiveRange(
          input,
          call,
          {
            contentRange: received['content-range'],
            contentLength: contentLength === undefined ? undefined : Number(contentLength),
            body: answer,
            onChunk: () => timer.touch(),
          },
          { place: `gs://${bucket}/${key} (${this.connection.host})`, code: 'GS_FAILED' },
        );
        const now = parseTime(received.date) ?? Date.now();
        const ageMs = Math.max(0, now - (parseTime(received['last-modified']) ?? now));
        return { memory, length: call.received, totalBytes, etag: call.etag ?? '', ageMs };
      });
    } catch (error) {
      // An empty object has no first byte, and behind the end of an object there is none either.
      if (!(error instanceof GcsFault) || error.status !== RANGE_NOT_SATISFIABLE) throw error;
      return { memory, length: 0, totalBytes: first, etag: call.etag ?? '', ageMs: 0 };
    }
  }

  async put({ bucket, key, part, onlyIf, isControl }: Input<'put'>): Promise<PutResult> {
    const generation = onlyIf === undefined ? undefined : onlyIf === 'absent' ? '0' : onlyIf.etag;
    const condition = generation === undefined ? {} : { 'x-goog-if-generation-match': generation };
    const headers = { ...this.objectHeaders(isControl), ...md5Header(part), ...condition };
    try {
      const request = { method: 'PUT', path: xmlPath({ bucket, key }), headers, body: part } as const;
      const { headers: received } = await this.connection.sendForText(request);
      return { etag: await this.readGeneration({ bucket, key }, received), blocks: part.blocks };
    } catch (error) {
      if (onlyIf === undefined || !isRefusedCondition(error)) throw error;
      return { etag: undefined, blocks: part.blocks };
    }
  }

  async createUpload(address: ObjectAddress, call: CallContext = { attempt: 1, received: 0 }): Promise<string> {
    const path = `${xmlPath(address)}?uploads`;
    const { text } = await this.connection.sendForText({ method: 'POST', path, headers: this.objectHeaders() });
    const uploadId = readText(text, 'UploadId') ?? '';
    if (call.attempt > 1) await abortLostUploads(this, address, uploadId);
    return uploadId;
  }

  async putPart(input: Input<'putPart'>): Promise<{ etag: string; blocks: ArrayBuffer[] }> {
    const { number, part } = input;
    const path = `${uploadPath(input)}&partNumber=${number}`;
    const headers = { ...md5Header(part), ...this.keyHeaders };
    const request = { method: 'PUT', path, headers, body: part } as const;
    const { headers: received } = await this.connection.sendForText(request);
    return { etag: received.etag ?? '', blocks: part.blocks };
  }

  /** Through this process: the service copies no ranges. */
  async copyPart({ first, length, ...address }: Input<'copyPart'>): Promise<{ etag: string }> {
    const { bucket, key } = address;
    const range = await this.getRange({ bucket, key, first, length, memory: new ArrayBuffer(length) });
    if (range.length !== length) throw new StorageError('GS_CHANGED', `gs://${bucket}/${key} was replaced meanwhile`);
    const buffer = new PartBuffer(new BlockPool(), 'md5');
    buffer.append(new Uint8Array(range.memory, 0, range.length));
    const { etag } = await this.putPart({ ...address, part: buffer.drain() });
    return { etag };
  }

  async listParts(address: UploadAddress): Promise<UploadedPart[] | undefined> {
    const found: UploadedPart[] = [];
    let marker: string | undefined = '0';
    do {
      const path = `${uploadPath(address)}&part-number-marker=${marker}`;
      let text: string;
      try {
        ({ text } = await this.connection.sendForText({ method: 'GET', path }));
      } catch (error) {
        if (isMissingUpload(error)) return undefined;
        throw error;
      }
      for (const part of readElements(text, 'Part')) {
        const number = Number(readText(part, 'PartNumber'));
        found.push({ number, etag: readText(part, 'ETag') ?? '', sizeBytes: Number(readText(part, 'Size')) });
      }
      marker = readText(text, 'IsTruncated') === 'true' ? readText(text, 'NextPartNumberMarker') : undefined;
    } while (marker !== undefined);
    return found;
  }

  async completeUpload(
    input: Input<'completeUpload'>,
    call: CallContext = { attempt: 1, received: 0 },
  ): Promise<string> {
    const { parts } = input;
    const items = parts.map(
      ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${items.join('')}</CompleteMultipartUpload>`;
    const headers = { 'content-type': 'application/xml' };
    try {
      const request = { method: 'POST', path: uploadPath(input), headers, body } as const;
      const { text, headers: received } = await this.connection.sendForText(request);
      // The answer begins before the service has finished, so that its status does not tell.
      if (text.includes('<Error>')) throw GcsFault.parse(500, text);
      return await this.readGeneration(input, received);
    } catch (error) {
      // The answer to an earlier attempt may have been lost.
      if (call.attempt === 1 || !isMissingUpload(error)) throw error;
      const bytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const found = await this.find(input);
      if (found?.sizeBytes !== bytes) throw error;
      return found.etag;
    }
  }

  async abortUpload(address: UploadAddress): Promise<undefined> {
    try {
      await this.connection.sendForText({ method: 'DELETE', path: uploadPath(address) });
    } catch (error) {
      if (!isMissingUpload(error)) throw error;
    }
    return undefined;
  }

  /** Objects of every class can be read. */
  thaw(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async delete({ bucket, keys }: Input<'delete'>): Promise<undefined> {
    const where = { code: 'GS_DELETE', place: `bucket ${bucket}` };
    const deleteOne = async (key: string): Promise<void> => {
      try {
        await this.connection.sendForText({ method: 'DELETE', path: objectPath({ bucket, key }) });
      } catch (error) {
        if (!isMissingObject(error)) throw error;
      }
    };
    await deleteEach(where, keys, deleteOne, { readName, isTransient });
    return undefined;
  }

  /** Not every answer to a write tells the generation of the object. */
  private async readGeneration(
    address: ObjectAddress,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): Promise<string> {
    const generation = headers['x-goog-generation'];
    if (typeof generation === 'string') return generation;
    return (await this.find(address))?.etag ?? '';
  }

  private objectHeaders(isControl = false): Record<string, string> {
    const { storageClass, kmsKey } = this.connection.settings;
    return {
      'content-type': CONTENT_TYPE,
      ...this.keyHeaders,
      ...(storageClass === undefined || isControl ? {} : { 'x-goog-storage-class': storageClass }),
      ...(kmsKey === undefined ? {} : { 'x-goog-encryption-kms-key-name': kmsKey }),
    };
  }
}

function toStoredObject({ name, size, generation }: Metadata): StoredObject {
  return { key: name, sizeBytes: Number(size), etag: generation };
}

/** Of the JSON API. */
function objectPath({ bucket, key }: ObjectAddress): string {
  return `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}`;
}

/** Of the XML API. */
function xmlPath({ bucket, key }: ObjectAddress): string {
  return `/${[bucket, ...key.split('/')].map(encodeURIComponent).join('/')}`;
}

function uploadPath(address: UploadAddress): string {
  return `${xmlPath(address)}?uploadId=${encodeURIComponent(address.uploadId)}`;
}

function md5Header({ hash }: Part): Record<string, string> {
  return { 'content-md5': Buffer.from(hash, 'hex').toString('base64') };
}

function parseTime(text: string | undefined): number | undefined {
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
