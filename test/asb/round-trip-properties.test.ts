import fc from '../support/property.js';
import { describe, expect, it } from 'vitest';
import { mutate } from '../../scripts/fuzz/run.js';
import { TEXTS } from '../../scripts/fuzz/readers.js';
import { seededRandom } from '../../scripts/fuzz/random.js';
import { FormatError } from '../../src/asb/decoder.js';
import { RecordEncoder, encodeHeader, encodeSindex, encodeUdf } from '../../src/asb/encoder.js';
import type { Sindex, Udf } from '../../src/core/sindex.js';
import { Particle } from '../../src/core/particle.js';
import { copyRecord, decode, fixture, records, toView } from '../support/asb.js';
import type { Bin, PlainEntry, PlainRecord } from '../support/asb.js';

const ROUND_TRIPS = 400;
const MUTATIONS = 3000;

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
/** Names are hostile on purpose: spaces, line feeds, backslashes, anything but NUL. */
const nameBytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc
    .array(fc.oneof(fc.constantFrom(0x20, 0x0a, 0x5c, 0x61), fc.integer({ min: 1, max: 255 })), { maxLength })
    .map((array) => Buffer.from(array));
const name = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: 'grapheme', maxLength })
    .map((text) => text.replaceAll('\0', ''))
    .filter((text) => Buffer.byteLength(text) <= maxLength);

/** Names of indexes and modules become part of commands, so that some bytes are refused (metadata-limits.test.ts). */
const commandName = (maxLength: number): fc.Arbitrary<string> =>
  // eslint-disable-next-line no-control-regex
  name(maxLength).map((text) => text.replaceAll(/[\x00-\x1f\x7f;]/g, ''));

const number = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((array) => Buffer.from(array));
/** A NaN keeps its sign only. */
const float = number.map((value) =>
  Number.isNaN(value.readDoubleBE()) ? Buffer.from([0x7f | (value[0]! & 0x80), 0xf8, 0, 0, 0, 0, 0, 0]) : value,
);
const value: fc.Arbitrary<{ particle: number; value: Buffer }> = fc.oneof(
  fc.record({ particle: fc.constant(Particle.NULL), value: fc.constant(Buffer.alloc(0)) }),
  fc.record({ particle: fc.constant(Particle.BOOL), value: fc.constantFrom(Buffer.of(0), Buffer.of(1)) }),
  fc.record({ particle: fc.constant(Particle.INTEGER), value: number }),
  fc.record({ particle: fc.constant(Particle.FLOAT), value: float }),
  fc.record({
    particle: fc.constantFrom<number>(3, 23, 4, 7, 8, 9, 10, 11, 12, 18, 19, 20),
    value: fc.oneof(bytes(60), bytes(700)),
  }),
);
const bin: fc.Arbitrary<Bin> = fc.tuple(nameBytes(15), value).map(([binName, one]) => ({ name: binName, ...one }));
const key: fc.Arbitrary<{ keyType: number; key: Buffer }> = fc.oneof(
  fc.constant({ keyType: 0, key: Buffer.alloc(0) }),
  number.map((one) => ({ keyType: Particle.INTEGER, key: one })),
  float.map((one) => ({ keyType: Particle.FLOAT, key: one })),
  bytes(60).map((one) => ({ keyType: Particle.STRING, key: one })),
  bytes(60).map((one) => ({ keyType: Particle.BLOB, key: one })),
);
const recordIn = (namespace: string): fc.Arbitrary<PlainRecord> =>
  fc
    .tuple(
      nameBytes(63),
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      key,
      fc.integer({ min: 0, max: 65_535 }),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.uniqueArray(bin, { maxLength: 20, selector: (one) => one.name.toString('latin1') }),
    )
    .map(([set, digest, userKey, generation, voidTime, bins]) => ({
      namespace,
      set,
      digest: Buffer.from(digest),
      ...userKey,
      generation,
      voidTime,
      bins,
    }));
const sindex: fc.Arbitrary<Sindex> = fc.record({
  namespace: commandName(31),
  set: commandName(63),
  name: commandName(100),
  indexType: fc.constantFrom('N', 'L', 'K', 'V'),
  bin: commandName(15),
  dataType: fc.constantFrom('N', 'S', 'G', 'B'),
  context: fc.base64String({ maxLength: 80 }),
  expression: fc.base64String({ maxLength: 80 }),
});
const udf: fc.Arbitrary<Udf> = fc.record({ name: commandName(100), content: bytes(300) });
const file = name(31).chain((namespace) =>
  fc.record({
    namespace: fc.constant(namespace),
    entries: fc.array(
      fc.oneof<fc.Arbitrary<PlainEntry>[]>(
        recordIn(namespace).map((record) => ({ kind: 'record', record, binsInFile: record.bins.length })),
        sindex.map((one) => ({ kind: 'sindex', sindex: one })),
        udf.map((one) => ({ kind: 'udf', udf: one })),
      ),
      { maxLength: 8 },
    ),
    compact: fc.boolean(),
    chunks: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }),
  }),
);

describe('whatever a database holds', () => {
  it('comes out of the file as it went in, however the file is cut', () => {
    fc.assert(
      fc.property(file, ({ namespace, entries, compact, chunks }) => {
        const encoder = new RecordEncoder({ namespace, compact, bufferBytes: 64 });
        const parts = [encodeHeader(namespace, true)];
        for (const entry of entries) {
          if (entry.kind === 'sindex') parts.push(encodeSindex(entry.sindex));
          else if (entry.kind === 'udf') parts.push(encodeUdf(entry.udf));
          else if (entry.kind === 'record') {
            encoder.encode(toView(entry.record));
            parts.push(encoder.drain());
          }
        }
        const text = Buffer.concat(parts);
        const decoded = decode(text, { chunks });
        expect(decoded.decoder.meta).toEqual({ namespace, firstFile: true });
        expect(decoded.entries.filter((entry) => entry.kind !== 'meta')).toEqual(entries);
        const { line, column, offset } = decoded.decoder.position;
        expect([line, column, offset]).toEqual([text.toString('latin1').split('\n').length, 1, text.length]);
      }),
      { numRuns: ROUND_TRIPS },
    );
  });
});

describe('whatever happened to a file', () => {
  const SPICE = Buffer.from('+-*# \n\\\0!=0123456789kndsgtbIDSBXNZGUie\x7f\xff', 'latin1');
  /** The same mutations on every run. */
  const chance = seededRandom(0x2545f491);
  const random = (below: number): number => chance.below(below);
  const outcome = (text: Buffer, chunks: number[]): unknown => {
    try {
      return decode(text, { chunks }).entries;
    } catch (error) {
      if (error instanceof FormatError) return error.message;
      throw error;
    }
  };

  it('it is read or refused with a place, the same for any chunks, and nothing else happens', () => {
    let refused = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const text = mutate(TEXTS[i % TEXTS.length]!, chance);
      const result = outcome(text, [Math.max(1, text.length)]);
      if (typeof result === 'string') {
        refused++;
        expect(result).toMatch(/^backup\.asb:\d+:\d+ \(byte \d+\): ./);
      }
      if (i % 4 === 0) expect(outcome(text, [1 + random(40), 1 + random(400)])).toEqual(result);
    }
    // Most damage shows. What does not is inside raw values, which carry no checksum.
    expect(refused).toBeGreaterThan(MUTATIONS / 2);
  });

  it('even if it is nothing but noise after a good start', () => {
    for (let i = 0; i < 1000; i++) {
      const noise = Buffer.from(Uint8Array.from({ length: 200 }, () => SPICE[random(SPICE.length)]!));
      const starts = ['Version 3.1\n', 'Version 3.1\n+ ', 'Version 3.2\n* e ', 'Version 3.0\n+ k ', ''];
      outcome(Buffer.concat([Buffer.from(starts[i % starts.length]!), noise]), [7]);
    }
  });
});

describe('a view of the decoder', () => {
  it('is what the helpers above copy', () => {
    const decoded = decode(fixture('vectors/sample.asb'));
    expect(copyRecord(decoded.decoder.record)).toMatchObject({ namespace: 'test', generation: 0, bins: [] });
    expect(records(decoded)).toHaveLength(5);
  });
});
