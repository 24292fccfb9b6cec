/** Objects of a bucket as files of a directory. */
import { errorMessage } from '../../core/errors.js';
import { StorageError } from '../errors.js';
import type { ByteSink } from '../../core/byte-stream.js';
import type { ByteSource } from '../../core/byte-stream.js';
import type {
  BackupFile,
  ListedFile,
  ReadOptions,
  ResumePoint,
  Storage,
  StorageCapabilities,
  VersionedText,
} from '../storage.js';
import { BlockBuffer, BlockPool } from './part-buffer.js';
import type { Caller, UploadedPart } from './api.js';
import { basePartBytes, MAX_PART_BYTES, MIN_PART_BYTES } from '../object-store/part-size.js';
import { directoryPrefix, parseObjectPath, parseS3Path, type S3Path } from './path.js';
import { DEFAULTS, type S3Settings } from './config.js';
import { etagDigest, parseToken, S3Sink, tokenText, type S3Token } from './writer.js';
import { S3Source } from './reader.js';

/** Of what is read in one piece. */
const SMALL_BYTES = 64 * 1024 * 1024;

export const S3_CAPABILITIES: StorageCapabilities = {
  hasFreeSpace: false,
  hasDirectories: false,
  atomicRename: true,
  resumable: true,
  conditionalCreate: true,
  besideState: false,
  needsMainThread: true,
};

export class S3Storage implements Storage {
  readonly capabilities = S3_CAPABILITIES;
  private readonly pool = new BlockPool();

  constructor(
    private readonly caller: Caller,
    private readonly settings: S3Settings,
    private readonly verbose: (text: string) => void,
  ) {}

  validateTarget(kind: 'directory' | 'file', path: string): Promise<string | undefined> {
    try {
      if (kind === 'file') parseObjectPath(path);
      else directoryPrefix(path);
      return Promise.resolve(undefined);
    } catch (error) {
      return Promise.resolve(errorMessage(error));
    }
  }

  exists(kind: 'directory' | 'file', path: string): Promise<boolean> {
    return kind === 'directory' ? Promise.resolve(true) : this.caller.call('exists', parseObjectPath(path));
  }

  isDirectory(path: string): Promise<boolean> {
    return Promise.resolve(parseS3Path(path).key === '' || path.endsWith('/'));
  }

  freeBytes(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  verifyWritten(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async createExclusive(path: string, text: string): Promise<boolean> {
    if (await this.exists('file', path)) return false;
    await this.writeSmall(path, text);
    return true;
  }

  async readVersion(path: string): Promise<VersionedText | undefined> {
    if (!(await this.exists('file', path))) return undefined;
    const text = (await this.readSmall(path)).toString();
    return { text, version: text, ageMs: 0 };
  }

  refresh(path: string, version: string, text: string): Promise<string | undefined> {
    return this.replaceIfUnchanged(path, version, text);
  }

  async replaceIfUnchanged(path: string, version: string, text: string): Promise<string | undefined> {
    if ((await this.readVersion(path))?.version !== version) return undefined;
    await this.writeSmall(path, text);
    return text;
  }

  async deleteIfUnchanged(path: string, version: string): Promise<boolean> {
    if ((await this.readVersion(path))?.version !== version) return false;
    await this.deleteFile(path, 'ignore');
    return true;
  }

  async ensureDirectory(): Promise<void> {
    // There are none: a key has slashes in it or not.
  }

  async list(directory: string): Promise<ListedFile[]> {
    const { bucket, prefix } = directoryPrefix(directory);
    const objects = await this.caller.call('list', { bucket, prefix });
    return objects
      .map(({ key, sizeBytes }) => ({ name: key.slice(prefix.length), sizeBytes }))
      .filter(({ name }) => name !== '')
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async listUnfinished(directory: string): Promise<string[]> {
    const { prefix } = directoryPrefix(directory);
    const names = (await this.uploadsIn(directory)).map(({ key }) => key.slice(prefix.length));
    return [...new Set(names)].sort();
  }

  async deleteFiles(directory: string, names: readonly string[]): Promise<void> {
    const { bucket, prefix } = directoryPrefix(directory);
    const keys = names.map((name) => prefix + name);
    const known = new Set(keys);
    for (const { key, uploadId } of await this.uploadsIn(directory)) {
      if (known.has(key)) await this.caller.call('abort', { bucket, key, uploadId });
    }
    if (keys.length > 0) await this.caller.call('delete', { bucket, keys });
  }

  async deleteFile(path: string, ifMissing: 'throw' | 'ignore'): Promise<void> {
    const { bucket, key } = parseObjectPath(path);
    if (ifMissing === 'throw' && !(await this.caller.call('exists', { bucket, key }))) {
      throw new StorageError('S3_NO_OBJECT', `Cannot delete ${path}: there is no such object.`);
    }
    await this.abortUploads(path, undefined);
    await this.caller.call('delete', { bucket, keys: [key] });
  }

  removeDirectory(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  create(path: string, expectedBytes: number): Promise<ByteSink> {
    const base = basePartBytes(path, expectedBytes, this.settings.minPartBytes);
    return Promise.resolve(new S3Sink(path, this.caller, parseObjectPath(path), base, this.pool));
  }

  async checkResumable(path: string, mark: ResumePoint): Promise<string | undefined> {
    if (mark.token === undefined) {
      const size = await this.sizeOf(path);
      if (size === undefined) return `${path} is missing`;
      return size < mark.bytes ? `${path} has ${size} bytes, but had ${mark.bytes}` : undefined;
    }
    const token = tokenOf(path, mark.token);
    const parts = await this.caller.call('listParts', { ...parseObjectPath(path), uploadId: token.upload });
    if (parts !== undefined) return fitting(parts, token, mark.bytes) === undefined ? damaged(path) : undefined;
    // Completed after the state was saved?
    const size = await this.sizeOf(path);
    if (size !== undefined && size >= mark.bytes) return undefined;
    return `the upload of ${path} is gone: somebody has aborted it, as a lifecycle rule of the bucket may have`;
  }

  async truncateTo(path: string, mark: ResumePoint): Promise<ResumePoint | undefined> {
    // An object that was completed before the state was saved stays as it is.
    if (mark.token === undefined) return undefined;
    const token = tokenOf(path, mark.token);
    const at = parseObjectPath(path);
    await this.abortUploads(path, token.upload);
    const parts = await this.caller.call('listParts', { ...at, uploadId: token.upload });
    if (parts !== undefined) return mark;
    return { bytes: mark.bytes, token: tokenText(await this.copyStart(at, mark.bytes, token)) };
  }

  async resume(path: string, { bytes, token: text }: ResumePoint): Promise<ByteSink> {
    const at = parseObjectPath(path);
    const token = tokenOf(path, text ?? '');
    const listed = await this.caller.call('listParts', { ...at, uploadId: token.upload });
    const parts = listed === undefined ? undefined : fitting(listed, token, bytes);
    if (parts === undefined) throw new StorageError('S3_NO_UPLOAD', `Cannot go on writing: ${damaged(path)}.`);
    const base = basePartBytes(path, 0, this.settings.minPartBytes);
    return S3Sink.resumed(new S3Sink(path, this.caller, at, base, this.pool), token, parts);
  }

  async readHead(path: string, { token }: ResumePoint): Promise<Buffer> {
    if (token !== undefined) return Buffer.from(tokenOf(path, token).head, 'base64');
    const at = parseObjectPath(path);
    const { memory, length } = await this.caller.call('get', { ...at, first: 0, length: 16 });
    return Buffer.from(memory, 0, length);
  }

  async stat(path: string): Promise<BackupFile> {
    // The failure of a HEAD request does not say what is wrong.
    const { totalBytes } = await this.caller.call('get', { ...parseObjectPath(path), first: 0, length: 1 });
    return { path, sizeBytes: totalBytes, kind: 'regular' };
  }

  open(path: string, { chunkBytes, readers = 1 }: ReadOptions = {}): Promise<ByteSource> {
    const at = parseObjectPath(path);
    if (chunkBytes !== undefined) return Promise.resolve(new S3Source(path, this.caller, at, 1, chunkBytes));
    const downloads = this.settings.maxDownloads ?? DEFAULTS.maxDownloads;
    const ahead = Math.max(1, Math.floor(downloads / readers));
    return Promise.resolve(new S3Source(path, this.caller, at, ahead));
  }

  async readSmall(path: string): Promise<Buffer> {
    const source = new S3Source(path, this.caller, parseObjectPath(path), 2, MIN_PART_BYTES);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
      chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (bytes > SMALL_BYTES) throw new StorageError('S3_TOO_LARGE', `${path} is too large to be a state file.`);
    }
    return Buffer.concat(chunks);
  }

  async writeSmall(path: string, text: string): Promise<void> {
    const buffer = new BlockBuffer(this.pool);
    buffer.append(Buffer.from(text));
    const { blocks } = await this.caller.call('put', { ...parseObjectPath(path), part: buffer.take() });
    this.pool.give(blocks);
  }

  private async sizeOf(path: string): Promise<number | undefined> {
    const { bucket, key } = parseObjectPath(path);
    const found = (await this.caller.call('list', { bucket, prefix: key })).find((object) => object.key === key);
    return found?.sizeBytes;
  }

  /** Aborts all uploads of an object but the one to keep. */
  private async abortUploads(path: string, keep: string | undefined): Promise<void> {
    const { bucket, key } = parseObjectPath(path);
    for (const upload of await this.uploadsOf({ bucket, prefix: key }, path)) {
      if (upload.key !== key || upload.uploadId === keep) continue;
      await this.caller.call('abort', { bucket, key, uploadId: upload.uploadId });
    }
  }

  private uploadsIn(directory: string): Promise<{ key: string; uploadId: string }[]> {
    const { bucket, prefix } = directoryPrefix(directory);
    return this.uploadsOf({ bucket, prefix }, directory);
  }

  /** Who may write a backup need not be permitted to see the uploads of others, nor does every service know them. */
  private async uploadsOf(
    of: { bucket: string; prefix: string },
    path: string,
  ): Promise<{ key: string; uploadId: string }[]> {
    try {
      return await this.caller.call('listUploads', of);
    } catch (error) {
      if (!(error instanceof StorageError) || !/^S3_(DENIED|FAILED)$/.test(error.code)) throw error;
      this.verbose(`Unfinished uploads at ${path} are not looked for: ${errorMessage(error)}`);
      return [];
    }
  }

  /** A new upload that begins as the object does which was completed too early. */
  private async copyStart(at: S3Path, bytes: number, { head }: S3Token): Promise<S3Token> {
    const uploadId = await this.caller.call('createUpload', at);
    const parts: UploadedPart[] = [];
    for (let first = 0; first < bytes;) {
      let length = Math.min(MAX_PART_BYTES, bytes - first);
      // What is left for the last part must not be too small either.
      const left = bytes - first - length;
      if (left > 0 && left < MIN_PART_BYTES) length -= MIN_PART_BYTES;
      const number = parts.length + 1;
      const etag = await this.caller.call('copyPart', { ...at, uploadId, number, first, length });
      parts.push({ number, etag, sizeBytes: length });
      first += length;
    }
    return { upload: uploadId, parts: parts.length, etags: etagDigest(parts), head };
  }
}

/** The parts that a token speaks of; undefined if they are not those. */
function fitting(listed: readonly UploadedPart[], token: S3Token, bytes: number): UploadedPart[] | undefined {
  const parts = listed.filter(({ number }) => number <= token.parts).sort((a, b) => a.number - b.number);
  const sum = parts.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  return parts.length === token.parts && sum === bytes && etagDigest(parts) === token.etags ? parts : undefined;
}

function tokenOf(path: string, text: string): S3Token {
  const token = parseToken(text);
  if (token !== undefined) return token;
  throw new StorageError('S3_TOKEN', `The state of the upload of ${path} is damaged: it cannot be continued.`);
}

function damaged(path: string): string {
  return `the parts of the upload of ${path} are not those that were saved`;
}
