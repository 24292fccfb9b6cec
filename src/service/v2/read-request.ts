import type { Static, TSchema } from 'typebox';
import { readValue } from '../document/read-value.js';
import { checkId } from './backups/ids.js';
import { toV2Error, V2Error } from './errors.js';

/**
 * A body with the type of its schema; an absent one is an empty object. Throws V2Error invalid-id and include-exclude
 * for what has a code of its own, invalid-request with all problems for everything else.
 */
export function readRequest<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  const body = value ?? {};
  try {
    if (typeof body === 'object') {
      const { id, include, exclude } = body as Record<string, unknown>;
      if (typeof id === 'string') checkId(id);
      refuseBoth(include, exclude);
    }
    return readValue(schema, body, '');
  } catch (error) {
    throw toV2Error(error);
  }
}

/** Throws V2Error include-exclude. */
export function refuseBoth(include: unknown, exclude: unknown): void {
  const isGiven = (list: unknown): boolean => Array.isArray(list) && list.length > 0;
  if (isGiven(include) && isGiven(exclude)) {
    throw new V2Error('include-exclude', 'include and exclude cannot be given together');
  }
}
