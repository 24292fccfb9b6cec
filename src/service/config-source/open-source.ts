/** Sources of the configuration: a file, a URL, or an object of a storage. */
import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, systemErrorText } from '../../core/errors.js';
import { createRunId } from '../../core/run.js';
import { LockError, RunLock } from '../../engine/backup/checkpoint/lock.js';
import { LocalStorage } from '../../storage/local/storage.js';
import { StorageRegistry, type StorageAccess } from '../../storage/registry.js';
import type { Storage as OpenStorage } from '../../storage/storage.js';
import { HIDDEN } from '../document/secrets.js';
import { checkStorage } from '../document/rules/storage-rules.js';
import { readValue, refuse } from '../document/read-value.js';
import { Storage } from '../document/schema/storage.js';
import { ServiceError } from '../errors.js';
import { openStorage } from '../settings/open-storage.js';
import type { ConfigSource } from './config-source.js';
import { parseYaml } from './yaml-text.js';

/** What names the document in messages of the storage. */
const WHAT = 'the configuration';
const FETCH_TIMEOUT_MS = 60_000;
/** A change of another process takes no longer. */
const LOCK_WAIT_MS = 10_000;
const LOCK_RETRY_MS = 50;
/** As for the body of a request. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * @param location a path or an http(s) URL
 * @param isRemote what is there is the storage that the document is in: its `path` is that of the document. Throws
 * ServiceError if it cannot be had.
 */
export async function openSource(location: string, isRemote: boolean): Promise<ConfigSource> {
  const named = /^https?:\/\//i.test(location) ? new UrlSource(location) : new FileSource(location);
  if (!isRemote) return named;
  const storage = readValue(Storage, parseYaml(Storage, await named.read(), named.description), '');
  refuse(checkStorage(storage, {}, ''));
  return new ObjectSource(storage);
}

/** A file of the host. A link to it stays a link. */
export class FileSource implements ConfigSource {
  readonly description: string;

  constructor(
    private readonly path: string,
    private readonly storage: Pick<OpenStorage, 'readSmall' | 'writeSmall'> = new LocalStorage(),
  ) {
    this.description = path;
  }

  async read(): Promise<string> {
    return decode(await guardRead(this.description, this.storage.readSmall(this.path, WHAT)), this.description);
  }

  async write(text: string): Promise<void> {
    const path = await realpath(this.path).catch(() => this.path);
    await this.storage.writeSmall(path, text, WHAT);
  }

  async replace(before: string, text: string): Promise<boolean> {
    const path = await realpath(this.path).catch(() => this.path);
    return replaceLocked(path, new StorageRegistry(), async () => {
      if ((await this.read()) !== before) return false;
      await this.write(text);
      return true;
    });
  }
}

/** Read by GET; nothing can be written. */
class UrlSource implements ConfigSource {
  readonly description: string;

  constructor(private readonly url: string) {
    this.description = url.replace(/^(https?:\/\/)[^/?#]*@/i, `$1${HIDDEN}@`).replace(/\?.*$/s, `?${HIDDEN}`);
  }

  async read(): Promise<string> {
    return guardRead(this.description, this.fetch());
  }

  private async fetch(): Promise<string> {
    const { url, ...login } = splitLogin(this.url);
    let response: Response;
    try {
      response = await fetch(url, { ...login, signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new Error(systemErrorText(cause), { cause: error });
    }
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (bytes.length > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    return decode(bytes, this.description);
  }
}

/** `fetch` takes no user in a URL. */
function splitLogin(text: string): { url: string; headers?: Record<string, string> } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.username === '' && url.password === '')) return { url: text };
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url: url.href, headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` } };
}

/** An object of a storage, or a file of it. */
class ObjectSource implements ConfigSource {
  readonly description: string;

  constructor(private readonly storage: Storage) {
    const [kind = ''] = Object.keys(storage);
    this.description = `the configuration in ${kind}`;
  }

  async read(): Promise<string> {
    const work = this.withStorage((storage, path) => storage.readSmall(path, WHAT));
    return decode(await guardRead(this.description, work), this.description);
  }

  async write(text: string): Promise<void> {
    await this.withStorage((storage, path) => storage.writeSmall(path, text, WHAT));
  }

  async replace(before: string, text: string): Promise<boolean> {
    return this.withStorage(async (storage, path, storages) => {
      const read = async (): Promise<string> => decode(await storage.readSmall(path, WHAT), this.description);
      if (storage.capabilities.hasDirectories) {
        return replaceLocked(path, storages, async () => {
          if ((await read()) !== before) return false;
          await storage.writeSmall(path, text, WHAT);
          return true;
        });
      }
      // The version first: what is read then is as old or newer, and a newer one is not replaced.
      const found = await storage.readVersion(path);
      if (found === undefined || (await read()) !== before) return false;
      if ((await storage.replaceIfUnchanged(path, found.version, text)) !== undefined) return true;
      // A long text is not compared by the storage.
      return (await read()) === text;
    });
  }

  private async withStorage<T>(
    work: (storage: OpenStorage, path: string, storages: StorageAccess) => Promise<T>,
  ): Promise<T> {
    const opened = await openStorage(this.storage, {});
    const { storage, root } = opened;
    try {
      return await work(await storage.forPath(root), root, storage);
    } finally {
      await opened.close();
    }
  }
}

/** Where a file cannot be replaced on a condition, one process at a time compares and writes. */
async function replaceLocked(path: string, storages: StorageAccess, work: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      const { signal } = new AbortController();
      const paths = [`${path}.lock`];
      const lock = await RunLock.acquire({ paths, runId: createRunId(), storages, signal, onLost: () => undefined });
      try {
        return await work();
      } finally {
        await lock.release();
      }
    } catch (error) {
      if (!(error instanceof LockError) || performance.now() > end) throw error;
      await sleep(LOCK_RETRY_MS);
    }
  }
}

async function guardRead<T>(description: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const text = `cannot read the configuration from ${description}: ${errorMessage(error)}`;
    throw new ServiceError('SERVICE_FAILED', text, { cause: error });
  }
}

function decode(bytes: Buffer, description: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ServiceError('SERVICE_FAILED', `the configuration from ${description} is not UTF-8 text`);
  }
}
