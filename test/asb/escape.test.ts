import fc from '../support/property.js';
import { describe, expect, it } from 'vitest';
import { base64Length, readBase64, readDigest, writeBase64 } from '../../src/asb/numbers/base64.js';
import { dataView } from '../../src/core/byte-copy.js';
import { escapeToken, writeEscaped } from '../../src/asb/escape.js';
import { decode, fileWith, records, vectors, withSlack } from '../support/asb.js';

const out = Buffer.alloc(400_000);

function encode(value: Buffer): string {
  const bytes = withSlack(value);
  const end = writeBase64(
    bytes,
    dataView(bytes),
    0,
    bytes.length,
    out,
    new DataView(out.buffer, out.byteOffset, out.length),
    1,
  );
  expect(end - 1).toBe(base64Length(bytes.length));
  return out.toString('latin1', 1, end);
}

/** The decoded bytes, or the position of the first wrong character. */
function read(text: string): Buffer | number {
  const src = Buffer.from(`<${text}>`, 'latin1');
  const end = readBase64(src, 1, src.length - 1, out, 5);
  return end < 0 ? -1 - end - 1 : Buffer.from(out.subarray(5, end));
}

/** Lengths around the groups of three, the change to the native codec, and its pieces. */
const LENGTHS = [...Array(300).keys(), 49_151, 49_152, 49_153, 98_304, 98_305, 200_000];

describe('a blob keeps its bytes through base64', () => {
  it('as C writes it', () => {
    for (const { hex, base64, length } of vectors('base64.json') as { hex: string; base64: string; length: number }[]) {
      expect(base64.length).toBe(length);
      expect(encode(Buffer.from(hex, 'hex'))).toBe(base64);
      expect(read(base64)).toEqual(Buffer.from(hex, 'hex'));
    }
  });

  it('at every length', () => {
    for (const length of LENGTHS) {
      const bytes = Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 151 + (i >> 8) * 7 + length) & 0xff));
      const text = encode(bytes);
      expect(text === bytes.toString('base64'), String(length)).toBe(true);
      expect(bytes.equals(read(text) as Buffer), String(length)).toBe(true);
    }
  });

  it('or is refused at the first character that is wrong', () => {
    for (const length of [1, 2, 3, 30, 143, 144, 145, 300, 60_000]) {
      const text = Buffer.alloc(length, 0xa7).toString('base64');
      const last = text.indexOf('=') < 0 ? text.length : text.indexOf('=');
      for (const bad of ['*', '-', '_', '=', '\n', ' ', '\0', '\xe9']) {
        for (const at of [0, 1, 2, 3, last >> 1, last - 3].filter((i) => i >= 0 && i < last - 2)) {
          expect(read(text.slice(0, at) + bad + text.slice(at + 1)), `${length} ${bad} ${at}`).toBe(at);
        }
      }
    }
    expect(read('A===')).toBe(1);
    expect(read('====')).toBe(0);
    expect(read('AA==AAAA')).toBe(2);
  });

  it('whatever the trailing bits', () => {
    expect(read('AB==')).toEqual(Buffer.of(0));
    expect(read('AAB=')).toEqual(Buffer.of(0, 0));
  });

  it('strictly: what is accepted is exactly what the alphabet and padding allow', () => {
    const STRICT = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{3}[A-Za-z0-9+/=]|[A-Za-z0-9+/]{2}==)$/;
    const text = fc
      .tuple(fc.uint8Array({ minLength: 120, maxLength: 160 }), fc.nat(), fc.nat(255))
      .map(([bytes, at, byte]) => {
        const base64 = Buffer.from(Buffer.from(bytes).toString('base64'));
        base64[at % base64.length] = byte;
        return base64.toString('latin1');
      });
    fc.assert(
      fc.property(text, (candidate) => {
        const result = read(candidate);
        if (STRICT.test(candidate)) expect(result).toEqual(Buffer.from(candidate, 'base64'));
        else expect(result).toBeTypeOf('number');
      }),
      { numRuns: 2000 },
    );
  });

  it('and a digest is 27 characters and one "="', () => {
    const digest = Buffer.alloc(20);
    const bytes = Buffer.from(Uint8Array.from({ length: 20 }, (_, i) => 250 - i * 11));
    const text = bytes.toString('base64');
    expect(readDigest(Buffer.from(`${text}\n`), 0, digest)).toBe(0);
    expect(digest).toEqual(bytes);
    for (let at = 0; at < 28; at++) {
      const wrong = `${text.slice(0, at)}*${text.slice(at + 1)}\n`;
      expect(readDigest(Buffer.from(wrong), 0, digest)).toBe(-1 - at);
    }
  });
});

interface EscapeVector {
  rawHex: string;
  escapedHex: string;
  direction: 'both' | 'unescape';
}

describe('a name keeps its bytes', () => {
  const cases = vectors('escape.json') as EscapeVector[];

  it('when it is escaped as C and Go do', () => {
    for (const { rawHex, escapedHex } of cases.filter((c) => c.direction === 'both')) {
      const raw = Buffer.from(rawHex, 'hex');
      expect(out.toString('hex', 0, writeEscaped(raw, 0, raw.length, out, 0))).toBe(escapedHex);
      const text = raw.toString('utf8');
      if (Buffer.from(text).equals(raw)) expect(escapeToken(text).toString('hex')).toBe(escapedHex);
    }
  });

  it('when it is read back, also with escapes that were not needed', () => {
    for (const { rawHex, escapedHex } of cases) {
      const raw = Buffer.from(rawHex, 'hex');
      if (raw.includes(0) || raw.length > 15) continue;
      const bin = Buffer.concat([Buffer.from('- I '), Buffer.from(escapedHex, 'hex'), Buffer.from(' 7')]);
      expect(records(decode(fileWith([bin])))[0]?.bins[0]?.name).toEqual(raw);
    }
  });

  it('when it is a namespace or set that needs escapes, or has spaces without', () => {
    const head = 'Version 3.1\n# namespace a\\ b\\\\\n';
    const record = (ns: string, set: string): string =>
      `+ n ${ns}\n+ d AAECAwQFBgcICQoLDA0ODxAREhM=\n+ s ${set}\n+ g 1\n+ t 0\n+ b 0\n`;
    const decoded = decode(
      Buffer.from(head + record('a\\ b', 'x\\\ny') + record('a b', 'x y') + record('\\a b', '\\x\\y')),
    );
    expect(decoded.decoder.meta.namespace).toBe('a b\\');
    expect(records(decoded).map((r) => [r.namespace, r.set.toString()])).toEqual([
      ['a b', 'x\ny'],
      ['a b', 'x y'],
      ['a b', 'xy'],
    ]);
    expect(decoded.decoder.position.line).toBe(22);
  });
});
