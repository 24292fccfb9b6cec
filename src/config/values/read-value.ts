/** Typed settings of the library and of JSON, checked against the schema: no text in between. */
import { checkLength, MAX_RACK, MAX_SET_BYTES, type Throttle } from './lists.js';
import { type HostEntry, type HostList, type NodeList, parseHost, parseHosts, parseNode, parseNodes } from './hosts.js';
import { rangeText } from './number.js';
import { checkMode, checkText, parseChoice, parsePath, parseValue, type Value, type ValueRule } from './parse-value.js';
import { checkRenames, checkSetRenames, parseNamespaceSet, type Rename } from './set-names.js';
import { checkShard } from './shard.js';
import { ValueError } from './value-error.js';

const DIGEST_BYTES = 20;
// The server's clock counts nanoseconds in a signed 64-bit integer.
const LAST_TIME_MS = Date.UTC(2262, 0, 1);
/** ISO 8601 with a zone: JSON has no dates. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * The value that a setting stands for. `content` = the setting holds the PEM text itself, not the path of a file.
 * Throws a ValueError that says what is expected; it never quotes a text that may be secret.
 */
export function readValue(rule: ValueRule, raw: unknown, content = false): Value {
  if (!content) checkTexts(raw);
  switch (rule.type) {
    case 'flag':
      if (typeof raw !== 'boolean') throw new ValueError('expected true or false');
      return true;
    case 'text':
      return readText(raw, rule.maxBytes);
    case 'password':
      return { text: readText(raw), literal: true };
    case 'path':
      return readPath(raw, rule.s3 === true);
    case 'pem':
      if (!content) return { path: readPath(raw, false) };
      if (typeof raw !== 'string') throw new ValueError('expected PEM text');
      return { content: raw };
    case 'input':
      return { kind: 'file', path: readPath(raw, true) };
    case 'integer':
      return readInteger(raw, rule.min, rule.max);
    case 'choice':
      return parseChoice(readText(raw), rule.values, rule.anyCase === true);
    case 'names':
      return readNames(raw, rule.maxBytes, rule.quotes === true);
    case 'sets':
      return readNames(raw, MAX_SET_BYTES, true);
    case 'namespaces':
      return readNamespaces(raw, rule.maxBytes);
    case 'hosts':
      return readHosts(raw);
    case 'nodes':
      return readNodes(raw);
    case 'racks':
      return readList(raw).map((item) => readInteger(item, 0, MAX_RACK));
    case 'directories': {
      const paths = readList(raw).map((item) => readPath(item, true));
      if (paths.length === 0) throw new ValueError('expected a list of paths');
      return paths;
    }
    case 'digest':
    case 'base64':
      return readBytes({ type: rule.type }, raw);
    case 'partitions':
    case 'age':
    case 'duration':
    case 'compression':
      return parseValue(rule, readText(raw));
    case 'shard':
      return readShard(raw);
    case 'time':
    case 'moment':
      return readTime(raw);
    case 'namespace-sets':
      return readList(raw).map((item) => parseNamespaceSet(readText(item)));
    case 'renames':
      return checkRenames(readRenames(raw));
    case 'set-renames':
      return checkSetRenames(readRenames(raw));
    case 'mode':
      return checkMode(readInteger(raw, 0, 0o777));
    case 'throttle':
      // Each of its parts is a setting of its own: readThrottle.
      throw new ValueError('expected two numbers');
  }
}

/** All texts in a list or an object, too. */
function checkTexts(raw: unknown): void {
  if (typeof raw === 'string') checkText(raw);
  else if (Array.isArray(raw)) raw.forEach(checkTexts);
  else if (isObject(raw) && !(raw instanceof Uint8Array)) Object.entries(raw).flat().forEach(checkTexts);
}

/** The limits of a restore, each from its own setting. */
export function readThrottle(bandwidth: unknown, rate: unknown, max: number): Throttle {
  return {
    ...(bandwidth === undefined ? {} : { mibPerSecond: readInteger(bandwidth, 1, max) }),
    ...(rate === undefined ? {} : { recordsPerSecond: readInteger(rate, 1, max) }),
  };
}

function readText(raw: unknown, maxBytes?: number): string {
  if (typeof raw !== 'string') throw new ValueError('expected a text');
  if (maxBytes !== undefined) checkLength(raw, maxBytes);
  return raw;
}

function readInteger(raw: unknown, min: number, max: number): number {
  if (typeof raw !== 'number' || !Number.isSafeInteger(raw) || raw < min || raw > max) {
    throw new ValueError(`expected ${rangeText(min, max)}`);
  }
  return raw;
}

/** "-" is a file of that name, not a standard stream. */
function readPath(raw: unknown, s3: boolean): string {
  if (typeof raw !== 'string') throw new ValueError('expected a path');
  return parsePath(raw === '-' ? './-' : raw, s3);
}

function readList(raw: unknown): readonly unknown[] {
  if (!Array.isArray(raw)) throw new ValueError('expected a list');
  return raw;
}

function readNames(raw: unknown, maxBytes: number, emptyAllowed: boolean): string[] {
  return readList(raw).map((item) => {
    const name = readText(item, maxBytes);
    if (name === '' && !emptyAllowed) throw new ValueError('the list has an empty name');
    return name;
  });
}

function readNamespaces(raw: unknown, maxBytes: number): { from: string; to: string } {
  const pair = typeof raw === 'string' ? { from: raw, to: raw } : raw;
  if (!isObject(pair) || typeof pair.from !== 'string' || typeof pair.to !== 'string') {
    throw new ValueError('expected a name, or { from, to }');
  }
  const { from, to } = pair;
  for (const name of [from, to]) {
    if (name === '') throw new ValueError('a name is empty');
    checkLength(name, maxBytes);
  }
  return { from, to };
}

/** An object whose keys are the old names. */
function readRenames(raw: unknown): Rename[] {
  if (!isObject(raw)) throw new ValueError('expected an object of old and new names');
  return Object.entries(raw).map(([from, to]) => ({ from, to: readText(to) }));
}

function readHosts(raw: unknown): HostList {
  if (typeof raw === 'string') return parseHosts(raw);
  if (!Array.isArray(raw) || raw.length === 0) throw new ValueError('expected a text or a list of hosts');
  const entries = raw.map((item: unknown) => (typeof item === 'string' ? parseHost(item) : readHost(item)));
  return { entries, text: entries.map(hostText).join(',') };
}

function readHost(raw: unknown): HostEntry {
  if (!isObject(raw)) throw new ValueError('expected a text or a list of hosts');
  const { host, port, tlsName } = raw;
  if (typeof host !== 'string' || host === '') throw new ValueError('a host is empty');
  return {
    // A host that is an IPv6 address may be in brackets, as in a text.
    host: host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host,
    ...(port === undefined ? {} : { port: readInteger(port, 1, 65535) }),
    ...(tlsName === undefined ? {} : { tlsName: readText(tlsName) }),
  };
}

function hostText({ host, tlsName, port }: HostEntry): string {
  const address = host.includes(':') ? `[${host}]` : host;
  return [address, ...(tlsName === undefined ? [] : [tlsName]), ...(port === undefined ? [] : [port])].join(':');
}

function readNodes(raw: unknown): NodeList {
  if (typeof raw === 'string') return parseNodes(raw);
  const texts = readList(raw).map((item) => readText(item));
  if (texts.length === 0) throw new ValueError('expected a list of nodes');
  return { text: texts.join(','), entries: texts.map((text) => parseNode(text)) };
}

function readBytes(rule: { readonly type: 'digest' | 'base64' }, raw: unknown): Value {
  if (raw instanceof Uint8Array) {
    if (rule.type === 'digest' && raw.length !== DIGEST_BYTES) throw new ValueError('expected a digest of 20 bytes');
    if (raw.length === 0) throw new ValueError('expected at least one byte');
    return Buffer.from(raw);
  }
  if (typeof raw !== 'string') throw new ValueError('expected bytes, or their base64 text');
  return parseValue(rule, raw);
}

function readTime(raw: unknown): number {
  const time =
    raw instanceof Date ? raw.getTime() : typeof raw === 'string' && ISO_TIME.test(raw) ? Date.parse(raw) : NaN;
  if (!(time > 0 && time < LAST_TIME_MS)) throw new ValueError('expected a date after 1970-01-01');
  return time;
}

/** As on the command line, or an object. */
function readShard(raw: unknown): Value {
  if (!isObject(raw)) return parseValue({ type: 'shard' }, readText(raw));
  const { index, count } = raw;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count) || (index as number) < 0) {
    throw new ValueError('expected a text, or { index, count }');
  }
  return checkShard(index as number, count as number);
}

function isObject(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}
