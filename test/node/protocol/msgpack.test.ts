import { describe, expect, test } from 'vitest';
import { isCanonicalCollection } from '../../../src/node/cdt/canonical-form.js';
import { MsgpackError, compare, decode, encode } from '../../../src/node/protocol/msgpack.js';
import { normalizeParticle } from '../../../src/node/data/particle-value.js';
import { ErrorReply } from '../../../src/node/protocol/reply.js';
import { Particle } from '../../../src/core/particle.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** What the server stores for a written list or map, or the result code it answers. */
function stored(type: number, text: string): string | number {
  try {
    return normalizeParticle(type, hex(text)).toString('hex');
  } catch (error) {
    if (error instanceof ErrorReply) return error.result;
    throw error;
  }
}

const list = (text: string): string | number => stored(Particle.LIST, text);
const map = (text: string): string | number => stored(Particle.MAP, text);

describe('a written collection is stored in the normal form of the server (wire.md 1.7)', () => {
  test.each([
    ['a wide integer', '91 cd0001', '9101'],
    ['a negative integer in 8 bytes', '91 d3ffffffffffffffff', '91ff'],
    ['a large type for a small integer', '91 cf0000000000000005', '9105'],
    ['an 8-bit string header', '91 d9020361', '91a20361'],
    ['a 16-bit string header', `91 da0024 03${'61'.repeat(35)}`, `91d92403${'61'.repeat(35)}`],
    ['a short bin header', '91 c403040102', '91a3040102'],
    ['a long bin header, which stays', `91 c424 04${'61'.repeat(35)}`, `91c42404${'61'.repeat(35)}`],
    ['an oversized array header', 'dc0002 0102', '920102'],
    ['an unknown ext element', '92 c7000001', '9101'],
    ['the persist bit of an ordered list', '94 c70011 010203', '94c70001010203'],
    ['32-bit floats, which stay', '91 ca3f800000', '91ca3f800000'],
    ['a NaN with a payload, which stays', '91 cb7ff8000000000123', '91cb7ff8000000000123'],
  ])('%s', (_, written, expected) => {
    expect(list(written)).toBe(expected.replaceAll(' ', ''));
  });

  test('keys of an unordered map come back sorted', () => {
    expect(map('82 a20362 01 a20361 02')).toBe('82a2036102a2036201');
  });

  test('an ordered map keeps its order element, whatever else its bits say', () => {
    expect(map('83 c70011c0 a2036101 a2036202')).toBe('83c70001c0a2036101a2036202');
    expect(map('83 c70008c0 a2036202 a2036101')).toBe('82a2036101a2036202');
    expect(map('81 c70003c0')).toBe('81c70003c0');
  });
});

describe('a malformed collection is refused with rc 1', () => {
  test.each([
    ['an unsorted ordered list', Particle.LIST, '93 c70001 0201'],
    ['an unsorted ordered list further in', Particle.LIST, '91 93 c70001 0201'],
    ['an unsorted ordered map', Particle.MAP, '83 c70001c0 a2036201 a2036102'],
    ['a duplicate key', Particle.MAP, '82 a2036101 a2036102'],
    ['trailing bytes', Particle.LIST, '9101 00'],
    ['a map where a list is due', Particle.LIST, '80'],
    ['a list where a map is due', Particle.MAP, '90'],
    ['a float as a key', Particle.MAP, '81 cb3ff0000000000000 01'],
    ['a list as a key', Particle.MAP, '81 90 01'],
    ['nil as a key', Particle.MAP, '81 c0 01'],
    ['a truth value as a key', Particle.MAP, '81 c3 01'],
    ['the persist bit on an unordered list', Particle.LIST, '94 c70010 010203'],
    ['a wildcard', Particle.LIST, '91 d4ff00'],
    ['a count without elements', Particle.LIST, 'ddffffffff'],
    ['no bytes at all', Particle.LIST, ''],
    ['an unknown head byte', Particle.LIST, '91c1'],
    ['endless nesting', Particle.LIST, '91'.repeat(100_000)],
  ])('%s', (_, type, written) => {
    expect(stored(type, written)).toBe(1);
  });
});

describe('the total order of values (wire.md 1.6)', () => {
  test('types', () => {
    const ascending = [
      'c0',
      'c2',
      'c3',
      'd3ffffffffffffff00',
      '05',
      'a20361',
      'a3036100',
      '9101',
      '920100',
      '81a2036101',
      'a20401',
      'cb3ff0000000000000',
      'a3177b7d',
      'd4ff01',
    ].map((text) => decode(hex(text)));
    for (let i = 1; i < ascending.length; i++) {
      expect(compare(ascending[i - 1]!, ascending[i]!)).toBeLessThan(0);
      expect(compare(ascending[i]!, ascending[i - 1]!)).toBeGreaterThan(0);
    }
  });

  test('an integer never equals a float', () => {
    expect(compare(decode(hex('01')), decode(hex('cb3ff0000000000000')))).not.toBe(0);
  });
});

describe('the quick test for normal form', () => {
  const canonical: [number, string][] = [
    [Particle.LIST, '90'],
    [Particle.LIST, '9301a20361cb3ff0000000000000'],
    [Particle.LIST, '91cd0100'],
    [Particle.LIST, '9182a2036101a2036202'],
    [Particle.MAP, '80'],
    [Particle.MAP, '83c70001c0a2036101a2036202'],
    [Particle.MAP, '820107a2036102'],
  ];
  test.each(canonical)('type %i: %s is normal', (type, text) => {
    expect(isCanonicalCollection(type, hex(text), 0, text.length / 2)).toBe(true);
    expect(encode(decode(hex(text), { strict: true })).toString('hex')).toBe(text);
  });

  test('it never calls normal what decoding would change or refuse', () => {
    // Every pair of bytes in front of a few tails covers all head bytes in all places that matter.
    const tails = ['', '01', 'a20361', '0102', 'a2036101', '00000000000000', 'a20362a20361'].map(hex);
    const wrong: string[] = [];
    for (let first = 0x80; first < 0x100; first++) {
      for (let second = 0; second < 0x100; second++) {
        for (const tail of tails) {
          const value = Buffer.concat([Buffer.from([first, second]), tail]);
          for (const type of [Particle.LIST, Particle.MAP]) {
            if (!isCanonicalCollection(type, value, 0, value.length)) continue;
            if (normalizeByDecoder(value) !== value.toString('hex')) wrong.push(value.toString('hex'));
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  function normalizeByDecoder(value: Buffer): string {
    try {
      return encode(decode(value, { strict: true })).toString('hex');
    } catch (error) {
      if (error instanceof MsgpackError) return 'refused';
      throw error;
    }
  }
});
