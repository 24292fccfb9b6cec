import type { TSchema } from 'typebox';
import { AerospikeCluster } from '../document/schema/aerospike-cluster.js';
import { BackupPolicy } from '../document/schema/backup-policy.js';
import { BackupRoutine } from '../document/schema/backup-routine.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import { Storage } from '../document/schema/storage.js';

/** The maps of the document whose entities are changed one by one. */
export type EntityKind = 'aerospike-clusters' | 'storage' | 'backup-policies' | 'backup-routines';

/** How messages call an entity. */
export const ENTITY_NAMES: Readonly<Record<EntityKind, string>> = {
  'aerospike-clusters': 'cluster',
  storage: 'storage',
  'backup-policies': 'policy',
  'backup-routines': 'routine',
};

export const ENTITY_SCHEMAS: Readonly<Record<EntityKind, TSchema>> = {
  'aerospike-clusters': AerospikeCluster,
  storage: Storage,
  'backup-policies': BackupPolicy,
  'backup-routines': BackupRoutine,
};

const REFERENCES = {
  'aerospike-clusters': 'source-cluster',
  storage: 'storage',
  'backup-policies': 'backup-policy',
} as const;

/** The routines that name the entity, sorted. */
export function findUsers(kind: EntityKind, name: string, document: ServiceDocument): string[] {
  if (kind === 'backup-routines') return [];
  const key = REFERENCES[kind];
  const routines = Object.entries(document['backup-routines'] ?? {});
  return routines.flatMap(([routine, entity]) => (entity[key] === name ? [routine] : [])).sort();
}
