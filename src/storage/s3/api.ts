/**
 * What is asked of an object store, as plain data: the SDK lives in the main thread alone, and whoever stores something
 * in another thread asks through a port (remote-calls.ts). One client means one pool of connections, one place for
 * credentials, and limits that hold for the whole process.
 */
import type { Part } from './part-buffer.js';

interface At {
  bucket: string;
  key: string;
}

interface UploadAt extends At {
  uploadId: string;
}

export interface StoredObject {
  key: string;
  sizeBytes: number;
}

export interface UploadedPart {
  number: number;
  etag: string;
  sizeBytes: number;
}

/** By the name of the call: what it takes, and what it gives. */
export interface Calls {
  /** Objects whose keys begin with `prefix`, without those behind a further slash; all pages. */
  list: { in: { bucket: string; prefix: string }; out: StoredObject[] };
  exists: { in: At; out: boolean };
  /** Uploads under way, all pages; of the keys that `list` would give. */
  listUploads: { in: { bucket: string; prefix: string }; out: { key: string; uploadId: string }[] };
  /**
   * At most `length` bytes from `first` on, in `memory` if that is given. With `etag`, of that version only.
   * `totalBytes` is the size of the whole object; behind its end there are no bytes.
   */
  get: {
    in: At & { first: number; length: number; etag?: string | undefined; memory?: ArrayBuffer | undefined };
    out: { memory: ArrayBuffer; length: number; totalBytes: number; etag: string };
  };
  /** Gives the memory back. */
  put: { in: At & { part: Part }; out: { blocks: ArrayBuffer[] } };
  createUpload: { in: At; out: string };
  /** Gives the memory back. */
  uploadPart: { in: UploadAt & { number: number; part: Part }; out: { etag: string; blocks: ArrayBuffer[] } };
  /** A part from the bytes of the object that stands at the same key. */
  copyPart: { in: UploadAt & { number: number; first: number; length: number }; out: string };
  /** Undefined: there is no such upload (any more). */
  listParts: { in: UploadAt; out: UploadedPart[] | undefined };
  complete: { in: UploadAt & { parts: UploadedPart[] }; out: undefined };
  abort: { in: UploadAt; out: undefined };
  /** Missing ones count as deleted. */
  delete: { in: { bucket: string; keys: string[] }; out: undefined };
}

export type CallName = keyof Calls;

export interface Caller {
  /**
   * Rejects with a StorageError when trying again has not helped. `started` is called when the limit of requests at a
   * time lets the call begin.
   */
  call<N extends CallName>(name: N, input: Calls[N]['in'], started?: () => void): Promise<Calls[N]['out']>;
}

/** Memory that changes hands with a message, rather than being copied. */
export function memoryOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null) return [];
  const { part, blocks, memory } = value as { part?: Part; blocks?: ArrayBuffer[]; memory?: ArrayBuffer };
  return [...(part?.blocks ?? []), ...(blocks ?? []), ...(memory === undefined ? [] : [memory])];
}
