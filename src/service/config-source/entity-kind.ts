import type { ServiceDocument } from '../document/schema/service-document.js';

/** The maps of the document whose entities are changed one by one. */
export type EntityKind = 'aerospike-clusters' | 'storage' | 'backup-policies' | 'backup-routines';

/** How messages call an entity. */
export const ENTITY_NAMES: Readonly<Record<EntityKind, string>> = {
  'aerospike-clusters': 'cluster',
  storage: 'storage',
  'backup-policies': 'policy',
  'backup-routines': 'routine',
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
