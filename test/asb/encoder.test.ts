import { describe, expect, it } from 'vitest';
import { RecordEncoder, encodeHeader, encodeSindex, encodeUdf } from '../../src/asb/encoder.js';
import { ToolError } from '../../src/core/errors.js';
import { Particle } from '../../src/core/particle.js';
import { fixture, vectors, toView } from '../support/asb.js';
import type { PlainRecord } from '../support/asb.js';

interface SampleValue {
  type: string;
  int?: string;
  doubleBits?: string;
  hex?: string;
  bool?: boolean;
}
type SampleToken =
  | {
      kind: 'sindex';
      namespace: string;
      set: string;
      name: string;
      indexType: 'N';
      bin: string;
      dataType: 'N';
      context: string | null;
    }
  | { kind: 'udf'; name: string; contentHex: string }
  | {
      kind: 'record';
      key: SampleValue | null;
      namespace: string;
      set: string | null;
      digestHex: string;
      generation: number;
      expiration: number;
      bins: (SampleValue & { name: string })[];
    };

const PARTICLES: Record<string, number> = {
  N: Particle.NULL,
  Z: Particle.BOOL,
  I: Particle.INTEGER,
  D: Particle.FLOAT,
  S: Particle.STRING,
  G: Particle.GEOJSON,
  B: Particle.BLOB,
  J: Particle.JAVA,
  C: Particle.CSHARP,
  P: Particle.PYTHON,
  R: Particle.RUBY,
  H: Particle.PHP,
  E: Particle.ERLANG,
  Y: Particle.HLL,
  M: Particle.MAP,
  L: Particle.LIST,
};

function particleBytes(value: SampleValue): Buffer {
  if (value.int !== undefined) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(value.int));
    return bytes;
  }
  if (value.bool !== undefined) return Buffer.of(value.bool ? 1 : 0);
  return Buffer.from(value.doubleBits ?? value.hex ?? '', 'hex');
}

function sampleRecord(token: SampleToken & { kind: 'record' }): PlainRecord {
  return {
    namespace: token.namespace,
    set: Buffer.from(token.set ?? ''),
    digest: Buffer.from(token.digestHex, 'hex'),
    keyType: token.key === null ? 0 : PARTICLES[token.key.type]!,
    key: token.key === null ? Buffer.alloc(0) : particleBytes(token.key),
    generation: token.generation,
    voidTime: token.expiration,
    bins: token.bins.map((bin) => ({
      name: Buffer.from(bin.name),
      particle: PARTICLES[bin.type]!,
      value: particleBytes(bin),
    })),
  };
}

const RECORD: PlainRecord = {
  namespace: 'test',
  set: Buffer.from('s'),
  digest: Buffer.from('000102030405060708090a0b0c0d0e0f10111213', 'hex'),
  keyType: 0,
  key: Buffer.alloc(0),
  generation: 3,
  voidTime: 4_294_967_295,
  bins: [],
};

const encoded = (record: PlainRecord, options: { compact?: boolean; bufferBytes?: number } = {}): string => {
  const encoder = new RecordEncoder({ namespace: 'test', compact: false, ...options });
  encoder.encode(toView(record));
  return encoder.drain().toString('latin1');
};

describe('what we write is byte for byte what C writes', () => {
  for (const [file, compact] of [
    ['sample.asb', false],
    ['sample-compact.asb', true],
  ] as const) {
    it(file, () => {
      const sample = vectors('sample.json') as { namespace: string; firstFile: boolean; tokens: SampleToken[] };
      const encoder = new RecordEncoder({ namespace: sample.namespace, compact });
      const parts = [encodeHeader(sample.namespace, sample.firstFile)];
      for (const token of sample.tokens) {
        if (token.kind === 'sindex') {
          parts.push(encodeSindex({ ...token, context: token.context ?? '', expression: '' }));
        } else if (token.kind === 'udf') {
          parts.push(encodeUdf({ name: token.name, content: Buffer.from(token.contentHex, 'hex') }));
        } else encoder.encode(toView(sampleRecord(token)));
      }
      parts.push(encoder.drain());
      expect(Buffer.concat(parts).toString('latin1')).toBe(fixture(`vectors/${file}`).toString('latin1'));
    });
  }

  it('a file that is not the first, a namespace to escape, and version 3.2', () => {
    expect(encodeHeader('a b', false).toString()).toBe('Version 3.1\n# namespace a\\ b\n');
    expect(encodeHeader('t', true, '3.2').toString()).toBe('Version 3.2\n# namespace t\n# first-file\n');
  });

  it('an index with an expression, with and without a context', () => {
    const index = {
      namespace: 'test',
      set: '',
      name: 'i x',
      indexType: 'N',
      bin: 'null',
      dataType: 'S',
      context: '',
      expression: 'kgEC',
    } as const;
    expect(encodeSindex(index).toString()).toBe('* e test  i\\ x N 1 null S kgEC\n');
    expect(encodeSindex({ ...index, context: 'lhA=' }).toString()).toBe('* e test  i\\ x N 1 null S lhA= kgEC\n');
    expect(encodeSindex({ ...index, context: 'lhA=', expression: '' }).toString()).toBe(
      '* i test  i\\ x N 1 null S lhA=\n',
    );
  });
});

describe('the encoder', () => {
  it('grows for a record larger than its buffer, and keeps what was in it', () => {
    const encoder = new RecordEncoder({ namespace: 'test', compact: true, bufferBytes: 16 });
    encoder.encode(toView(RECORD));
    const first = encoder.length;
    expect(encoder.full).toBe(true);
    const value = Buffer.alloc(300_000, 0x61);
    const bins = [1, 2, 3].map((i) => ({ name: Buffer.from(`b${i}`), particle: Particle.BLOB, value }));
    encoder.encode(toView({ ...RECORD, bins }));
    const text = encoder.drain().toString('latin1');
    expect(text.slice(0, first)).toBe(encoded(RECORD));
    expect(text.endsWith(`- B! b3 300000 ${value.toString()}\n`)).toBe(true);
    expect(encoder.length).toBe(0);
  });

  it('goes on in the buffer it is given, however small', () => {
    const encoder = new RecordEncoder({ namespace: 'test', compact: false });
    encoder.encode(toView(RECORD));
    const first = encoder.drain(Buffer.alloc(8));
    encoder.encode(toView(RECORD));
    expect(encoder.drain().equals(first)).toBe(true);
    expect(encoder.drain()).toHaveLength(0);
  });

  it('writes values of every length around the thresholds of its copies', () => {
    for (const size of [0, 1, 38, 39, 40, 41, 127, 128, 129, 5000]) {
      const value = Buffer.from(Uint8Array.from({ length: size }, (_, i) => i & 0xff));
      const bins = [
        { name: Buffer.from('s'), particle: Particle.STRING, value },
        { name: Buffer.from('b'), particle: Particle.MAP, value },
      ];
      const base64 = value.toString('base64');
      const record = { ...RECORD, keyType: Particle.STRING, key: value, bins };
      const text = encoded(record, { bufferBytes: 1 });
      const raw = value.toString('latin1');
      expect(text.startsWith(`+ k S ${size} ${raw}\n+ n test\n+ d AAEC`)).toBe(true);
      expect(text.endsWith(`+ b 2\n- S s ${size} ${raw}\n- M b ${base64.length} ${base64}\n`)).toBe(true);
    }
  });

  it('leaves out a key that the format cannot hold, and counts it', () => {
    const encoder = new RecordEncoder({ namespace: 'test', compact: false });
    encoder.encode(toView({ ...RECORD, keyType: Particle.GEOJSON, key: Buffer.from('{}') }));
    expect(encoder.droppedKeys).toBe(1);
    expect(encoder.drain().toString()).toBe(encoded(RECORD));
  });

  it('names the record and the bin that it cannot write, and stays at the record before', () => {
    const encoder = new RecordEncoder({ namespace: 'test', compact: false });
    encoder.encode(toView(RECORD));
    const bad = (particle: number, size: number): PlainRecord => ({
      ...RECORD,
      bins: [{ name: Buffer.from('emb'), particle, value: Buffer.alloc(size) }],
    });
    expect(() => {
      encoder.encode(toView(bad(Particle.VECTOR, 4)));
    }).toThrow(/AAECAwQFBgcICQoLDA0ODxAREhM=.*"emb".*16/);
    for (const [particle, size] of [
      [Particle.INTEGER, 4],
      [Particle.FLOAT, 9],
      [Particle.BOOL, 0],
      [200, 1],
    ] as const) {
      expect(() => {
        encoder.encode(toView(bad(particle, size)));
      }).toThrow(ToolError);
    }
    expect(() => {
      encoder.encode(toView({ ...RECORD, keyType: Particle.INTEGER, key: Buffer.alloc(3) }));
    }).toThrow(ToolError);
    expect(encoder.drain().toString()).toBe(encoded(RECORD));
  });
});
