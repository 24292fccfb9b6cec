/** Secrets are never shown: what stands in their place, and what becomes of it when it is sent back. */
import type { TSchema } from 'typebox';
import { isReference } from '../../config/secrets/secret-uri.js';
import { findValueSchema, isObject, joinPath, toJsonSchema, type JsonSchema } from './json-schema.js';
import { SECRET_KEYWORD } from './schema/keywords.js';

/** What is shown in place of a secret. */
export const HIDDEN = '[secret]';

/** A copy in which every literal secret is hidden. References to the secret agent stay. */
export function redact<Value>(schema: TSchema, value: Value): Value {
  return mapSecrets(toJsonSchema(schema), value, '', (text, kind) => hide(text, kind)) as Value;
}

export interface RestoredSecrets {
  value: unknown;
  /** Places that hold what is shown, while there is nothing that it stands for. */
  problems: string[];
}

/**
 * A copy in which what is shown is replaced by what it stands for in `stored`, at the same place.
 *
 * @param where what the paths of problems begin with
 */
export function restoreSecrets(schema: TSchema, value: unknown, stored: unknown, where: string): RestoredSecrets {
  const problems: string[] = [];
  const restored = mapSecrets(
    toJsonSchema(schema),
    value,
    where,
    (text, kind, place, old) => {
      if (!text.includes(HIDDEN)) return text;
      if (typeof old === 'string' && hide(old, kind) === text) return old;
      problems.push(`${place}: ${HIDDEN} stands for a stored secret, and there is none`);
      return text;
    },
    stored,
  );
  return { value: restored, problems };
}

/** Every literal secret of a value, for a log that must not show them. */
export function collectSecrets(schema: TSchema, value: unknown): string[] {
  const secrets: string[] = [];
  mapSecrets(toJsonSchema(schema), value, '', (text, kind) => {
    if (text !== hide(text, kind)) secrets.push(...(kind === 'all' ? [text] : secretParts(text)));
    return text;
  });
  return secrets;
}

type MapSecret = (text: string, kind: 'all' | 'url', place: string, stored: unknown) => string;

function mapSecrets(schema: JsonSchema, value: unknown, where: string, map: MapSecret, stored?: unknown): unknown {
  const kind = schema[SECRET_KEYWORD];
  if (kind !== undefined) return typeof value === 'string' ? map(value, kind, where, stored) : value;
  if (Array.isArray(value)) {
    const old = Array.isArray(stored) ? (stored as unknown[]) : [];
    return value.map((item: unknown, i) => mapSecrets(schema.items ?? {}, item, `${where}[${i}]`, map, old[i]));
  }
  if (!isObject(value)) return value;
  const values = findValueSchema(schema);
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    const property = values ?? (Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : undefined);
    const old = isObject(stored) && Object.hasOwn(stored, key) ? stored[key] : undefined;
    return [key, property === undefined ? item : mapSecrets(property, item, joinPath(where, key), map, old)];
  });
  return Object.fromEntries(entries);
}

function hide(text: string, kind: 'all' | 'url'): string {
  if (text === '') return text;
  if (kind === 'all') return isReference(text) ? text : HIDDEN;
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, `$1${HIDDEN}@`).replace(/\?.+$/s, `?${HIDDEN}`);
}

/** A user with a password, and a query. */
function secretParts(url: string): string[] {
  const user = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)@/i.exec(url)?.[1];
  const query = /\?(.+)$/s.exec(url)?.[1];
  return [user ?? '', query ?? ''].filter((part) => part !== '');
}
