/** Pieces of the schemas: what several of them need, and the keywords beside those of JSON Schema. */
import { Type } from 'typebox';

/** Marks texts that are shown as `[secret]`: all of a text, or what follows `?` and stands before `@` in a URL. */
export const SECRET_KEYWORD = 'x-secret';
/** The values of a text that are accepted in upper and lower case. */
export const VALUES_KEYWORD = 'x-values';

/** A text that is a secret itself, or a reference to one in the agent of the entity. */
export function secret(description: string) {
  return Type.String({
    description: `${description} Also a reference secrets:RESOURCE:KEY to the secret agent.`,
    format: 'password',
    [SECRET_KEYWORD]: 'all',
  });
}

/** A URL, in which a user, a password and a query are secrets. */
export function secretUrl(description: string) {
  return Type.String({ description, [SECRET_KEYWORD]: 'url' });
}

/** A count of milliseconds, 0 included. */
export function milliseconds(description: string, defaultMs: number) {
  return Type.Integer({ description: `${description} Milliseconds.`, default: defaultMs, minimum: 0 });
}

export function flag(description: string) {
  return Type.Boolean({ description, default: false });
}

/** The name of an entity of the document. */
export function name(description: string) {
  return Type.String({ description, minLength: 1 });
}

/** A list of texts that are not empty, without duplicates. */
export function names(description: string) {
  return Type.Array(Type.String({ minLength: 1 }), { description, uniqueItems: true });
}

/** Of objects: only the properties that are listed. */
export const STRICT = { additionalProperties: false } as const;
