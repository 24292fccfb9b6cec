/** The pieces of a secret value that a message may quote on their own, and the ways in which programs write a text. */
import { resolve } from 'node:path';
import { type HostList, parseHosts, parseNodes } from '../values/hosts.js';
import { parseNames, parseNamespaces, parseQuotableNames, parseSets } from '../values/lists.js';
import type { ValueRule } from '../values/parse-value.js';

/** Any part of so many characters of a secret is a secret: messages cut long texts, and answers of servers do. */
export const PART_LENGTH = 12;
/** A shorter last name of a path can be any word; lines without it would be unreadable. */
const MIN_NAME_LENGTH = 8;
/** The shortest name of a project of Google Cloud. */
const MIN_JSON_LENGTH = 6;
/** What encloses PEM texts is the same in all of them. */
const PEM_MARK = /-----(?:BEGIN|END) [A-Z0-9 ]+-----/;
const PEM_SEPARATOR = /\s+|\\[nr]/;

export interface SecretPieces {
  /** Removed wherever they are, and every part of them that has PART_LENGTH characters. */
  readonly texts: readonly string[];
  /** Removed as a whole only: much of them is not from the secret. */
  readonly wholes: readonly string[];
}

/** `text` is the value of an option with this rule; numbers, flags and choices have no pieces. */
export function secretPieces(rule: ValueRule, text: string): SecretPieces {
  const whole = text.trim();
  switch (rule.type) {
    case 'flag':
    case 'integer':
    case 'choice':
    case 'time':
    case 'moment':
    case 'age':
    case 'duration':
    case 'racks':
    case 'throttle':
    case 'mode':
    case 'compression':
      return { texts: [], wholes: [] };
    case 'pem':
      return { texts: [...pemChunks(whole), ...jsonTexts(whole)], wholes: [text, whole, ...splitLines(whole)] };
    case 'path':
    case 'input':
      return { texts: [text, whole, ...pathPieces(whole)], wholes: absolutePaths(whole) };
    case 'directories': {
      const directories = whole.split(',');
      return {
        texts: [text, whole, ...directories.flatMap((directory) => [directory, ...pathPieces(directory)])],
        wholes: directories.flatMap((directory) => absolutePaths(directory)),
      };
    }
    case 'hosts':
      return { texts: [text, whole, ...orNone(() => hostPieces(parseHosts(whole)))], wholes: [] };
    case 'nodes':
      return { texts: [text, whole, ...orNone(() => hostPieces(parseNodes(whole)))], wholes: [] };
    case 'sets':
      return { texts: [text, whole, ...orNone(() => parseSets(whole))], wholes: [] };
    case 'names': {
      const parse = rule.quotes === true ? parseQuotableNames : parseNames;
      return { texts: [text, whole, ...orNone(() => parse(whole, Infinity))], wholes: [] };
    }
    case 'namespaces':
      return { texts: [text, whole, ...orNone(() => Object.values(parseNamespaces(whole, Infinity)))], wholes: [] };
    case 'namespace-sets':
    case 'renames':
    case 'set-renames':
      return { texts: [text, whole, ...namePieces(whole)], wholes: [] };
    case 'shard':
    case 'partitions':
    case 'digest':
    case 'base64':
    case 'password':
      return { texts: [text, whole, ...splitLines(whole)], wholes: [] };
    case 'text':
      return { texts: [text, whole, ...splitLines(whole), ...urlPieces(whole), ...prefixPieces(whole)], wholes: [] };
  }
}

/** A text as it is, and as it stands in JSON, URLs and XML. */
export function writtenForms(text: string): Set<string> {
  const forms = new Set([text, JSON.stringify(text).slice(1, -1), escapeXml(text)]);
  try {
    const encoded = encodeURIComponent(text);
    forms.add(encoded);
    // Requests to object stores encode these, too, and leave the slashes of a key.
    const strict = encoded.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
    forms.add(strict);
    forms.add(strict.replaceAll('%2F', '/'));
    forms.add(encodeURI(text));
  } catch {
    // A text with half of a surrogate pair stands in no URL.
  }
  return forms;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function splitLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    .filter((line) => !isPemMark(line));
}

function isPemMark(line: string): boolean {
  return line.startsWith('-----') && line.endsWith('-----') && pemChunks(line).length === 0;
}

/** What is between the marks of a PEM text, whether its lines end with line feeds, with blanks or with `\n`. */
function pemChunks(pem: string): string[] {
  const inner = pem.split(PEM_MARK).flatMap((body) => body.split(PEM_SEPARATOR));
  return inner.filter((chunk) => chunk !== '');
}

/** The values in a key file of JSON, such as a name of an account; addresses of services are no secrets. */
function jsonTexts(text: string): string[] {
  if (!text.startsWith('{')) return [];
  const found: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
    if (typeof value !== 'string' || value.length < MIN_JSON_LENGTH || value.startsWith('https://')) return;
    found.push(...pemChunks(value), ...value.split('@'));
  };
  try {
    collect(JSON.parse(text));
  } catch {
    return [];
  }
  return found.filter((piece) => piece.length >= MIN_JSON_LENGTH && !COMMON_JSON.has(piece));
}

const COMMON_JSON = new Set(['service_account', 'authorized_user', 'external_account', 'googleapis.com']);

/** Messages name the directories above a path, a file or object by its last name, and a bucket without its scheme. */
function pathPieces(path: string): string[] {
  const bare = withoutSlashes(path);
  const scheme = bare.indexOf('://');
  if (scheme < 0) return [bare, ...directoriesAbove(bare), ...longName(bare)];
  const inStore = bare.slice(scheme + 3);
  const bucketEnd = inStore.indexOf('/');
  const bucket = bucketEnd < 0 ? inStore : inStore.slice(0, bucketEnd);
  const key = inStore.slice(bucket.length + 1);
  return [bare, inStore, bucket, ...directoriesAbove(inStore), key, ...directoriesAbove(key), ...longName(key)];
}

/** A path and the directories above it as they are opened, without those above the working directory. */
function absolutePaths(path: string): string[] {
  if (path.includes('://') || path === '') return [];
  const absolute = resolve(path);
  const above = directoriesAbove(absolute).filter((directory) => !`${process.cwd()}/`.startsWith(`${directory}/`));
  return [absolute, ...above];
}

/** Those that are too short to be removed as a part of the path. */
function directoriesAbove(path: string): string[] {
  const found: string[] = [];
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
    found.push(path.slice(0, end));
    if (end >= PART_LENGTH) break;
  }
  return found;
}

function longName(path: string): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.length >= MIN_NAME_LENGTH ? [name] : [];
}

function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end--;
  return path.slice(0, end);
}

/** The names in `ns.set` and `old=new`. A set may have points in its name. */
function namePieces(text: string): string[] {
  return text.split(/[,="]/).flatMap((item) => {
    const point = item.indexOf('.');
    return point < 0 ? [item] : [item, item.slice(0, point), item.slice(point + 1)];
  });
}

/** A prefix of file names may have directories. */
function prefixPieces(text: string): string[] {
  if (!text.includes('/') || text.includes('://')) return [];
  return [...directoriesAbove(text), ...longName(text)];
}

/** Messages name the host of a URL or of an address with a port; a query may hold a signature. */
function urlPieces(text: string): string[] {
  const address = /^([^\s:/@]+):\d{1,5}$/.exec(text);
  if (address !== null) return [address[1]!];
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return [];
  return orNone(() => {
    const { hostname, username, password, pathname, search, searchParams } = new URL(text);
    const rest = text.slice(text.indexOf('://') + 3);
    const found = [
      rest,
      rest.split(/[/?#]/)[0]!,
      hostname,
      username,
      password,
      search.slice(1),
      ...searchParams.values(),
    ];
    return [...found, ...(pathname.length > 1 ? [pathname, ...longName(pathname)] : [])];
  });
}

function hostPieces({ entries }: HostList): string[] {
  const names = entries.flatMap(({ host, tlsName }) => (tlsName === undefined ? [host] : [host, tlsName]));
  return names.flatMap((name) => [name, name.toLowerCase()]);
}

/** A text that is not what the option accepts has no pieces. */
function orNone(pieces: () => string[]): string[] {
  try {
    return pieces();
  } catch {
    return [];
  }
}
