/**
 * Variables of the environment for keys of the static part: `ABS_` and the path of the key in upper case, with `_` for
 * dots and dashes, as `ABS_SERVICE_HTTP_PORT` for `service.http.port`. They come before the document and are never
 * written into it.
 */
import { suggestion } from '../../config/did-you-mean.js';
import { logEvent, warningEvent, type Log } from '../../core/log.js';
import type { DocumentSupplement } from '../document/check-document.js';
import { checkValue } from '../document/check-value.js';
import { isObject, joinPath, toJsonSchema, type JsonSchema } from '../document/json-schema.js';
import { refuse } from '../document/read-value.js';
import { ServiceSettings } from '../document/schema/service-settings.js';

type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'ABS_';
/** What Kubernetes sets in every container where a Service has the name abs. */
const OF_KUBERNETES = /^ABS_(SERVICE_HOST|(SERVICE_)?PORT(_\w+)?)$/;
/** Its key name would have the variable of secret-agent-name, which chooses an agent of the document. */
const INLINE_AGENT = 'secret-agent';
const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false };

interface Key {
  /** Below the document. */
  readonly path: readonly string[];
  readonly schema: JsonSchema;
}

interface Setting extends Key {
  readonly variable: string;
  readonly value: unknown;
}

/** Adds the values of variables to documents, and names the variable in a problem of its key. */
export interface EnvironmentSettings extends DocumentSupplement {
  /** Logs which keys come from variables, without values, and which variables belong to no key. */
  report(log: Log): void;
}

/** All keys that have a variable, by its name: those of the static part, without agents within it. */
export function listVariables(): ReadonlyMap<string, Key> {
  const found = new Map<string, Key>();
  const collect = (schema: JsonSchema, path: readonly string[]): void => {
    if (schema.type === 'object') {
      for (const [key, property] of Object.entries(schema.properties ?? {})) {
        if (key !== INLINE_AGENT) collect(property, [...path, key]);
      }
      return;
    }
    const variable = PREFIX + path.join('_').replaceAll('-', '_').toUpperCase();
    if (found.has(variable)) throw new Error(`${variable} is the variable of two keys`);
    found.set(variable, { path, schema });
  };
  collect(toJsonSchema(ServiceSettings), ['service']);
  return found;
}

/**
 * Empty variables count as absent; the items of a list have commas between them. Throws ServiceError SERVICE_INVALID
 * with all values that the schema does not allow; the errors name the variables.
 */
export function readEnvironmentSettings(environment: Environment): EnvironmentSettings {
  const names = Object.keys(environment).filter((name) => name.startsWith(PREFIX) && environment[name] !== '');
  const variables = names.length === 0 ? new Map<string, Key>() : listVariables();
  const settings: Setting[] = [];
  const unknown: string[] = [];
  for (const variable of names.sort()) {
    const key = variables.get(variable);
    if (key === undefined) {
      if (!OF_KUBERNETES.test(variable)) unknown.push(variable);
    } else settings.push({ ...key, variable, value: parseText(environment[variable]!.trim(), key.schema) });
  }
  refuse(settings.flatMap(({ schema, value, variable }) => checkValue(schema, value, variable)));
  return {
    apply: (document) => settings.reduce((changed, { path, value }) => withValue(changed, path, value), document),
    explain(problem) {
      const beginsWith = (place: string): boolean =>
        /^[:[]/.test(problem.slice(place.length)) && problem.startsWith(place);
      const found = settings.find(({ path }) => beginsWith(joinKey(path)));
      return found === undefined ? problem : `${found.variable} (${problem})`;
    },
    report(log) {
      for (const { variable, path } of settings) {
        const key = joinKey(path);
        log.info(logEvent('config.variable', `${key} has the value of ${variable}`, { key, variable }));
      }
      for (const variable of unknown) {
        const near = suggestion(variable, [...variables.keys()], (name) => name);
        const text = `${variable} of the environment belongs to no key of the configuration${near}`;
        log.info(warningEvent('config.variable', text, { variable }));
      }
    },
  };
}

/** What is no number or flag stays a text, which the schema then refuses. */
function parseText(text: string, { type, items }: JsonSchema): unknown {
  if (type === 'array') return text.split(',').map((item) => parseText(item.trim(), items ?? {}));
  if (type === 'boolean') return FLAGS[text.toLowerCase()] ?? text;
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text;
}

function joinKey(path: readonly string[]): string {
  return path.reduce(joinPath, '');
}

function withValue<Value>(object: Value, [key = '', ...rest]: readonly string[], value: unknown): Value {
  const before: Record<string, unknown> = isObject(object) ? object : {};
  return { ...before, [key]: rest.length === 0 ? value : withValue(before[key], rest, value) } as Value;
}
