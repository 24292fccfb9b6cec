/** Objects of a bucket as files of a directory, over the client of any object store. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, ToolError } from '../../core/errors.js';
import { StorageError } from '../errors.js';
import type { ByteSink, ByteSource } from '../../core/byte-stream.js';
import type {
  BackupFile,
  ListedFile,
  ReadOptions,
  ResumePoint,
  Storage,
  StorageCapabilities,
  TargetProblem,
  VersionedText,
} from '../storage.js';
import {
  errorCode,
  type ObjectAddress,
  type ObjectStoreClient,
  type ObjectStoreKind,
  type UploadedPart,
} from './client.js';
import {
  digestEtags,
  MultipartWriter,
  parseIdentity,
  parseToken,
  stripQuotes,
  type UploadToken,
  type WriterContext,
} from './multipart-writer.js';
import { BlockPool, PartBuffer } from './part-buffer.js';
import { chooseBasePartBytes, MAX_PART_BYTES, MIN_PART_BYTES } from './part-size.js';
import { parseDirectoryPath, parseObjectPath, parsePath } from './path.js';
import { RangedReader } from './ranged-reader.js';

/** The largest file that is read in one piece. */
const MAX_SMALL_BYTES = 256 * 1024 * 1024;
const HEAD_BYTES = 16;
/** So many parts at most are copies, whatever a copy may have: the rest of the file needs parts, too. */
const MAX_COPIED_PARTS = 4000;
/** Locks and other files whose version matters are smaller. */
const MAX_VERSIONED_BYTES = 64 * 1024;

export interface ObjectStorageOptions {
  kind: ObjectStoreKind;
  capabilities: StorageCapabilities;
  client: ObjectStoreClient;
  /** Absent = by the expected size of each file. */
  minPartBytes?: number | undefined;
  maxDownloads: number;
  /** How long a request of another run may be under way, where the store may ignore conditions. Default 0. */
  settleMs?: number;
  /** Receives lines of the verbose log. */
  verbose: (text: string) => void;
}

export class ObjectStorage implements Storage {
  readonly capabilities: StorageCapabilities;
  private readonly kind: ObjectStoreKind;
  private readonly client: ObjectStoreClient;
  private readonly pool = new BlockPool();
  private readonly writers: WriterContext;

  constructor(private readonly options: ObjectStorageOptions) {
    const { kind, capabilities, client } = options;
    this.kind = kind;
    this.capabilities = capabilities;
    this.client = client;
    this.writers = { kind, client, pool: this.pool };
  }

  validateTarget(kind: 'directory' | 'file', path: string): Promise<TargetProblem | undefined> {
    try {
      if (kind === 'file') this.parseObject(path);
      else this.parseDirectory(path);
      return Promise.resolve(undefined);
    } catch (error) {
      return Promise.resolve({ reason: errorMessage(error) });
    }
  }

  async exists(kind: 'directory' | 'file', path: string): Promise<boolean> {
    return kind === 'directory' || (await this.client.find(this.parseObject(path))) !== undefined;
  }

  isDirectory(path: string): Promise<boolean> {
    return Promise.resolve(parsePath(this.kind, path).key === '' || path.endsWith('/'));
  }

  async ensureDirectory(): Promise<void> {
    // Directories are parts of keys.
  }

  async list(directory: string): Promise<ListedFile[]> {
    const { bucket, prefix } = this.parseDirectory(directory);
    const objects = await this.client.list({ bucket, prefix });
    return objects
      .map(({ key, sizeBytes, archived }) => ({
        name: key.slice(prefix.length),
        sizeBytes,
        ...(archived === true ? { archived } : {}),
      }))
      .filter(({ name }) => name !== '')
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async thaw(directory: string, names: readonly string[]): Promise<void> {
    const { bucket, prefix } = this.parseDirectory(directory);
    await this.client.thaw({ bucket, keys: names.map((name) => prefix + name) });
  }

  async listDirectories(directory: string): Promise<string[]> {
    const { bucket, prefix } = this.parseDirectory(directory);
    const prefixes = await this.client.listPrefixes({ bucket, prefix });
    return prefixes.map((each) => each.slice(prefix.length, -1)).sort();
  }

  async listUnfinished(directory: string): Promise<string[]> {
    const { prefix } = this.parseDirectory(directory);
    const names = (await this.listUploads(directory)).map(({ key }) => key.slice(prefix.length));
    return [...new Set(names)].sort();
  }

  freeBytes(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async deleteFiles(directory: string, names: readonly string[]): Promise<void> {
    const { bucket, prefix } = this.parseDirectory(directory);
    const keys = names.map((name) => prefix + name);
    const known = new Set(keys);
    for (const { key, uploadId } of await this.listUploads(directory)) {
      if (known.has(key)) await this.client.abortUpload({ bucket, key, uploadId });
    }
    if (keys.length > 0) await this.client.delete({ bucket, keys });
  }

  async deleteFile(path: string, ifMissing: 'throw' | 'ignore'): Promise<void> {
    const { bucket, key } = this.parseObject(path);
    if (ifMissing === 'throw' && !(await this.exists('file', path))) {
      throw this.error('NO_OBJECT', `Cannot delete ${path}: there is no such object`);
    }
    await this.abortUploads(path, undefined);
    await this.client.delete({ bucket, keys: [key] });
  }

  removeDirectory(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  create(path: string, expectedBytes: number): Promise<ByteSink> {
    return Promise.resolve(this.openWriter(path, expectedBytes));
  }

  async checkResumable(path: string, point: ResumePoint): Promise<string | undefined> {
    if (point.token === undefined) {
      const found = await this.client.find(this.parseObject(path));
      if (found === undefined) return `${path} is missing`;
      return found.sizeBytes < point.bytes ? `${path} has ${found.sizeBytes} bytes, but had ${point.bytes}` : undefined;
    }
    const token = this.parseToken(path, point.token);
    const address = this.parseObject(path);
    const parts = await this.client.listParts({ ...address, uploadId: token.upload });
    if (parts !== undefined) {
      return selectParts(parts, token, point.bytes) === undefined ? describeOtherParts(path) : undefined;
    }
    // The object may have been completed after the state was saved.
    const found = await this.client.find(address);
    if (found !== undefined && found.sizeBytes >= point.bytes) return undefined;
    return `the upload of ${path} is gone: somebody has aborted it, as a lifecycle rule of the bucket may have`;
  }

  async truncateTo(path: string, point: ResumePoint): Promise<ResumePoint | undefined> {
    // An object that was completed before the state was saved stays as it is.
    if (point.token === undefined) return undefined;
    const token = this.parseToken(path, point.token);
    const address = this.parseObject(path);
    await this.abortUploads(path, token.upload);
    const parts = await this.client.listParts({ ...address, uploadId: token.upload });
    if (parts !== undefined) return point;
    const copied = await this.copyStart(address, point.bytes, token);
    return { bytes: point.bytes, token: JSON.stringify(copied) };
  }

  async resume(path: string, { bytes, token: text }: ResumePoint): Promise<ByteSink> {
    const token = this.parseToken(path, text ?? '');
    const listed = await this.client.listParts({ ...this.parseObject(path), uploadId: token.upload });
    const parts = listed === undefined ? undefined : selectParts(listed, token, bytes);
    if (parts === undefined) throw this.error('NO_UPLOAD', `Cannot continue ${path}: ${describeOtherParts(path)}`);
    return this.openWriter(path, 0).resumeAfter(token, parts);
  }

  async readHead(path: string, { token }: ResumePoint): Promise<Buffer> {
    if (token !== undefined) return Buffer.from(this.parseToken(path, token).head, 'base64');
    return (await this.readRange(path, HEAD_BYTES)).bytes;
  }

  async verifyWritten(path: string, identity: string): Promise<string | undefined> {
    const { bytes, etag } = parseIdentity(identity);
    const found = await this.client.find(this.parseObject(path));
    if (found === undefined) return `${path} was deleted after it had been written`;
    if (found.sizeBytes !== bytes) return `${path} has ${found.sizeBytes} bytes, but ${bytes} were written`;
    const other = stripQuotes(found.etag);
    return etag === '' || other === '' || other === etag ? undefined : `${path} was replaced after it had been written`;
  }

  async stat(path: string): Promise<BackupFile> {
    // Unlike a HEAD request, one that reads a byte gets a description of its error.
    const { totalBytes } = await this.readRange(path, 1);
    return { path, sizeBytes: totalBytes, kind: 'regular' };
  }

  open(path: string, { chunkBytes, readers = 1 }: ReadOptions = {}): Promise<ByteSource> {
    const address = this.parseObject(path);
    if (chunkBytes !== undefined) return Promise.resolve(new RangedReader(path, this.client, address, 1, chunkBytes));
    const ahead = Math.max(1, Math.floor(this.options.maxDownloads / readers));
    return Promise.resolve(new RangedReader(path, this.client, address, ahead));
  }

  async readSmall(path: string, what: string): Promise<Buffer> {
    const source = new RangedReader(path, this.client, this.parseObject(path), 2, MIN_PART_BYTES);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
      chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (bytes > MAX_SMALL_BYTES) throw this.error('TOO_LARGE', `Cannot read ${what} ${path}: it is too large`);
    }
    return Buffer.concat(chunks);
  }

  async writeSmall(path: string, text: string): Promise<void> {
    await this.put(path, text);
  }

  async createExclusive(path: string, text: string): Promise<boolean> {
    if (await this.exists('file', path)) return false;
    await this.putIf(path, text, 'absent');
    await this.settle();
    return (await this.readVersion(path))?.text === text;
  }

  async readVersion(path: string): Promise<VersionedText | undefined> {
    try {
      const { bytes, etag, ageMs } = await this.readRange(path, MAX_VERSIONED_BYTES);
      return { text: bytes.toString('utf8'), version: etag, ageMs };
    } catch (error) {
      if (error instanceof ToolError && error.code === errorCode(this.kind, 'NO_OBJECT')) return undefined;
      throw error;
    }
  }

  refresh(path: string, version: string, text: string): Promise<string | undefined> {
    return this.replaceVersion(path, version, text, () => Promise.resolve());
  }

  replaceIfUnchanged(path: string, version: string, text: string): Promise<string | undefined> {
    return this.replaceVersion(path, version, text, () => this.settle());
  }

  async deleteIfUnchanged(path: string, version: string): Promise<boolean> {
    if ((await this.readVersion(path))?.version !== version) return false;
    const { bucket, key } = this.parseObject(path);
    await this.client.delete({ bucket, keys: [key] });
    return true;
  }

  private openWriter(path: string, expectedBytes: number): MultipartWriter {
    const base = chooseBasePartBytes(this.kind, path, expectedBytes, this.options.minPartBytes);
    return new MultipartWriter(path, this.writers, this.parseObject(path), base);
  }

  private async replaceVersion(
    path: string,
    version: string,
    text: string,
    settle: () => Promise<void>,
  ): Promise<string | undefined> {
    if ((await this.readVersion(path))?.version !== version) return undefined;
    await this.putIf(path, text, { etag: version });
    await settle();
    const after = await this.readVersion(path);
    return after?.text === text ? after.version : undefined;
  }

  /** Without conditions, the last of several writers wins: each waits for the others before it reads the result. */
  private async settle(): Promise<void> {
    const { settleMs = 0 } = this.options;
    if (settleMs > 0) await sleep(settleMs);
  }

  /** With a condition if the store knows conditions, else without. */
  private async putIf(path: string, text: string, onlyIf: 'absent' | { etag: string }): Promise<void> {
    try {
      await this.put(path, text, onlyIf);
    } catch (error) {
      if (!(error instanceof ToolError) || error.code !== errorCode(this.kind, 'UNSUPPORTED')) throw error;
      await this.put(path, text);
    }
  }

  private async put(path: string, text: string, onlyIf?: 'absent' | { etag: string }): Promise<void> {
    const buffer = new PartBuffer(this.pool, this.kind.partHash);
    buffer.append(Buffer.from(text));
    const { blocks } = await this.client.put({
      ...this.parseObject(path),
      part: buffer.drain(),
      onlyIf,
      isControl: true,
    });
    this.pool.recycle(blocks);
  }

  private async readRange(
    path: string,
    length: number,
  ): Promise<{ bytes: Buffer; totalBytes: number; etag: string; ageMs: number }> {
    const request = { ...this.parseObject(path), first: 0, length, memory: new ArrayBuffer(length) };
    const { memory, length: received, ...rest } = await this.client.getRange(request);
    return { bytes: Buffer.from(memory, 0, received), ...rest };
  }

  /** Aborts all uploads of an object but the one to keep. */
  private async abortUploads(path: string, keep: string | undefined): Promise<void> {
    const { bucket, key } = this.parseObject(path);
    for (const upload of await this.listUploadsWithPrefix({ bucket, prefix: key }, path)) {
      if (upload.key !== key || upload.uploadId === keep) continue;
      await this.client.abortUpload({ bucket, key, uploadId: upload.uploadId, keep });
    }
  }

  private listUploads(directory: string): Promise<{ key: string; uploadId: string }[]> {
    return this.listUploadsWithPrefix(this.parseDirectory(directory), directory);
  }

  /** Listing uploads may be denied by policy or unsupported: both are treated as no uploads. */
  private async listUploadsWithPrefix(
    input: { bucket: string; prefix: string },
    path: string,
  ): Promise<{ key: string; uploadId: string }[]> {
    const ignored = ['DENIED', 'FAILED', 'UNSUPPORTED'].map((reason) => errorCode(this.kind, reason));
    try {
      return await this.client.listUploads(input);
    } catch (error) {
      if (!(error instanceof ToolError) || !ignored.includes(error.code)) throw error;
      this.options.verbose(`Unfinished uploads at ${path} are not searched: ${error.message}`);
      return [];
    }
  }

  /** A new upload that begins with the first bytes of the object that was completed too early. */
  private async copyStart(address: ObjectAddress, bytes: number, { head }: UploadToken): Promise<UploadToken> {
    const uploadId = await this.client.createUpload(address);
    const parts: UploadedPart[] = [];
    const copyBytes = Math.min(
      MAX_PART_BYTES,
      Math.max(this.kind.maxCopyBytes ?? MAX_PART_BYTES, Math.ceil(bytes / MAX_COPIED_PARTS)),
    );
    for (let first = 0; first < bytes;) {
      let length = Math.min(copyBytes, bytes - first);
      // The bytes that are left for the last part must not be too few either.
      const left = bytes - first - length;
      if (left > 0 && left < MIN_PART_BYTES) length -= MIN_PART_BYTES;
      const number = parts.length + 1;
      const copied = await this.client.copyPart({ ...address, uploadId, number, first, length });
      parts.push({ number, ...copied, sizeBytes: length });
      first += length;
    }
    return { upload: uploadId, parts: parts.length, etags: digestEtags(parts), head };
  }

  private parseObject(path: string): ObjectAddress {
    return parseObjectPath(this.kind, path);
  }

  private parseDirectory(path: string): { bucket: string; prefix: string } {
    return parseDirectoryPath(this.kind, path);
  }

  private parseToken(path: string, text: string): UploadToken {
    const token = parseToken(text);
    if (token !== undefined) return token;
    throw this.error('TOKEN', `The state of the upload of ${path} is damaged: it cannot be continued`);
  }

  private error(reason: string, message: string): StorageError {
    return new StorageError(errorCode(this.kind, reason), message);
  }
}

/** The parts that a token covers; undefined if the store has others. */
function selectParts(listed: readonly UploadedPart[], token: UploadToken, bytes: number): UploadedPart[] | undefined {
  const parts = listed.filter(({ number }) => number <= token.parts).sort((a, b) => a.number - b.number);
  const sum = parts.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  return parts.length === token.parts && sum === bytes && digestEtags(parts) === token.etags ? parts : undefined;
}

function describeOtherParts(path: string): string {
  return `the parts of the upload of ${path} are not those that were saved`;
}
