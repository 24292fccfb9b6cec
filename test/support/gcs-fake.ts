/**
 * A server that speaks as much of Google Cloud Storage as the tools use, as strictly as the documentation says: objects
 * by the JSON API, objects and multipart uploads by the XML API, generations as versions, digests that are compared,
 * and parts that must not be too small. No emulator that can be installed from npm speaks the XML API.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LocalHttpServer } from './local-http-server.js';

const MIN_PART_BYTES = 5 * 1024 * 1024;
const LIST_PAGE = 1000;

interface StoredObject {
  bytes: Buffer;
  generation: string;
  updated: Date;
  headers: Readonly<Record<string, string>>;
}

interface Upload {
  bucket: string;
  key: string;
  parts: Map<number, Buffer>;
  headers: Readonly<Record<string, string>>;
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export class FakeGcs {
  /** By bucket and key. */
  readonly buckets = new Map<string, Map<string, StoredObject>>();
  readonly uploads = new Map<string, Upload>();
  /** Requests with another token are refused, where it is set. */
  token: string | undefined;
  private readonly server: LocalHttpServer;
  private lastGeneration = 1_700_000_000_000_000;

  constructor() {
    this.server = new LocalHttpServer((request, response) => void this.answer(request, response));
  }

  listen(): Promise<string> {
    return this.server.listen();
  }

  close(): Promise<void> {
    return this.server.close();
  }

  store(bucket: string, key: string, bytes: Buffer, headers: StoredObject['headers'] = {}): StoredObject {
    const object = { bytes, generation: String(++this.lastGeneration), updated: new Date(), headers };
    this.bucket(bucket).set(key, object);
    return object;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://fake');
    const isJson = url.pathname.startsWith('/storage/v1/');
    try {
      const body = await readBody(request);
      if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
        throw new Refusal(401, 'authError', 'Invalid Credentials');
      }
      if (isJson) this.answerJson(request, url, response);
      else this.answerXml(request, url, body, response);
    } catch (error) {
      if (!(error instanceof Refusal)) return void request.destroy();
      const { status, code, message } = error;
      const json = JSON.stringify({ error: { code: status, message, errors: [{ reason: code, message }] } });
      response
        .writeHead(status)
        .end(isJson ? json : `<?xml version='1.0'?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
    }
  }

  private answerJson({ method, headers }: IncomingMessage, url: URL, response: ServerResponse): void {
    const [, , , , bucketName = '', , name] = url.pathname.split('/').map(decodeURIComponent);
    const bucket = this.bucket(bucketName, true);
    const query = url.searchParams;
    if (name === undefined) {
      response.end(JSON.stringify(this.list(bucket, query)));
      return;
    }
    const object = bucket.get(name);
    if (object === undefined) throw new Refusal(404, 'notFound', `No such object: ${bucketName}/${name}`);
    const wanted = query.get('ifGenerationMatch');
    if (wanted !== null && wanted !== object.generation) {
      throw new Refusal(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
    }
    if (method === 'DELETE') {
      bucket.delete(name);
      response.writeHead(204).end();
    } else if (query.get('alt') === 'media') {
      checkCustomerKey(headers, object.headers);
      sendMedia(object, headers.range, response);
    } else {
      response.end(JSON.stringify(describe(name, object)));
    }
  }

  private list(bucket: Map<string, StoredObject>, query: URLSearchParams): object {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('pageToken') ?? '';
    const names = [...bucket.keys()]
      .filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes('/') && name > after)
      .sort();
    const inner = [...bucket.keys()]
      .filter((name) => name.startsWith(prefix) && name.slice(prefix.length).includes('/'))
      .map((name) => name.slice(0, name.indexOf('/', prefix.length) + 1));
    const prefixes = [...new Set(inner)];
    const page = names.slice(0, Math.min(LIST_PAGE, Number(query.get('maxResults') ?? LIST_PAGE)));
    const items = page.map((name) => describe(name, bucket.get(name)!));
    return {
      ...(items.length === 0 ? {} : { items }),
      ...(prefixes.length === 0 || after !== '' ? {} : { prefixes }),
      ...(names.length > page.length ? { nextPageToken: page.at(-1) } : {}),
    };
  }

  private answerXml(request: IncomingMessage, url: URL, body: Buffer, response: ServerResponse): void {
    const [, bucketName = '', ...parts] = url.pathname.split('/').map(decodeURIComponent);
    const key = parts.join('/');
    const bucket = this.bucket(bucketName);
    const query = url.searchParams;
    const uploadId = query.get('uploadId');
    const { method } = request;
    if (method === 'GET' && key === '' && query.has('uploads')) {
      response.end(this.listUploads(bucketName, query.get('prefix') ?? ''));
    } else if (method === 'POST' && query.has('uploads')) {
      const id = `upload-${++this.lastGeneration}`;
      this.uploads.set(id, { bucket: bucketName, key, parts: new Map(), headers: googleHeaders(request) });
      response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    } else if (uploadId !== null) {
      this.answerUpload({ request, query, body, response }, uploadId, bucketName, key);
    } else if (method === 'PUT') {
      checkDigest(request, body);
      const wanted = request.headers['x-goog-if-generation-match'];
      if (wanted !== undefined && wanted !== (bucket.get(key)?.generation ?? '0')) {
        throw new Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold.');
      }
      const { generation } = this.store(bucketName, key, body, googleHeaders(request));
      response.writeHead(200, { 'x-goog-generation': generation, etag: `"${digest(body, 'hex')}"` }).end();
    } else {
      throw new Refusal(400, 'InvalidArgument', `${method ?? ''} ${url.pathname} is not known to the fake`);
    }
  }

  private answerUpload(
    exchange: { request: IncomingMessage; query: URLSearchParams; body: Buffer; response: ServerResponse },
    id: string,
    bucket: string,
    key: string,
  ): void {
    const { request, query, body, response } = exchange;
    const upload = this.uploads.get(id);
    if (upload?.bucket !== bucket || upload.key !== key) {
      throw new Refusal(404, 'NoSuchUpload', 'The requested upload was not found.');
    }
    if (request.method === 'PUT') {
      checkDigest(request, body);
      checkCustomerKey(request.headers, upload.headers);
      upload.parts.set(Number(query.get('partNumber')), body);
      response.writeHead(200, { etag: `"${digest(body, 'hex')}"` }).end();
    } else if (request.method === 'GET') {
      const after = Number(query.get('part-number-marker') ?? 0);
      const parts = [...upload.parts].filter(([number]) => number > after).sort(([a], [b]) => a - b);
      const items = parts.map(
        ([number, bytes]) =>
          `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${digest(bytes, 'hex')}&quot;</ETag><Size>${bytes.length}</Size></Part>`,
      );
      response.end(`<ListPartsResult><IsTruncated>false</IsTruncated>${items.join('')}</ListPartsResult>`);
    } else if (request.method === 'DELETE') {
      this.uploads.delete(id);
      response.writeHead(204).end();
    } else {
      this.complete(upload, id, body.toString());
      response.end('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
    }
  }

  private complete({ bucket, key, parts, headers }: Upload, id: string, xml: string): void {
    const wanted = [...xml.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>(.*?)<\/ETag>/g)];
    const chunks = wanted.map(([, number, etag], i) => {
      const bytes = parts.get(Number(number));
      if (bytes === undefined || etag?.replace(/&#34;/g, '') !== digest(bytes, 'hex')) {
        throw new Refusal(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
      }
      if (bytes.length < MIN_PART_BYTES && i < wanted.length - 1) {
        throw new Refusal(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed.');
      }
      return bytes;
    });
    this.store(bucket, key, Buffer.concat(chunks), headers);
    this.uploads.delete(id);
  }

  private listUploads(bucket: string, prefix: string): string {
    const items = [...this.uploads]
      .filter(([, upload]) => upload.bucket === bucket && upload.key.startsWith(prefix))
      .map(([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`);
    return `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${items.join('')}</ListMultipartUploadsResult>`;
  }

  private bucket(name: string, isJson = false): Map<string, StoredObject> {
    const bucket = this.buckets.get(name);
    if (bucket !== undefined) return bucket;
    throw new Refusal(404, isJson ? 'notFound' : 'NoSuchBucket', 'The specified bucket does not exist.');
  }
}

function describe(name: string, { bytes, generation, headers }: StoredObject): object {
  return { name, size: String(bytes.length), generation, storageClass: headers['x-goog-storage-class'] ?? 'STANDARD' };
}

function sendMedia(
  { bytes, generation, updated }: StoredObject,
  range: string | undefined,
  response: ServerResponse,
): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  const headers = { 'x-goog-generation': generation, 'last-modified': updated.toUTCString() };
  if (from === undefined || to === undefined) {
    response.writeHead(200, { ...headers, 'content-length': bytes.length }).end(bytes);
    return;
  }
  if (Number(from) >= bytes.length) {
    throw new Refusal(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable');
  }
  const part = bytes.subarray(Number(from), Number(to) + 1);
  const contentRange = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
  response.writeHead(206, { ...headers, 'content-range': contentRange, 'content-length': part.length }).end(part);
}

function googleHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[0].startsWith('x-goog-')),
  );
}

/** Whoever reads an object, or adds to an upload, needs the key that it was begun with. */
function checkCustomerKey(given: IncomingMessage['headers'], stored: Readonly<Record<string, string>>): void {
  const name = 'x-goog-encryption-key-sha256';
  const { [name]: sent } = given;
  if (stored[name] === sent) return;
  const code = sent === undefined ? 'resourceIsEncryptedWithCustomerEncryptionKey' : 'customerEncryptionKeyIsIncorrect';
  throw new Refusal(400, code, 'The provided encryption key is incorrect.');
}

function checkDigest({ headers }: IncomingMessage, body: Buffer): void {
  const sent = headers['content-md5'];
  if (sent !== undefined && sent !== digest(body, 'base64')) {
    throw new Refusal(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
}

function digest(bytes: Buffer, encoding: 'hex' | 'base64'): string {
  return createHash('md5').update(bytes).digest(encoding);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
