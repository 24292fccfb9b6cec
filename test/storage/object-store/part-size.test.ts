import { describe, expect, it } from 'vitest';
import {
  chooseBasePartBytes,
  MAX_OBJECT_BYTES,
  MAX_PART_BYTES,
  MAX_PARTS,
  MIB,
  smallestPartBytes,
  usualPartBytes,
} from '../../../src/storage/object-store/part-size.js';

const KIND = { scheme: 's3', name: 'S3' };

describe('the size of parts', () => {
  it.each([5, 7, 64, 5120])('from %i MiB on reaches 5 TiB within 10 000 parts, none larger than 5 GiB', (mib) => {
    let total = 0;
    for (let number = 1; number <= MAX_PARTS; number++) {
      const bytes = usualPartBytes(number, mib * MIB);
      expect(bytes).toBeLessThanOrEqual(MAX_PART_BYTES);
      total += bytes;
    }
    expect(total).toBeGreaterThanOrEqual(MAX_OBJECT_BYTES);
  });

  it('reaches 5 TiB also if checkpoints make every part as small as it may be', () => {
    let total = 0;
    for (let number = 1; number <= MAX_PARTS; number++) total += smallestPartBytes(number);
    expect(total).toBeGreaterThanOrEqual(MAX_OBJECT_BYTES);
    expect(smallestPartBytes(1)).toBe(5 * MIB);
  });

  it('begins with a ten-thousandth of the expected size, at least 5 MiB, or with the setting', () => {
    expect(chooseBasePartBytes(KIND, 's3://b/k', 0)).toBe(5 * MIB);
    expect(chooseBasePartBytes(KIND, 's3://b/k', (100 * 1024 * 1024 * MIB) / 1024)).toBe(11 * MIB);
    expect(chooseBasePartBytes(KIND, 's3://b/k', 0, 8 * MIB)).toBe(8 * MIB);
  });

  it('a file larger than the largest object is refused before anything is written', () => {
    const attempt = (): number => chooseBasePartBytes(KIND, 's3://b/k', MAX_OBJECT_BYTES + 1);
    expect(attempt).toThrow(expect.objectContaining({ code: 'S3_TOO_LARGE', hint: 'write-directory' }) as Error);
  });
});
