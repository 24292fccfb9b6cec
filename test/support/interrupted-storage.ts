/** Storages that stop, or let somebody else act, before any one of the changes that are made through them. */
import { StorageRegistry, type StorageAccess } from '../../src/storage/registry.js';
import type { Storage } from '../../src/storage/storage.js';

const CHANGES: readonly (keyof Storage)[] = [
  'ensureDirectory',
  'deleteFiles',
  'deleteFile',
  'removeDirectory',
  'create',
  'writeSmall',
  'createExclusive',
  'refresh',
  'replaceIfUnchanged',
  'deleteIfUnchanged',
];

export class KilledError extends Error {}

/**
 * `before` is called with the number of each change, from 0 on, before it is made; what it throws is what the change
 * rejects with. Deleting several files is several changes.
 */
export class InterruptedStorages implements StorageAccess {
  /** Changes so far. */
  count = 0;
  private readonly registry = new StorageRegistry();

  constructor(private readonly before: (change: number, method: string) => Promise<void> | void) {}

  /** As `kill -9` before change `last`: nothing is changed from then on. */
  static killedBefore(last: number): InterruptedStorages {
    return new InterruptedStorages((change) => {
      if (change >= last) throw new KilledError();
    });
  }

  async forPath(path: string): Promise<Storage> {
    const storage = await this.registry.forPath(path);
    return new Proxy(storage, {
      get: (target, name: keyof Storage) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        const call = value as (...args: unknown[]) => unknown;
        if (name === 'deleteFiles') {
          return async (directory: string, names: readonly string[]) => {
            for (const each of names) {
              await this.announce(name);
              await target.deleteFiles(directory, [each]);
            }
          };
        }
        if (!CHANGES.includes(name)) return call.bind(target);
        return async (...args: unknown[]) => {
          await this.announce(name);
          return call.apply(target, args);
        };
      },
    });
  }

  private async announce(method: string): Promise<void> {
    const { before } = this;
    await before(this.count++, method);
  }

  openChannels(): Promise<never[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
