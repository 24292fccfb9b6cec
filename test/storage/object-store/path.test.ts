import { describe, expect, it } from 'vitest';
import { parseDirectoryPath, parseObjectPath, parsePath } from '../../../src/storage/object-store/path.js';
import { canonicalPath, checkPath, joinPath, storageCapabilities } from '../../../src/storage/paths.js';

const KIND = { scheme: 's3', name: 'S3' };

describe('paths of an object store', () => {
  it.each([
    ['s3://b/k', 'b', 'k'],
    ['S3://b/k//x/', 'b', 'k//x/'],
    ['s3://b/', 'b', ''],
    ['s3://b', 'b', ''],
    ['s3://b/ä b.asb', 'b', 'ä b.asb'],
  ])('%s is split into bucket and key', (path, bucket, key) => {
    expect(parsePath(KIND, path)).toEqual({ bucket, key });
  });

  it.each(['s3://', 's3:///k', 's3:/b/k'])('%s has no bucket', (path) => {
    expect(() => parsePath(KIND, path)).toThrow('s3://BUCKET/KEY');
  });

  it.each(['s3://b/', 's3://b/dir/'])('%s names no object', (path) => {
    expect(() => parseObjectPath(KIND, path)).toThrow('names no object');
  });

  it('of a directory end in one slash, whatever was typed', () => {
    const typed = ['s3://b/d', 's3://b/d/', 's3://b/d//', 's3://b/', 's3://b'];
    expect(typed.map((path) => parseDirectoryPath(KIND, path).prefix)).toEqual(['d/', 'd/', 'd/', '', '']);
  });
});

describe('paths of all storages', () => {
  it('a file name is joined to a directory of any storage', () => {
    expect(joinPath('s3://b/d/', 'x.asb')).toBe('s3://b/d/x.asb');
    expect(joinPath('s3://b/', 'x.asb')).toBe('s3://b/x.asb');
    expect(joinPath('s3://b', '.')).toBe('s3://b');
    expect(joinPath('d/', 'x.asb')).toBe('d/x.asb');
  });

  it('spellings of one path have one canonical form', () => {
    expect(canonicalPath('S3://b/d/')).toBe(canonicalPath('s3://b/d'));
    expect(canonicalPath('x/../d')).toBe(canonicalPath('d'));
  });

  it('a bucket without a slash is its root', () => {
    expect(['s3://b', 's3://b/', 's3://b/k', 'any/path', 'c:/x'].map(checkPath)).toEqual(Array(5).fill(undefined));
    expect(checkPath('s3://')).toContain('names no bucket');
  });

  it('a path with an unknown scheme is one of the file system', () => {
    expect(storageCapabilities('gopher://b/k').hasDirectories).toBe(true);
    expect(storageCapabilities('s3://b/k').hasDirectories).toBe(false);
  });
});
