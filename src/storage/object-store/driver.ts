/** The driver of any object store. Every start of a program has it; what a store needs is loaded when it is used. */
import type { MessagePort } from 'node:worker_threads';
import { errorMessage } from '../../core/errors.js';
import type { StorageDriver } from '../driver.js';
import { OBJECT_STORE_CAPABILITIES, type ObjectStoreDefinition } from './definition.js';
import { canonicalObjectPath, joinObjectPath, parsePath } from './path.js';
import type { TransferSettings } from './settings.js';

export function createObjectStoreDriver<Settings extends TransferSettings>(
  definition: ObjectStoreDefinition<Settings>,
): StorageDriver<Settings> {
  const { kind } = definition;
  return {
    capabilities: OBJECT_STORE_CAPABILITIES,
    joinPath: joinObjectPath,
    canonicalPath: (path) => canonicalObjectPath(kind, path),

    checkPath(path) {
      try {
        parsePath(kind, path);
        return undefined;
      } catch (error) {
        return errorMessage(error);
      }
    },

    async open(context) {
      return (await import('./open-storage.js')).openObjectStorage(definition, context);
    },

    async openRemote(settings: Settings, port: MessagePort) {
      return (await import('./open-storage.js')).openRemoteObjectStorage(definition, settings, port);
    },
  };
}
