import { errorMessage } from '../../core/errors.js';
import { ServiceError } from '../errors.js';

/** Larger requests are refused. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** The deepest document of the service has 8 levels. */
const MAX_DEPTH = 64;

/**
 * Reads the JSON document of a request: one value, and nothing behind it. Throws SERVICE_INVALID.
 *
 * @param body undefined = the request has none
 */
export function parseBody(body: Buffer | undefined): unknown {
  const text = body?.toString('utf8').trim() ?? '';
  if (text === '') throw new ServiceError('SERVICE_INVALID', 'request body is empty');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // V8 quotes the text around the fault, which may be a secret.
    const at = /at position \d+/.exec(errorMessage(error))?.[0];
    const where = at === undefined ? '' : ` (${at})`;
    throw new ServiceError('SERVICE_INVALID', `invalid request: the body is not one JSON document${where}`);
  }
  checkNesting(value);
  return value;
}

/** What reads the document goes down it by calls, and puts its keys into objects. */
function checkNesting(value: unknown): void {
  let level: object[] = isObject(value) ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) {
      throw new ServiceError('SERVICE_INVALID', `invalid request: the body is nested deeper than ${MAX_DEPTH} levels`);
    }
    const below: object[] = [];
    for (const object of level) {
      if (Object.hasOwn(object, '__proto__')) {
        throw new ServiceError('SERVICE_INVALID', 'invalid request: unknown field "__proto__"');
      }
      for (const child of Object.values(object) as unknown[]) if (isObject(child)) below.push(child);
    }
    level = below;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
