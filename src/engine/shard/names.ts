/**
 * Names in a directory that several shards of one backup write to: none of them is that of another shard, or of a
 * backup in one piece.
 */
import { basename } from 'node:path';
import { isShard, type Shard } from '../../core/shard.js';

/** Ends the manifest of a shard, which is its state, too. */
const MANIFEST_SUFFIX = '.manifest.json';
/** Ends the lock of a shard. */
const LOCK_SUFFIX = '.asb.lock';

/** A shard of the backup with this prefix. */
export interface ShardName {
  prefix: string;
  shard: Shard;
}

/** `test-3of8`: the prefix of the files of a shard, `test-3of8_00000.asb`. */
export function shardPrefix(prefix: string, { index, count }: Shard): string {
  return `${prefix}-${index}of${count}`;
}

/** Undefined = a backup in one piece has this prefix. */
export function parseShardPrefix(text: string): ShardName | undefined {
  const match = /^(.*)-(0|[1-9]\d{0,3})of([1-9]\d{0,3})$/s.exec(text);
  if (match === null) return undefined;
  const shard = { index: Number(match[2]), count: Number(match[3]) };
  return isShard(shard) ? { prefix: match[1]!, shard } : undefined;
}

/** The shard that a file of records, or of the indexes that those cannot hold, is of. `name`: without directory. */
export function parseShardFile(name: string): ShardName | undefined {
  const prefix = /^(?:metadata_)?(.*)_(?:\d{5}|[1-9]\d{5,})\.asb$/s.exec(name)?.[1];
  return prefix === undefined ? undefined : parseShardPrefix(prefix);
}

/** `prefix`: of the shard. */
export function shardManifestName(prefix: string): string {
  return `${basename(prefix)}${MANIFEST_SUFFIX}`;
}

export function parseShardManifest(name: string): ShardName | undefined {
  return name.endsWith(MANIFEST_SUFFIX) ? parseShardPrefix(name.slice(0, -MANIFEST_SUFFIX.length)) : undefined;
}

/** `prefix`: of the shard. */
export function shardLockName(prefix: string): string {
  return `${basename(prefix)}${LOCK_SUFFIX}`;
}

export function isShardLock(name: string): boolean {
  return name.endsWith(LOCK_SUFFIX) && parseShardPrefix(name.slice(0, -LOCK_SUFFIX.length)) !== undefined;
}

/** A test whether a file name without directory is of any shard of the backup with this prefix. */
export function matchShardFile(prefix: string): (name: string) => boolean {
  const own = basename(prefix);
  return (name) => parseShardFile(name)?.prefix === own;
}

/**
 * A test whether a file name is of another shard of the same backup. `prefix`: of the shard that asks; undefined
 * otherwise.
 */
export function matchSibling(prefix: string): (name: string) => boolean {
  const own = parseShardPrefix(basename(prefix));
  return (name) => {
    const other = parseShardFile(name);
    if (own === undefined || other === undefined) return false;
    const isSameBackup = other.prefix === own.prefix && other.shard.count === own.shard.count;
    return isSameBackup && other.shard.index !== own.shard.index;
  };
}
