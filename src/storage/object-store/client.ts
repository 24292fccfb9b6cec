/**
 * The requests that object stores have in common, as plain data. The client of a store (s3/client.ts) makes each with
 * one attempt; the wrappers of ../decorators add patience and limits.
 */
import type { CallContext, Methods } from '../client.js';
import type { Part } from './part-buffer.js';

export interface ObjectAddress {
  bucket: string;
  key: string;
}

export interface UploadAddress extends ObjectAddress {
  uploadId: string;
}

export interface StoredObject {
  key: string;
  sizeBytes: number;
  etag: string;
  /** It cannot be read before it is thawed. */
  archived?: boolean;
}

export interface UploadedPart {
  number: number;
  etag: string;
  sizeBytes: number;
  /** What the store keeps to check the part by, if it was sent. */
  checksum?: string | undefined;
}

/** A range of an object. Behind the end of the object there are no bytes. */
export interface RangeRequest extends ObjectAddress {
  first: number;
  length: number;
  /** Only of this version. */
  etag?: string | undefined;
  /** At least `length` bytes; the result has it back. */
  memory: ArrayBuffer;
}

export interface RangeResult {
  memory: ArrayBuffer;
  length: number;
  /** Size of the whole object. */
  totalBytes: number;
  etag: string;
  /** Time since the object was written, by the clock of the store. */
  ageMs: number;
}

/** Memory of a part comes back when it was sent. */
export interface PutResult {
  /** Undefined = the condition does not hold; nothing was written. */
  etag: string | undefined;
  blocks: ArrayBuffer[];
}

export interface ObjectStoreClient {
  /** Objects whose keys begin with `prefix`, without those behind a further slash; all pages. */
  list(input: { bucket: string; prefix: string }, call?: CallContext): Promise<StoredObject[]>;
  /** What keys that begin with `prefix` have in common up to and with the next slash behind it; all pages. */
  listPrefixes(input: { bucket: string; prefix: string }, call?: CallContext): Promise<string[]>;
  /** Undefined = there is no such object. */
  find(input: ObjectAddress, call?: CallContext): Promise<StoredObject | undefined>;
  /** Uploads under way, all pages, of the keys that `list` would give. */
  listUploads(
    input: { bucket: string; prefix: string },
    call?: CallContext,
  ): Promise<{ key: string; uploadId: string }[]>;
  getRange(input: RangeRequest, call?: CallContext): Promise<RangeResult>;
  /** `onlyIf`: if there is no such object, or if it has this ETag. */
  put(
    input: ObjectAddress & {
      part: Part;
      onlyIf?: 'absent' | { etag: string } | undefined;
      /** A state or lock file: it is read and replaced soon, so that no archive class and no lock is for it. */
      isControl?: true;
    },
    call?: CallContext,
  ): Promise<PutResult>;
  /** Resolves with the id of the upload. */
  createUpload(input: ObjectAddress, call?: CallContext): Promise<string>;
  putPart(
    input: UploadAddress & { number: number; part: Part },
    call?: CallContext,
  ): Promise<{ etag: string; checksum?: string | undefined; blocks: ArrayBuffer[] }>;
  /** Makes a part of bytes of the object that has the same key. */
  copyPart(
    input: UploadAddress & { number: number; first: number; length: number },
    call?: CallContext,
  ): Promise<{ etag: string; checksum?: string | undefined }>;
  /** Undefined = there is no such upload (any more). */
  listParts(input: UploadAddress, call?: CallContext): Promise<UploadedPart[] | undefined>;
  /** Resolves with the ETag of the object. */
  completeUpload(input: UploadAddress & { parts: UploadedPart[] }, call?: CallContext): Promise<string>;
  /** `keep`: another upload of the same object that must stay. */
  abortUpload(input: UploadAddress & { keep?: string | undefined }, call?: CallContext): Promise<undefined>;
  /** Asks for archived objects to be made readable, if the settings say so; nobody waits for them. */
  thaw(input: { bucket: string; keys: string[] }, call?: CallContext): Promise<undefined>;
  /** Missing objects count as deleted. */
  delete(input: { bucket: string; keys: string[] }, call?: CallContext): Promise<undefined>;
}

export const OBJECT_STORE_METHODS: Methods<ObjectStoreClient> = [
  'list',
  'listPrefixes',
  'find',
  'listUploads',
  'getRange',
  'put',
  'createUpload',
  'putPart',
  'copyPart',
  'listParts',
  'completeUpload',
  'abortUpload',
  'thaw',
  'delete',
];

/** The kind of a store, for paths, messages and error codes. */
export interface ObjectStoreKind {
  /** `s3` */
  scheme: string;
  /** In messages: `S3` */
  name: string;
  /** The digest of a part that its store compares with what arrives. Default SHA-256. */
  partHash?: 'sha256' | 'md5';
  /** The most that one part can copy of an object; absent = what a part can have. */
  maxCopyBytes?: number;
}

export function errorCode({ scheme }: ObjectStoreKind, reason: string): string {
  return `${scheme.toUpperCase()}_${reason}`;
}
