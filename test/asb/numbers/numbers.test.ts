import fc from '../../support/property.js';
import { describe, expect, it } from 'vitest';
import {
  DOUBLE_INCOMPLETE,
  DOUBLE_RANGE,
  DOUBLE_TEXT_BYTES,
  doubleEnd,
  readDouble,
  writeDouble,
} from '../../../src/asb/numbers/double.js';
import { OUT_OF_RANGE, readInteger, writeInteger, writeUint } from '../../../src/asb/numbers/integer.js';
import { vectors } from '../../support/asb.js';

const out = Buffer.alloc(64);

function toText(bits: Buffer): string {
  out.fill(0x2a);
  const end = writeDouble(bits, 0, out, 1);
  expect(end).toBeLessThanOrEqual(1 + DOUBLE_TEXT_BYTES);
  expect(out[end]).toBe(0x2a);
  return out.toString('latin1', 1, end);
}

/** The 8 bytes, in hexadecimal; or what is wrong: 'junk' after the number, 'incomplete', 'range'. */
function readBits(text: string): string {
  const src = Buffer.from(`${text}\n`, 'latin1');
  const end = doubleEnd(src, 0);
  if (end !== text.length) return 'junk';
  const result = readDouble(src, 0, end, out, 0);
  if (result === DOUBLE_INCOMPLETE) return 'incomplete';
  if (result === DOUBLE_RANGE) return 'range';
  expect(result).toBe(8);
  return out.toString('hex', 0, 8);
}

function bits(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

/** `%.17g` by way of exact integers and nothing else. */
function exact(value: number): string {
  const [digits, exponent] = exactDigits(Math.abs(value));
  const text = digits.replace(/0+$/, '');
  const sign = value < 0 ? '-' : '';
  if (exponent < -4 || exponent >= 17) {
    const power = `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
    return `${sign}${text[0]!}${text.length > 1 ? '.' : ''}${text.slice(1)}e${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-1 - exponent)}${text}`;
  const whole = text.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = text.slice(exponent + 1);
  return sign + whole + (fraction === '' ? '' : `.${fraction}`);
}

function exactDigits(value: number): [digits: string, exponent: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const raw = view.getBigUint64(0);
  const biased = Number(raw >> 52n);
  let numerator = (raw & 0xf_ffff_ffff_ffffn) | (biased === 0 ? 0n : 1n << 52n);
  // Over the denominator 2^1074 every double is an integer.
  numerator <<= BigInt(Math.max(biased, 1) - 1);
  let exponent = 16;
  let denominator = 1n << 1074n;
  while (numerator >= denominator * 10n ** 17n) {
    denominator *= 10n;
    exponent++;
  }
  while (numerator < denominator * 10n ** 16n) {
    numerator *= 10n;
    exponent--;
  }
  let quotient = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) quotient++;
  return quotient === 10n ** 17n ? [String(quotient / 10n), exponent + 1] : [String(quotient), exponent];
}

const doubles = vectors('doubles.json') as { bits: string; text: string }[];
const goDoubles = vectors('doubles-go.json') as { bits: string; bin: string; key: string }[];

const anyDouble = fc
  .tuple(fc.nat(0xffff), fc.nat(0xffff), fc.nat(0xffff), fc.nat(0xffff))
  .map((words) => Buffer.from(Uint16Array.from(words).buffer).readDoubleBE(0))
  .filter((value) => Number.isFinite(value));

describe('a double keeps its bits through the file', () => {
  it('is written as C writes it, in all 1570 cases', () => {
    expect(doubles).toHaveLength(1570);
    for (const { bits: hex, text } of doubles) expect(toText(Buffer.from(hex, 'hex'))).toBe(text);
  });

  it('is read from C text', () => {
    for (const { bits: hex, text } of doubles) {
      // The payload of a NaN is not written.
      const want = text === 'nan' ? '7ff8000000000000' : text === '-nan' ? 'fff8000000000000' : hex;
      expect(readBits(text), text).toBe(want);
    }
  });

  it('is read from Go text, of bins and of keys', () => {
    for (const { bits: hex, bin, key } of goDoubles) {
      const want = bin === 'NaN' ? '7ff8000000000000' : hex;
      expect(readBits(bin), bin).toBe(want);
      expect(readBits(key), key).toBe(want);
    }
  });

  it('is exact at ties, powers of ten and their neighbours', () => {
    for (let power = -323; power <= 308; power++) {
      const near = bits(Number(`1e${power}`)).readBigUInt64BE();
      for (let step = -2n; step <= 2n; step++) {
        const bytes = Buffer.alloc(8);
        bytes.writeBigUInt64BE(near + step > 0n ? near + step : 1n);
        const value = bytes.readDoubleBE();
        const text = toText(bytes);
        expect(text).toBe(exact(value));
        expect(readBits(text), text).toBe(bytes.toString('hex'));
        expect(readBits(String(value)), String(value)).toBe(bytes.toString('hex'));
      }
    }
    // Eighteen digits that end in 5: exact ties.
    for (let i = 0; i < 2000; i++) {
      const value = 2 ** 49 + i * 7919 + 0.125 * (1 + 2 * (i % 4));
      expect(toText(bits(value))).toBe(exact(value));
    }
  });

  it('is exact for any bits', () => {
    fc.assert(
      fc.property(anyDouble, (value) => {
        const text = toText(bits(value));
        expect(text).toBe(value === 0 ? (Object.is(value, -0) ? '-0' : '0') : exact(value));
        expect(readBits(text)).toBe(bits(value).toString('hex'));
      }),
      { numRuns: 3000 },
    );
  });

  it('is correctly rounded for any decimal text', () => {
    const decimal = fc
      .tuple(fc.bigInt(0n, 10n ** 22n), fc.integer({ min: -340, max: 300 }), fc.boolean(), fc.nat(23))
      .map(([mantissa, exponent, upper, point]) => {
        const digits = String(mantissa);
        const cut = Math.min(point, digits.length);
        return `${digits.slice(0, cut)}.${digits.slice(cut)}${upper ? 'E' : 'e'}${exponent}`;
      });
    fc.assert(
      fc.property(decimal, (text) => {
        const value = Number(text);
        expect(readBits(text), text).toBe(value === Infinity ? 'range' : bits(value).toString('hex'));
      }),
      { numRuns: 3000 },
    );
  });

  it('accepts every form that C or Go does', () => {
    const forms: [string, number][] = [
      ['1.', 1],
      ['.5', 0.5],
      ['+1.0', 1],
      ['-.5e-3', -0.0005],
      ['1E5', 1e5],
      ['1e+05', 1e5],
      ['007', 7],
      ['1e-400', 0],
      ['-1e-400', -0],
      ['0e99999', 0],
      ['inf', Infinity],
      ['+Inf', Infinity],
      ['-INFINITY', -Infinity],
      [`0.${'0'.repeat(340)}1`, 0],
    ];
    for (const [text, value] of forms) expect(readBits(text), text).toBe(bits(value).toString('hex'));
    expect(readBits('nan')).toBe('7ff8000000000000');
    expect(readBits('+NaN')).toBe('7ff8000000000000');
    expect(readBits('-nan')).toBe('fff8000000000000');
  });

  it('rejects what is no number, instead of guessing', () => {
    for (const text of ['', '-', '+', '.', '-.', '1e', '1e+', '.e5', 'na', 'in', 'infinit', 'i']) {
      expect(readBits(text), text).toBe('incomplete');
    }
    for (const text of [
      '0x10',
      '1.5.2',
      '1e5.0',
      'nan(1)',
      ' 1',
      '1 ',
      '--1',
      '1_0',
      'infinityx',
      'x',
      '\\1',
      '1e5e5',
    ]) {
      expect(readBits(text), text).toMatch(/junk/);
    }
    for (const text of ['1e400', '-1e309', '1.7976931348623159e308', `1${'0'.repeat(309)}`]) {
      expect(readBits(text), text).toBe('range');
    }
  });
});

describe('an integer keeps its value through the file', () => {
  const write = (value: bigint): string => {
    const src = Buffer.alloc(8);
    src.writeBigInt64BE(value);
    return out.toString('latin1', 3, writeInteger(src, 0, out, 3));
  };
  const read = (text: string): bigint | 'range' => {
    const negative = text.startsWith('-');
    const src = Buffer.from(text);
    const end = readInteger(src, negative ? 1 : 0, src.length, negative, out, 2);
    return end === OUT_OF_RANGE ? 'range' : out.readBigInt64BE(2);
  };

  it('at every length and at the ends of the range', () => {
    const edges = [0n, 1n, -1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];
    for (let power = 0n; power < 19n; power++) edges.push(10n ** power);
    for (const edge of edges) {
      for (let value = edge - 2n; value <= edge + 2n; value++) {
        if (value !== BigInt.asIntN(64, value)) {
          expect(read(String(value))).toBe('range');
          continue;
        }
        for (const signed of [value, BigInt.asIntN(64, -value)]) {
          expect(write(signed)).toBe(String(signed));
          expect(read(String(signed))).toBe(signed);
        }
      }
    }
    expect(read('18446744073709551621')).toBe('range');
    expect(read('-0')).toBe(0n);
    expect(read(`${'0'.repeat(900)}9223372036854775807`)).toBe(2n ** 63n - 1n);
  });

  it('for any 64 bits', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.integer({ min: 0, max: 63 }), (value, shift) => {
        const shifted = value >> BigInt(shift);
        expect(write(shifted)).toBe(String(shifted));
        expect(read(String(shifted))).toBe(shifted);
      }),
      { numRuns: 2000 },
    );
  });

  it('for lengths and counters', () => {
    for (const value of [0, 9, 10, 99, 100, 65_535, 4_294_967_295, 999_999_999, 1e9, 2 ** 53]) {
      expect(out.toString('latin1', 0, writeUint(value, out, 0))).toBe(String(value));
    }
  });
});
