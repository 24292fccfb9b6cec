import { describe, expect, it } from 'vitest';
import { clearPersistBits, repairCdt } from '../../../src/aerospike/protocol/cdt-check.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

function cleared(text: string): string | undefined {
  const bytes = hex(text);
  return clearPersistBits(bytes, 0, bytes.length) ? bytes.toString('hex') : undefined;
}

function repaired(text: string): string | undefined {
  // Neighbours must stay as they are.
  const bytes = Buffer.concat([hex('ff'), hex(text), hex('ee')]);
  const changed = repairCdt(bytes, 1, bytes.length - 1);
  expect(bytes[0]).toBe(0xff);
  expect(bytes.at(-1)).toBe(0xee);
  return changed ? bytes.toString('hex', 1, bytes.length - 1) : undefined;
}

describe('the persist bit, which crashes servers', () => {
  it.each([
    ['unordered list', '93 c70010 01 02', '93c700000102'],
    ['ordered list', '93 c70011 01 02', '93c700010102'],
    ['ordered map', '82 c70011 c0 a20361 01', '82c70001c0a2036101'],
    ['list in a list', '92 93 c70010 01 02 05', '9293c70000010205'],
    ['map in a map, large headers', 'de0001 a20361 df00000002 c70013 c0 01 02', 'de0001a20361df00000002c70003c00102'],
    [
      'behind values of every length',
      '97 d9020361 c403010203 cb0000000000000000 cd0102 ca00000000 92 c70010 01 c3',
      undefined,
    ],
  ])('is cleared: %s', (_what, input, output) => {
    expect(cleared(input)).toBe(output ?? input.replaceAll(' ', '').replace('c70010', 'c70000'));
  });

  it.each([
    ['plain list', '93 01 02 03'],
    ['ordered list without it', '93 c70001 01 02'],
    ['bytes in a string that look like it', '91 a5 03 93c70010'],
    ['the same as a value, not at the head', '92 01 c70010'],
    ['infinity', '92 d4ff01 01'],
    ['no msgpack at all', 'c1 c70010'],
    ['cut in the middle', '93 c700'],
    ['nothing', ''],
  ])('is not seen where it is not: %s', (_what, input) => {
    expect(cleared(input)).toBeUndefined();
  });

  it('leaves the bytes around the value alone', () => {
    const bytes = hex('91c70010 93c7001001 91c70010');
    expect(clearPersistBits(bytes, 4, 9)).toBe(true);
    expect(bytes.toString('hex')).toBe('91c7001093c700000191c70010');
  });
});

describe('ordered collections out of order', () => {
  it.each([
    ['integers', '94 c70001 03 01 02', '94c70001010203'],
    [
      'integers of all widths',
      '97 c70001 cf8000000000000000 d3ffffffffffffffff cd0100 7f cc80 e0',
      '97c70001e0d3ffffffffffffffff7fcc80cd0100cf8000000000000000',
    ],
    ['strings, the shorter first', '94 c70001 a20362 a3036161 a20361', '94c70001a20361a3036161a20362'],
    [
      'one of every type',
      '9b c70001 a21701 cb3ff0000000000000 a20401 80 90 a20361 01 c3 c2 c0',
      '9bc70001c0c2c301a203619080a20401cb3ff0000000000000a21701',
    ],
    ['lists inside', '93 c70001 92 02 01 92 01 09', '93c7000192010992' + '0201'],
    ['maps inside, the smaller first', '93 c70001 82 01 01 02 02 81 09 09', '93c7000181090982' + '01010202'],
    [
      'map keys with their values',
      '84 c70001 c0 a20362 01 a20361 02 05 92 06 07',
      '84c70001c00592' + '0607a2036102a2036201',
    ],
    ['innermost first', '93 c70001 93 c70001 05 04 93 c70001 03 02', '93c7000193c70001020393c700010405'],
    ['in an unordered list', '91 93 c70001 02 01', '9193c700010102'],
  ])('are sorted: %s', (_what, input, output) => {
    expect(repaired(input)).toBe(output);
  });

  it.each([
    ['in order', '94 c70001 01 02 02'],
    ['unordered list', '93 03 02 01'],
    ['unordered map', '82 02 01 01 01'],
    ['trailing bytes', '93 c70001 02 01 00'],
    ['cut short', '94 c70001 02 01'],
    ['nonsense', 'c1'],
  ])('are left alone: %s', (_what, input) => {
    expect(repaired(input)).toBeUndefined();
  });
});

describe('one deeply nested list does not end a restore', () => {
  const nested = (depth: number): Buffer => Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.of(0x01)]);
  const ordered = (...elements: Buffer[]): Buffer =>
    Buffer.concat([Buffer.of(0x91 + elements.length, 0xc7, 0x00, 0x01), ...elements]);

  it.each([1_000, 50_000, 1_000_000])('list nested %i deep is left to the answer of the server', (depth) => {
    const value = ordered(nested(depth), Buffer.of(0x01));
    expect(repairCdt(value, 0, value.length)).toBe(false);
    expect(clearPersistBits(value, 0, value.length)).toBe(false);
  });

  it('lists nested 200 deep are sorted', () => {
    const value = ordered(nested(200), Buffer.of(0x01));
    expect(repairCdt(value, 0, value.length)).toBe(true);
    expect(value).toEqual(ordered(Buffer.of(0x01), nested(200)));
  });

  it('equal lists of different depth are compared without recursion', () => {
    const value = ordered(nested(201), nested(200));
    expect(repairCdt(value, 0, value.length)).toBe(true);
    expect(value).toEqual(ordered(nested(200), nested(201)));
  });
});
