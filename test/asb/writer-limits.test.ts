/** A backup must not end without an error when its own reader would refuse it. */
import { describe, expect, it } from 'vitest';
import { encodeMetadataFile, encodeSindex, encodeUdf, RecordEncoder } from '../../src/asb/encoder.js';
import { EncodeError } from '../../src/asb/errors.js';
import { Particle } from '../../src/core/particle.js';
import type { Sindex } from '../../src/core/sindex.js';
import { decode, type PlainRecord, toView } from '../support/asb.js';

const RECORD: PlainRecord = {
  namespace: 'test',
  set: Buffer.from('demo'),
  digest: Buffer.alloc(20),
  keyType: 0,
  key: Buffer.alloc(0),
  generation: 1,
  voidTime: 0,
  bins: [],
};
const INDEX: Sindex = {
  namespace: 'test',
  set: 's',
  name: 'n',
  indexType: 'N',
  bin: 'b',
  dataType: 'N',
  context: '',
  expression: '',
};

describe('encoder refuses a record that no reader accepts', () => {
  const bin = (name: string): PlainRecord['bins'] => [
    { name: Buffer.from(name), particle: Particle.STRING, value: Buffer.from('x') },
  ];
  it.each<[string, Partial<PlainRecord>, string]>([
    ['a generation of 65536', { generation: 65_536 }, 'generation 65536 is beyond 65535'],
    ['a set name of 64 bytes', { set: Buffer.alloc(64, 'x') }, 'its set name is longer than 63 bytes'],
    ['a bin name of 16 bytes', { bins: bin('x'.repeat(16)) }, 'is longer than 15 bytes'],
    ['a NUL in a bin name', { bins: bin('a\0b') }, 'holds a NUL byte'],
    ['a NUL in a set name', { set: Buffer.from('a\0b') }, 'holds a NUL byte'],
  ])('%s', (_what, change, message) => {
    const encoder = new RecordEncoder({ namespace: 'test', compact: false });
    encoder.encode(toView(RECORD));
    const before = encoder.length;
    expect(() => {
      encoder.encode(toView({ ...RECORD, ...change }));
    }).toThrow(EncodeError);
    expect(() => {
      encoder.encode(toView({ ...RECORD, ...change }));
    }).toThrow(message);
    expect(encoder.length).toBe(before);
  });

  it('the largest generation, set name and bin name are read back', () => {
    const encoder = new RecordEncoder({ namespace: 'test', compact: false });
    encoder.encode(toView({ ...RECORD, generation: 65_535, set: Buffer.alloc(63, 'x'), bins: bin('y'.repeat(15)) }));
    const { entries } = decode(Buffer.concat([Buffer.from('Version 3.1\n'), encoder.drain()]));
    expect(entries).toHaveLength(1);
  });
});

describe('encoder refuses an index or module that no reader accepts', () => {
  it.each<[string, Partial<Sindex>, string]>([
    ['a name of 256 bytes', { name: 'x'.repeat(256) }, 'its name is longer than 255 bytes'],
    ['a set name of 64 bytes', { set: 'x'.repeat(64) }, 'its set name is longer than 63 bytes'],
    ['a bin name of 16 bytes', { bin: 'x'.repeat(16) }, 'its bin name is longer than 15 bytes'],
    ['a line feed in its name', { name: 'a\nb' }, 'control character or a semicolon'],
    ['a semicolon in its set', { set: 'a;b' }, 'control character or a semicolon'],
    ['a context that is not base64', { context: 'abc' }, 'its context is not base64 text'],
    ['an expression that is not base64', { expression: 'a;bc' }, 'its expression is not base64 text'],
  ])('index with %s', (_what, change, message) => {
    expect(() => encodeSindex({ ...INDEX, ...change })).toThrow(message);
  });

  it('module of more than 1 MiB, or with a name that would be a command', () => {
    expect(() => encodeUdf({ name: 'm.lua', content: Buffer.alloc((1 << 20) + 1) })).toThrow(
      'The UDF module "m.lua" cannot be restored from a backup file: it has 1048577 bytes; no server accepts more',
    );
    expect(() => encodeUdf({ name: 'm\nx', content: Buffer.alloc(0) })).toThrow('control character or a semicolon');
  });
});

describe('metadata file', () => {
  const setIndex: Sindex = { ...INDEX, indexType: 'S', bin: '', dataType: 'E', name: 'setidx' };
  const expressionIndex: Sindex = { ...INDEX, bin: '', dataType: 'S', expression: 'kgEC' };

  it('has the lowest version that its indexes allow', () => {
    expect(encodeMetadataFile('test', [INDEX]).version).toBe('3.1');
    expect(encodeMetadataFile('test', [INDEX, expressionIndex]).version).toBe('3.2');
    expect(encodeMetadataFile('test', [setIndex, expressionIndex]).version).toBe('3.3');
  });

  it('with a set index is byte for byte what the newer tools write', () => {
    expect(encodeMetadataFile('test', [setIndex]).bytes.toString()).toBe(
      'Version 3.3\n# namespace test\n* i test s setidx S 1  E\n',
    );
  });

  it('is read back with its indexes and modules', () => {
    const udf = { name: 'm.lua', content: Buffer.from('return 1\n') };
    const sindexes = [INDEX, expressionIndex, setIndex];
    const { entries, decoder } = decode(encodeMetadataFile('test', sindexes, [udf]).bytes);
    expect(decoder.version).toBe('3.3');
    expect(entries.flatMap((entry) => (entry.kind === 'sindex' ? [entry.sindex] : []))).toEqual(sindexes);
    expect(entries.at(-1)).toEqual({ kind: 'udf', udf });
  });
});
