import { createHash } from 'node:crypto';
import fc from '../support/property.js';
import { describe, expect, it } from 'vitest';
import { Ripemd160 } from '../../src/core/ripemd160.js';

function hash(parts: readonly Uint8Array[]): string {
  const ripemd = new Ripemd160().reset();
  for (const part of parts) ripemd.update(Buffer.from(part), 0, part.length);
  const digest = Buffer.alloc(24, 0xee);
  ripemd.digest(digest, 2);
  expect([digest[0], digest[1], digest[22], digest[23]]).toEqual([0xee, 0xee, 0xee, 0xee]);
  return digest.toString('hex', 2, 22);
}

describe('Ripemd160', () => {
  it.each([
    ['', '9c1185a5c5e9fc54612808977ee8f548b2258d31'],
    ['abc', '8eb208f7e05d987a9b044a8e98c6b087f15a0bfc'],
    ['a'.repeat(1_000_000), '52783243c1697bdbe16d37f97f68f08325dc1528'],
  ])('a published message, has the published hash', (text, expected) => {
    expect(hash([Buffer.from(text)])).toBe(expected);
  });

  it('messages of every length around the end of a block, in any pieces, have the hash of the standard library', () => {
    const piece = fc.uint8Array({ maxLength: 130 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (parts) => {
        expect(hash(parts)).toBe(createHash('ripemd160').update(Buffer.concat(parts)).digest('hex'));
      }),
    );
  });

  it('single bytes and a second message, need no new object', () => {
    const ripemd = new Ripemd160();
    const digest = Buffer.alloc(20);
    for (const length of [5, 64, 119, 128]) {
      ripemd.reset();
      for (let i = 0; i < length; i++) ripemd.updateByte(i);
      ripemd.digest(digest, 0);
      const bytes = Buffer.from(Array.from({ length }, (_, i) => i));
      expect(digest).toEqual(createHash('ripemd160').update(bytes).digest());
    }
  });
});
