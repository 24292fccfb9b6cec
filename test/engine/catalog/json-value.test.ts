import fc from '../../support/property.js';
import { describe, expect, it } from 'vitest';
import { Particle } from '../../../src/core/particle.js';
import { formatJsonValue, type JsonValueOptions } from '../../../src/engine/catalog/json-value.js';
import { fromValue } from '../../../src/node/data/particle-value.js';
import { Bytes, encode, Float, List, OrderedMap, type Value } from '../../../src/node/protocol/msgpack.js';
import { double, int64 } from '../../support/backup-files.js';

const PLAIN: JsonValueOptions = { typed: false, largeIntegersAsStrings: false };
const TYPED: JsonValueOptions = { ...PLAIN, typed: true };

/** A JSON text as a value of the database, read without rounding: what the typed form promises. */
class TypedReader {
  private at = 0;

  constructor(private readonly text: string) {}

  static read(text: string): Value {
    const reader = new TypedReader(text);
    const value = reader.value();
    expect(reader.at).toBe(text.length);
    return value;
  }

  private value(): Value {
    const { text } = this;
    for (const [word, value] of [
      ['null', null],
      ['true', true],
      ['false', false],
    ] as const) {
      if (text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    if (text[this.at] === '"') return Bytes.string(this.string());
    if (text[this.at] === '[') return new List(this.items());
    if (text[this.at] === '{') return this.object();
    const number = /-?[\d.]+(?:e[+-]?\d+)?/y;
    number.lastIndex = this.at;
    const [found] = number.exec(text)!;
    this.at += found.length;
    return /[.e]/.test(found) ? Float.of(Number(found)) : BigInt(found);
  }

  private string(): string {
    const literal = /"(?:[^"\\]|\\.)*"/y;
    literal.lastIndex = this.at;
    const [found] = literal.exec(this.text)!;
    this.at += found.length;
    return JSON.parse(found) as string;
  }

  private items(): Value[] {
    const items: Value[] = [];
    this.at++;
    while (this.text[this.at] !== ']') {
      if (items.length > 0) this.at++;
      items.push(this.value());
    }
    this.at++;
    return items;
  }

  private object(): Value {
    const entries: [string, Value][] = [];
    this.at++;
    while (this.text[this.at] !== '}') {
      if (entries.length > 0) this.at++;
      const name = this.string();
      this.at++;
      entries.push([name, this.value()]);
    }
    this.at++;
    const marks = new Map(entries.filter(([name]) => name.startsWith('$')));
    if (marks.size === 0) return new OrderedMap(entries.map(([name, value]) => [Bytes.string(name), value]));
    const order = Number(marks.get('$order') ?? 0);
    const toBytes = (value: Value): Buffer => Buffer.from((value as Bytes).bytes.toString(), 'base64');
    for (const [name, value] of marks) {
      if (name === '$string') return Bytes.of(Particle.STRING, toBytes(value));
      if (name === '$blob') return Bytes.of(Particle.BLOB, toBytes(value));
      if (name === '$hll') return Bytes.of(Particle.HLL, toBytes(value));
      if (name === '$double') return Float.of(Number((value as Bytes).bytes.toString()));
      if (name === '$list') return new List((value as List).items, order !== 0);
      if (name === '$map' && value instanceof OrderedMap) return new OrderedMap(value.entries, order);
      if (name === '$map') {
        return new OrderedMap(
          (value as List).items.map((pair) => (pair as List).items as [Value, Value]),
          order,
        );
      }
    }
    throw new Error(`unknown mark in ${this.text}`);
  }
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const text = fc.oneof(fc.string(), fc.constantFrom('$blob', '__proto__', '', '"\\\n\u2028', '1'));
const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value[]>(null, true, false),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true }).map((value) => Float.of(value)),
  text.map((one) => Bytes.string(one)),
  bytes.map((one) => Bytes.of(Particle.STRING, one)),
  bytes.map((one) => Bytes.of(Particle.BLOB, one)),
  bytes.map((one) => Bytes.of(Particle.HLL, one)),
);
const { value: nested } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc
      .tuple(fc.array(tie('value'), { maxLength: 5 }), fc.boolean())
      .map(([items, ordered]) => new List(items, ordered)),
    fc
      .tuple(
        fc.uniqueArray(
          fc.tuple(
            fc.oneof(
              text.map((one) => Bytes.string(one)),
              scalar,
            ),
            tie('value'),
          ),
          {
            maxLength: 5,
            selector: ([key]) => encode(key).toString('hex'),
          },
        ),
        fc.constantFrom(0, 1, 3),
      )
      .map(([entries, order]) => new OrderedMap(entries, order)),
  ),
}));

describe('formatJsonValue', () => {
  it('any value in the typed form, can be read back to the same bytes', () => {
    fc.assert(
      fc.property(nested, (value) => {
        const { type, value: particle } = fromValue(value);
        const json = formatJsonValue(type, type === Particle.GEOJSON ? particle.subarray(3) : particle, TYPED);
        expect(() => void JSON.parse(json)).not.toThrow();
        const back = fromValue(TypedReader.read(json));
        expect([back.type, back.value.toString('hex')]).toEqual([type, particle.toString('hex')]);
      }),
      { numRuns: 500 },
    );
  });

  it('any bytes as a list or map, give JSON of one line and throw nothing', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom(Particle.LIST, Particle.MAP), fc.boolean(), (damaged, particle, typed) => {
        const json = formatJsonValue(particle, damaged, { ...PLAIN, typed });
        expect(json).not.toMatch(/[\r\n]/);
        expect(() => void JSON.parse(json)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  it('a map whose keys are collections, keeps each pair together', () => {
    const list = [0x92, 1, 0x90];
    const map = Buffer.from([0x83, 0x90, 0, ...list, ...list, 0x81, 5, 6, 7]);
    expect(formatJsonValue(Particle.MAP, map, PLAIN)).toBe('{"$map":[[[],0],[[1,[]],[1,[]]],[{"$map":[[5,6]]},7]]}');
  });

  it('nesting far beyond the stack, is written', () => {
    const json = formatJsonValue(Particle.LIST, Buffer.concat([Buffer.alloc(200_000, 0x91), Buffer.of(1)]), PLAIN);
    expect(json).toBe(`${'['.repeat(200_000)}1${']'.repeat(200_000)}`);
  });

  it.each([
    ['the largest integer', Particle.INTEGER, int64(2n ** 63n - 1n), '9223372036854775807'],
    ['the least integer', Particle.INTEGER, int64(-(2n ** 63n)), '-9223372036854775808'],
    ['a double without fraction', Particle.FLOAT, double(1), '1.0'],
    ['minus zero', Particle.FLOAT, double(-0), '-0.0'],
    ['NaN', Particle.FLOAT, double(NaN), '{"$double":"NaN"}'],
    ['a large double', Particle.FLOAT, double(1e300), '1e+300'],
    ['a boolean', Particle.BOOL, Buffer.of(1), 'true'],
    ['nothing', Particle.NULL, Buffer.alloc(0), 'null'],
    ['a blob', Particle.BLOB, Buffer.of(0, 255), '"AP8="'],
    ['a text', Particle.STRING, Buffer.from('é"\n'), '"é\\"\\n"'],
    ['a text that is not UTF-8', Particle.STRING, Buffer.of(0xff), '{"$string":"/w=="}'],
    [
      'GeoJSON in several lines with many digits',
      Particle.GEOJSON,
      Buffer.from('{"type":"Point",\n"coordinates":[1.00000000000000000001,2]}\n'),
      '{"type":"Point", "coordinates":[1.00000000000000000001,2]}',
    ],
    ['GeoJSON that is none', Particle.GEOJSON, Buffer.from('{'), '{"$geojson":"{"}'],
    ['a map with an integer as key', Particle.MAP, Buffer.from('81ff92c3a20361', 'hex'), '{"$map":[[-1,[true,"a"]]]}'],
    ['an ordered map', Particle.MAP, Buffer.from('82c70001c0a2036101', 'hex'), '{"a":1}'],
    ['an ordered list', Particle.LIST, Buffer.from('92c7000101', 'hex'), '[1]'],
    [
      'an unsigned integer in a list',
      Particle.LIST,
      Buffer.from('91cfffffffffffffffff', 'hex'),
      '[18446744073709551615]',
    ],
  ])('%s in the plain form', (_name, particle, value, json) => {
    expect(formatJsonValue(particle, value, PLAIN)).toBe(json);
  });

  it('large integers as strings, only where a double would round them', () => {
    const options = { ...PLAIN, largeIntegersAsStrings: true };
    expect(formatJsonValue(Particle.INTEGER, int64(2n ** 53n - 1n), options)).toBe('9007199254740991');
    expect(formatJsonValue(Particle.INTEGER, int64(-(2n ** 53n)), options)).toBe('"-9007199254740992"');
    expect(formatJsonValue(Particle.LIST, Buffer.from('91cf7fffffffffffffff', 'hex'), options)).toBe(
      '["9223372036854775807"]',
    );
  });
});
