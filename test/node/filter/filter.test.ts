import { describe, expect, test } from 'vitest';
import { Filter, runExpression } from '../../../src/node/filter/filter.js';
import { encode } from '../../../src/node/protocol/msgpack.js';
import type { RecordContext } from '../../../src/node/filter/record-context.js';
import { posixRegex } from '../../../src/node/filter/posix-regex.js';
import { ErrorReply } from '../../../src/node/protocol/reply.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const int = (value: number): { type: number; value: Buffer } => {
  const out = Buffer.alloc(8);
  out.writeBigInt64BE(BigInt(value));
  return { type: 1, value: out };
};

const BINS = new Map([
  ['i', int(3)],
  ['id', int(2)],
  ['z', int(1)],
  ['s', { type: 3, value: Buffer.from('Abc') }],
  ['b', { type: 4, value: hex('0102') }],
  ['f', { type: 2, value: hex('4000000000000000') }],
  ['l', { type: 20, value: hex('9201a20361') }],
  ['m', { type: 19, value: hex('81a2036101') }],
]);

const RECORD: RecordContext = {
  nowMs: 1_800_000_010_000,
  nowS: 537_696_010,
  lastUpdateMs: 1_800_000_000_123,
  lastUpdateNs: 1_800_000_000_123_000_000n,
  voidTime: 537_696_110,
  setName: Buffer.from('specset'),
  storedBytes: 128,
  digest: () => hex('000102030405060708090a0b0c0d0e0f 0a000000'),
  key: () => hex('01 0000000000000007'),
  bin: (name) => BINS.get(name),
};

function matches(text: string, record: RecordContext = RECORD): boolean | number {
  try {
    return Filter.compile(hex(text)).matches(record);
  } catch (error) {
    if (error instanceof ErrorReply) return error.result;
    throw error;
  }
}

/** The value of an expression in hex, or "unknown". */
function value(text: string): string {
  const result = runExpression(hex(`92 ${text} 00`), RECORD).value;
  return result === undefined ? 'unknown' : encode(result).toString('hex');
}

describe('filters as clients send them (wire.md 10.4)', () => {
  test.each([
    ['eq(bin id, 2)', '93 01 935102a26964 02', true],
    ['lt(i, 5) and eq(set)', '93 10 9305935102a16905 93019146a80373706563736574', true],
    ['bin z exists', '93 02 9252a17a 00', true],
    ['bin y exists', '93 02 9252a179 00', false],
    ['gt(key, 3)', '93 03 925002 03', true],
    ['regex without case', '94 07 02 a45e612e2a 935103a173', true],
    ['eq(blob)', '93 01 935106a162 a3040102', true],
    ['gt(float)', '93 03 935107a166 cb3ff8000000000000', true],
    ['eq(list)', '93 01 935104a16c 927e9201a20361', true],
    ['list size', '93 03 957f0200 9110 935104a16c 00', true],
    ['map value by key', '93 01 957f0200 936107a20361 935105a16d 01', true],
    ['let', '94 7d a178 05 9301 927ca178 05', true],
    ['cond', '94 7b 9301935102a17a01 c3 c2', true],
    ['exclusive', '93 13 c3 c2', true],
    ['no ttl', '93 01 9145 ff', false],
    ['modified before', '93 05 9142 cf18f67c251b9d0000', false],
    ['modified after', '93 04 9142 cf18867251edfa0000', true],
    ['one of two sets', '93 11 93019146a403626b30 93019146a80373706563736574', true],
    ['digest modulo', '93 01 924003 01', true],
    ['key stored', '9147', true],
    ['record size', '93 01 914a cc80', true],
    ['since update', '93 01 9143 cd2695', true],
    ['ttl', '93 01 9145 64', true],
  ])('%s', (_, filter, expected) => {
    expect(matches(filter)).toBe(expected);
  });
});

describe('three-valued logic (wire.md 10.3)', () => {
  const UNKNOWN = '9301 935102a179 01'; // eq(bin y, 1) of a record without y
  test('unknown is false in the end', () => {
    expect(matches(UNKNOWN)).toBe(false);
    expect(matches(`9212 ${UNKNOWN}`)).toBe(false);
  });
  test('a false makes and false, a true makes or true', () => {
    expect(value(`9310 ${UNKNOWN} c2`)).toBe('c2');
    expect(value(`9310 ${UNKNOWN} c3`)).toBe('unknown');
    expect(value(`9311 ${UNKNOWN} c3`)).toBe('c3');
    expect(value(`9311 ${UNKNOWN} c2`)).toBe('unknown');
  });
  test('a bin of another type is unknown', () => {
    expect(value('935103a169')).toBe('unknown');
  });
});

describe('arithmetic', () => {
  test.each([
    ['add', '94 14 010203', '06'],
    ['subtract', '93 15 0503', '02'],
    ['negate', '92 15 05', 'fb'],
    ['multiply floats', '93 16 cb4000000000000000 cb4008000000000000', 'cb4018000000000000'],
    ['divide', '93 17 0702', '03'],
    ['divide by zero', '93 17 0700', 'unknown'],
    ['modulo', '93 1a 0703', '01'],
    ['modulo zero', '93 1a 0700', 'unknown'],
    ['overflow wraps', '93 14 cf7fffffffffffffff 01', 'd38000000000000000'],
    ['to int', '92 1e cb4004000000000000', '02'],
    ['to float', '92 1f 02', 'cb4000000000000000'],
    ['bit and', '93 20 0603', '02'],
    ['bit not', '92 23 00', 'ff'],
    ['logical right shift', '93 25 ff cc3f', '01'],
    ['arithmetic right shift', '93 26 fe 01', 'ff'],
    ['minimum', '94 32 030102', '01'],
    ['maximum', '94 33 030102', '03'],
    ['bit count', '92 27 07', '03'],
  ])('%s', (_, expression, expected) => {
    expect(value(expression)).toBe(expected);
  });
});

describe('refused when built, with rc 4', () => {
  test.each([
    ['no boolean', '9302'],
    ['an integer', '05'],
    ['an unknown opcode', '91cc63'],
    ['types that differ', '93 01 02 a20361'],
    ['and with one argument', '92 10 c3'],
    ['mixed numbers', '93 01 93 14 01 cb3ff0000000000000 01'],
    ['trailing bytes', '93 13 c3 c2 00'],
    ['cut short', '93 13 c3'],
    ['an unknown variable', '927ca178'],
    ['a bad regex', '94 07 01 a128 935103a173'],
    ['endless nesting', `${'9212'.repeat(50_000)}c3`],
    ['nothing', ''],
  ])('%s', (_, filter) => {
    expect(matches(filter)).toBe(4);
  });
});

describe('POSIX regular expressions', () => {
  test.each([
    ['5+a', 0, '55a', false],
    ['5+a', 0, '5+a', true],
    ['5+a', 1, '55a', true],
    ['\\(ab\\)\\{2\\}', 0, 'abab', true],
    ['(ab){2}', 1, 'abab', true],
    ['^[[:digit:]]+$', 1, '0123', true],
    ['^[]a]*$', 0, ']a]', true],
    ['a.b', 0, 'a\nb', true],
    ['*a', 0, '*a', true],
    ['ABC', 2, 'xabcx', true],
  ])('%s with flags %i on %j', (pattern, flags, text, expected) => {
    expect(posixRegex(pattern, flags)?.test(text)).toBe(expected);
  });
});
