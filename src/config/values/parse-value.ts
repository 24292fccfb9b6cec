import type { Compression } from '../../codecs/codecs.js';
import { checkPath } from '../../storage/paths.js';
import type { PartitionFilter } from '../../aerospike/config.js';
import type { RestoreSource } from '../../engine/restore/config.js';
import type { Age } from '../../engine/catalog/retention.js';
import { parseAge } from './age.js';
import { parseCompression } from './compression.js';
import { type HostList, type NodeList, parseHosts, parseNodes } from './hosts.js';
import { parseDuration } from './duration.js';
import { parseDirectories } from './directories.js';
import { parseInput } from './input.js';
import {
  checkLength,
  parseNames,
  parseQuotableNames,
  parseNamespaces,
  parseRacks,
  parseSets,
  parseThrottle,
  type Throttle,
} from './lists.js';
import { parseInteger } from './number.js';
import { parseDigest, parsePartitions } from './partitions.js';
import {
  type NamespaceSet,
  parseNamespaceSets,
  parseRenames,
  parseSetRenames,
  type Rename,
  type SetRename,
} from './set-names.js';
import { parseMoment, parseTime } from './time.js';
import { parseShard, type ShardChoice } from './shard.js';
import { ValueError } from './value-error.js';

const MAX_MODE = 0o777;
const OWNER_BITS = 0o600;

/** What an option's argument must look like. */
export type ValueRule =
  | { readonly type: 'flag' }
  | { readonly type: 'text'; readonly maxBytes?: number }
  /** `s3`: may also be `s3://BUCKET/KEY`. */
  | { readonly type: 'path'; readonly s3?: true }
  /** The path of a PEM file; a secret holds the PEM text itself. */
  | { readonly type: 'pem' }
  | { readonly type: 'input' }
  | { readonly type: 'integer'; readonly min: number; readonly max: number }
  | { readonly type: 'choice'; readonly values: readonly string[]; readonly anyCase?: true }
  /** `quotes`: a name may stand in quotes, and then be empty. */
  | { readonly type: 'names'; readonly maxBytes: number; readonly quotes?: true }
  | { readonly type: 'namespaces'; readonly maxBytes: number }
  | { readonly type: 'sets' | 'hosts' | 'nodes' | 'racks' | 'throttle' | 'directories' }
  /** `env:VARIABLE`, `file:PATH` or the password itself. */
  | { readonly type: 'password' }
  /** Permission bits in octal. */
  | { readonly type: 'mode' }
  /** Names of namespaces and sets (set-names.ts). */
  | { readonly type: 'namespace-sets' | 'renames' | 'set-renames' }
  /** `moment`: a time that may also be in ISO 8601. */
  | {
      readonly type:
        'partitions' | 'digest' | 'base64' | 'time' | 'moment' | 'age' | 'duration' | 'shard' | 'compression';
    };

/** Where PEM text is: in a file, or here because it came from the secret agent. Never to be printed. */
export type PemSource = { readonly path: string } | { readonly content: string };

/** A password, or with `literal: false` a text that may refer to one (`passwordFrom`). */
export interface PasswordText {
  readonly text: string;
  readonly literal: boolean;
}

/** What each kind of argument becomes. */
export interface ValueTypes {
  flag: true;
  text: string;
  path: string;
  pem: PemSource;
  input: RestoreSource;
  integer: number;
  choice: string;
  names: string[];
  namespaces: { from: string; to: string };
  sets: string[];
  hosts: HostList;
  nodes: NodeList;
  racks: number[];
  throttle: Throttle;
  directories: string[];
  password: PasswordText;
  mode: number;
  partitions: PartitionFilter[];
  digest: Buffer;
  base64: Buffer;
  time: number;
  moment: number;
  'namespace-sets': NamespaceSet[];
  renames: Rename[];
  'set-renames': SetRename[];
  age: Age;
  /** Seconds. */
  duration: number;
  shard: ShardChoice;
  compression: Compression | 'none';
}

export type Value = ValueTypes[ValueRule['type']];

/** Throws a ValueError that says what is wrong with the text. */
export function parseValue(rule: ValueRule, text: string): Value {
  checkText(text);
  switch (rule.type) {
    case 'flag':
      return true;
    case 'text':
      if (rule.maxBytes !== undefined) checkLength(text, rule.maxBytes);
      return text;
    case 'path':
      return parsePath(text, rule.s3 === true);
    case 'pem':
      return { path: parsePath(text, false) };
    case 'input':
      parsePath(text, true);
      return parseInput(text);
    case 'integer':
      return parseInteger(text, rule.min, rule.max);
    case 'choice':
      return parseChoice(text, rule.values, rule.anyCase === true);
    case 'names':
      return rule.quotes === true ? parseQuotableNames(text, rule.maxBytes) : parseNames(text, rule.maxBytes);
    case 'namespaces':
      return parseNamespaces(text, rule.maxBytes);
    case 'sets':
      return parseSets(text);
    case 'hosts':
      return parseHosts(text);
    case 'nodes':
      return parseNodes(text);
    case 'racks':
      return parseRacks(text);
    case 'throttle':
      return parseThrottle(text);
    case 'directories':
      return parseDirectories(text);
    case 'password':
      return { text, literal: false };
    case 'mode':
      return parseMode(text);
    case 'partitions':
      return parsePartitions(text);
    case 'digest':
      return parseDigest(text);
    case 'base64':
      return parseBase64(text);
    case 'age':
      return parseAge(text);
    case 'duration':
      return parseDuration(text);
    case 'shard':
      return parseShard(text);
    case 'compression':
      return parseCompression(text);
    case 'time':
      return parseTime(text);
    case 'moment':
      return parseMoment(text);
    case 'namespace-sets':
      return parseNamespaceSets(text);
    case 'renames':
      return parseRenames(text);
    case 'set-renames':
      return parseSetRenames(text);
  }
}

function parseMode(text: string): number {
  if (!/^[0-7]{3,4}$/.test(text)) throw new ValueError('expected permissions in octal, as 0640');
  return checkMode(Number.parseInt(text, 8));
}

/**
 * Texts of files and programs may hold what no command line does. The system and other programs end names at a NUL
 * byte, and half of a surrogate pair becomes U+FFFD: either would be another name.
 */
export function checkText(text: string): void {
  if (text.includes('\0')) throw new ValueError('it contains a NUL byte');
  if (/\p{Surrogate}/u.test(text)) throw new ValueError('it contains half of a surrogate pair, which is no character');
}

/** The owner must be able to read and write what a run makes. */
export function checkMode(mode: number): number {
  if (mode > MAX_MODE || (mode & OWNER_BITS) !== OWNER_BITS) {
    throw new ValueError('expected permissions from 0600 to 0777 that let the owner read and write');
  }
  return mode;
}

export function parsePath(text: string, s3: boolean): string {
  if (text === '') throw new ValueError('the path is empty');
  const problem = s3 ? checkPath(text) : undefined;
  if (problem !== undefined) throw new ValueError(problem);
  return text;
}

export function parseChoice(text: string, values: readonly string[], anyCase: boolean): string {
  const found = values.find((value) => value === text || (anyCase && value.toLowerCase() === text.toLowerCase()));
  if (found === undefined) {
    throw new ValueError(
      values.length === 1 ? `only "${values[0]!}" is known` : `expected one of ${values.join(', ')}`,
    );
  }
  return found;
}

function parseBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new ValueError('expected base64 with padding');
  }
  return bytes;
}
