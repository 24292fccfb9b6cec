/** How runs use the entities that a routine names. */
import type { Log } from '../core/log.js';
import { findEntity } from './document/find-entity.js';
import { ServiceError } from './errors.js';
import type { EntityAccess } from './routines/create-environment.js';
import { openStorage } from './settings/open-storage.js';
import { toBackupSettings, toClusterSettings } from './settings/settings.js';

/** Its functions throw ServiceError SERVICE_NOT_FOUND for a name that the document does not have. */
export function createEntityAccess(log: Log): EntityAccess {
  return {
    toBackupSettings,
    toClusterSettings: async (name, document) =>
      toClusterSettings(getEntity(document['aerospike-clusters'], name, 'cluster'), document),
    openStorage: async (name, document) => openStorage(getEntity(document.storage, name, 'storage'), document, log),
  };
}

function getEntity<Entity>(map: Readonly<Record<string, Entity>> | undefined, name: string, what: string): Entity {
  const entity = findEntity(map, name);
  if (entity === undefined) throw new ServiceError('SERVICE_NOT_FOUND', `${what} "${name}" not found`);
  return entity;
}
