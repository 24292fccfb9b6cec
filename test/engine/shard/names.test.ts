import { describe, expect, it } from 'vitest';
import {
  isShardLock,
  matchSibling,
  parseShardFile,
  parseShardManifest,
  parseShardPrefix,
  shardLockName,
  shardManifestName,
  shardPrefix,
} from '../../../src/engine/shard/names.js';
import { backupFileName, metadataFileName } from '../../../src/engine/backup/output/file-naming.js';

describe('names of shards', () => {
  it.each(['test', 'a-b', 'x_1', 'p-1of2', 'sub/test'])('with the prefix %s, can be read again', (prefix) => {
    const shard = { index: 3, count: 8 };
    const own = shardPrefix(prefix, shard);
    const base = prefix.split('/').at(-1)!;
    expect(parseShardPrefix(own)).toEqual({ prefix, shard });
    expect(parseShardFile(backupFileName(own, 7).split('/').at(-1)!)).toEqual({ prefix: base, shard });
    expect(parseShardFile(metadataFileName(own).split('/').at(-1)!)).toEqual({ prefix: base, shard });
    expect(parseShardManifest(shardManifestName(own))).toEqual({ prefix: base, shard });
    expect(isShardLock(shardLockName(own))).toBe(true);
  });

  it('of all shards of a backup, are different', () => {
    const prefixes = [1, 2, 11, 12].flatMap((count) =>
      Array.from({ length: count }, (_, index) => shardPrefix('test', { index, count })),
    );
    const names = prefixes.flatMap((prefix) => [
      backupFileName(prefix, 0),
      metadataFileName(prefix),
      shardManifestName(prefix),
      shardLockName(prefix),
    ]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(['test', 'test-8of8', 'test-0of0', 'test-0of4097', 'test-01of8', 'test-1of8x'])(
    'are not taken for %s',
    (text) => {
      expect(parseShardPrefix(text)).toBeUndefined();
    },
  );

  it('tell siblings from the files of other backups', () => {
    const isSibling = matchSibling('sub/test-1of3');
    expect(isSibling('test-0of3_00000.asb')).toBe(true);
    expect(isSibling('metadata_test-0of3_00000.asb')).toBe(true);
    for (const name of ['test-1of3_00000.asb', 'test-0of4_00000.asb', 'x-0of3_00000.asb', 'test_00000.asb']) {
      expect(isSibling(name)).toBe(false);
    }
    expect(matchSibling('test')('test-0of3_00000.asb')).toBe(false);
  });
});
