/** Settings that a document of ABS may hold and that change nothing here: accepted, and named in the log. */
import { resolvePolicy } from './defaults.js';
import type { ServiceDocument } from './schema/service-document.js';

export interface IdleSetting {
  /** The place in the document. */
  path: string;
  /** A sentence without a full stop. */
  text: string;
}

/** In the order of the document. */
export function findIdleSettings(document: ServiceDocument): IdleSetting[] {
  const found: IdleSetting[] = [];
  const add = (path: string, why: string): void => void found.push({ path, text: `${path} has no effect: ${why}` });
  for (const [name, storage] of Object.entries(document.storage ?? {})) {
    for (const kind of ['s3-storage', 'azure-storage'] as const) {
      if (storage[kind]?.['storage-class']?.metadata === undefined) continue;
      const where = kind === 's3-storage' ? 'bucket' : 'account';
      add(`storage.${name}.${kind}.storage-class.metadata`, `metadata is in the default class of the ${where}`);
    }
  }
  for (const [name, policy] of Object.entries(document['backup-policies'] ?? {})) {
    const path = `backup-policies.${name}`;
    const { parallel } = resolvePolicy(policy);
    if (policy['use-scan-compression'] === true) {
      add(`${path}.use-scan-compression`, 'nodes send what they read as it is');
    }
    const writers = policy['parallel-write'];
    if (writers !== undefined && writers !== parallel) {
      add(`${path}.parallel-write`, `each of the ${parallel} scans of parallel writes a file of its own`);
    }
  }
  return found;
}
