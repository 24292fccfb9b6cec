/** The document as YAML text. */
import type { TSchema } from 'typebox';
import { Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, Scalar, visit } from 'yaml';
import { findValueSchema, toJsonSchema, type JsonSchema } from '../document/json-schema.js';
import { ServiceError } from '../errors.js';

const HEADER = '# Configuration of the backup service, which rewrites this file: comments are lost when it does.\n';
const MAX_ALIASES = 1000;
const MERGE = '<<';
/** What Go's YAML takes for a flag where one is expected. */
const FLAGS: Readonly<Record<string, boolean>> = { y: true, yes: true, on: true, n: false, no: false, off: false };

/** The text of a value. */
export function formatYaml(value: object): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Pair(_, { key }) {
      // Plain, it would be read as a merge of what it holds.
      if (isScalar(key) && key.value === MERGE) key.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return HEADER + document.toString({ lineWidth: 0 });
}

/**
 * The value of a text; nothing = undefined. A number or date where the schema has a text is the text as written, as
 * passwords are often numbers. Throws ServiceError SERVICE_FAILED; the error holds no part of the text.
 */
export function parseYaml(schema: TSchema, text: string, description: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const [error] = document.errors;
  const fail = (what: string): ServiceError =>
    new ServiceError('SERVICE_FAILED', `cannot parse the configuration from ${description}: ${what}`);
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw fail(`line ${line}, column ${col}: ${error.code.toLowerCase().replaceAll('_', ' ')}`);
  }
  adapt(document.contents, toJsonSchema(schema), { resolve: (node) => node.resolve(document), seen: new Set() });
  try {
    return (document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown) ?? undefined;
  } catch {
    throw fail('its aliases cannot be resolved');
  }
}

interface Walk {
  readonly resolve: (node: Extract<Node, { source: string; resolve: unknown }>) => Node | undefined;
  /** Aliases may name the same node many times, and an enclosing one. */
  readonly seen: Set<Node>;
}

function adapt(node: unknown, schema: JsonSchema | undefined, walk: Walk): void {
  if (schema === undefined) return;
  if (isAlias(node)) {
    adapt(walk.resolve(node), schema, walk);
  } else if (isScalar(node)) {
    adaptScalar(node, schema);
  } else if (isMap(node) || isSeq(node)) {
    if (walk.seen.has(node)) return;
    walk.seen.add(node);
    if (isSeq(node)) {
      for (const item of node.items) adapt(item, schema.items, walk);
      return;
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (name === MERGE && isScalar(key) && (key.type ?? Scalar.PLAIN) === Scalar.PLAIN) adapt(value, schema, walk);
      else adapt(value, findValueSchema(schema) ?? ownProperty(schema, name), walk);
    }
  }
}

function ownProperty({ properties = {} }: JsonSchema, name: string): JsonSchema | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function adaptScalar(node: Scalar, schema: JsonSchema): void {
  const { value, source } = node;
  const isText = schema.type === 'string';
  if (isText && source !== undefined && (typeof value === 'number' || typeof value === 'boolean')) node.value = source;
  const flag = typeof value === 'string' && node.type === Scalar.PLAIN ? FLAGS[value.toLowerCase()] : undefined;
  if (schema.type === 'boolean' && flag !== undefined) node.value = flag;
}
