import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/storage/s3/crc32c.js';

describe('CRC32C', () => {
  it.each([
    ['', 0],
    ['123456789', 0xe3069283],
    ['The quick brown fox jumps over the lazy dog', 0x22620404],
  ])('of %j', (text, expected) => {
    expect(crc32c(Buffer.from(text))).toBe(expected);
  });

  it('of bytes in pieces is that of all, whatever their lengths', () => {
    const bytes = Buffer.from('a text of some length, to be cut anywhere');
    for (let at = 0; at <= bytes.length; at++) {
      expect(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at)))).toBe(crc32c(bytes));
    }
  });
});
