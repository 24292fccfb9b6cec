import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BlockHasher } from '../../../src/engine/catalog/block-hasher.js';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');

describe('block hasher', () => {
  it('gives the checksum of each block, however the bytes are cut into chunks', () => {
    const bytes = randomBytes(25);
    for (let size = 1; size <= bytes.length; size++) {
      const hasher = new BlockHasher(10);
      for (let at = 0; at < bytes.length; at += size) hasher.append(bytes.subarray(at, at + size));
      expect(hasher.drainBlocks()).toEqual([
        [10, sha256(bytes.subarray(0, 10))],
        [10, sha256(bytes.subarray(10, 20))],
        [5, sha256(bytes.subarray(20))],
      ]);
    }
  });

  it('ends a block where it is asked for, and begins the next one there', () => {
    const hasher = new BlockHasher(10);
    hasher.append(Buffer.from('abc'));
    expect(hasher.drainBlocks()).toEqual([[3, sha256(Buffer.from('abc'))]]);
    expect(hasher.drainBlocks()).toEqual([]);
    hasher.append(Buffer.from('0123456789x'));
    expect(hasher.drainBlocks()).toEqual([
      [10, sha256(Buffer.from('0123456789'))],
      [1, sha256(Buffer.from('x'))],
    ]);
  });
});
