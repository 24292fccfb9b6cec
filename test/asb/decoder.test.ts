import { describe, expect, it } from 'vitest';
import { Decoder, Entry } from '../../src/asb/decoder.js';
import { Particle } from '../../src/core/particle.js';
import { DIGEST_TEXT, decode, decodeError, fileWith, fixture, records, reencode } from '../support/asb.js';
import type { Decoded } from '../support/asb.js';

const SAMPLES = ['vectors/sample.asb', 'vectors/sample-compact.asb', 'vectors/legacy-3.0.asb'];

describe('a file is read the same however it arrives', () => {
  for (const name of SAMPLES) {
    const text = fixture(name);
    const whole = decode(text);
    const same = (other: Decoded): void => {
      expect(other.entries).toEqual(whole.entries);
      expect(other.offsets).toEqual(whole.offsets);
      expect(other.decoder.meta).toEqual(whole.decoder.meta);
      expect(other.decoder.position).toEqual(whole.decoder.position);
    };

    it(`${name} byte by byte`, () => {
      same(decode(text, { chunks: [1] }));
    });

    it(`${name} cut in two at every byte`, () => {
      for (let cut = 1; cut < text.length; cut++) same(decode(text, { chunks: [cut, text.length] }));
    });

    it(`${name} cut short at every byte is an error there, or ends between two entries`, () => {
      const boundaries = new Set(whole.offsets);
      for (let cut = 0; cut < text.length; cut++) {
        const part = text.subarray(0, cut);
        for (const chunks of [[text.length], [5]]) {
          if (boundaries.has(cut)) {
            expect(() => decode(part, { chunks })).not.toThrow();
            continue;
          }
          const error = decodeError(part, { chunks });
          expect([error.code, error.offset], `cut at ${cut}`).toEqual(['ASB_TRUNCATED', cut]);
        }
      }
    });
  }

  it('in linear time when records are large and chunks small', () => {
    const value = Buffer.alloc(300_000, '\n');
    const bins = [1, 2, 3, 4].map((i) => Buffer.concat([Buffer.from(`- S s${i} ${value.length} `), value]));
    const text = fileWith([...bins, `- B b ${value.length} ${'A'.repeat(value.length)}`]);
    const started = process.cpuUsage();
    const decoded = decode(text, { chunks: [100] });
    expect(records(decoded)[0]?.bins).toHaveLength(5);
    expect(decoded.decoder.position.line).toBe(7 + 5 + 4 * value.length);
    // About 0.1 s; quadratic work would take minutes.
    expect(process.cpuUsage(started).user).toBeLessThan(10_000_000);
  });
});

describe('the samples', () => {
  it('are written again as they were', () => {
    expect(reencode(decode(fixture(SAMPLES[0]!)), false).equals(fixture(SAMPLES[0]!))).toBe(true);
    expect(reencode(decode(fixture(SAMPLES[1]!)), true).equals(fixture(SAMPLES[1]!))).toBe(true);
  });

  it('hold the same, compact or not', () => {
    expect(decode(fixture(SAMPLES[1]!)).entries).toEqual(decode(fixture(SAMPLES[0]!)).entries);
  });

  it('of version 3.0: X is a string, a backslash is a backslash', () => {
    const decoded = decode(fixture(SAMPLES[2]!));
    expect(decoded.decoder.version).toBe('3.0');
    const [record] = records(decoded);
    expect(record).toMatchObject({ keyType: Particle.STRING, generation: 7, namespace: 'test' });
    expect(record!.key.toString()).toBe('key1');
    expect(record!.set.toString()).toBe('a b\\c');
    expect(record!.bins.map((bin) => [bin.particle, bin.name.toString(), bin.value.toString('hex')])).toEqual([
      [Particle.STRING, 'x', '616263'],
      [Particle.INTEGER, 'back\\slash', 'ffffffffffffffff'],
      [Particle.STRING, 's', '6120620a63'],
      [Particle.BLOB, 'b', '00ff10'],
    ]);
  });
});

describe('bins', () => {
  const bins = (lines: string[], only?: string[]): string[] => {
    const [record] = records(decode(fileWith(lines), only === undefined ? {} : { bins: only }));
    return record!.bins.map((bin) => `${bin.particle} ${bin.name.toString()} ${bin.value.toString('hex')}`);
  };

  it('whose name comes twice have the last value, at the first place', () => {
    expect(bins(['- S a 1 x', '- S b 1 y', '- Z a T', '- N b', '- S \\a 1 z'])).toEqual(['3 a 7a', '0 b ']);
    const many = Array.from({ length: 40 }, (_, i) => `- S n${i} 1 a`);
    const again = Array.from({ length: 40 }, (_, i) => `- S n${i} 1 b`);
    expect(bins([...many, ...again])).toEqual(many.map((_, i) => `3 n${i} 62`));
  });

  it('may be as many as the count can say, and are told apart', () => {
    const lines = Array.from({ length: 65_535 }, (_, i) => `- I b${i} ${i}`);
    const { entries } = decode(fileWith(lines), { chunks: [10_000] });
    expect(entries[0]).toMatchObject({ binsInFile: 65_535 });
    const [record] = records({ entries } as Decoded);
    expect(record!.bins).toHaveLength(65_535);
    expect(record!.bins.every((bin, i) => bin.value.readUInt32BE(4) === i)).toBe(true);
    // A small record after it is not mixed up with what is left of the big one.
    expect(bins(['- I b1 1', '- I b1 2'])).toEqual(['1 b1 0000000000000002']);
  });

  it('that are not wanted are checked all the same', () => {
    expect(bins(['- S a 1 x', '- B b 4 AAAA', '- I a 7'], ['b'])).toEqual(['4 b 000000']);
    expect(decodeError(fileWith(['- B a 4 A*AA']), { bins: ['b'] }).code).toBe('ASB_BASE64');
    expect(bins(['- I  1', '- I a 2'], [''])).toEqual(['1  0000000000000001']);
  });

  it('take "!" behind any letter, where it means something for blobs only', () => {
    expect(bins(['- X! x 4 YWJj', '- Z! z F', '- N! n', '- S! s 1 \n', '- L! l 1 \x90', '- I! i -1'])).toEqual([
      '3 x 616263',
      '17 z 00',
      '0 n ',
      '3 s 0a',
      '20 l 90',
      '1 i ffffffffffffffff',
    ]);
  });
});

describe('secondary indexes and UDF modules', () => {
  const index = (line: string, version = '3.1'): unknown => {
    const { decoder } = decode(Buffer.from(`Version ${version}\n${line}\n`));
    const { set, name, bin, context, expression, indexType, dataType } = decoder.sindex;
    return [set, name, bin, indexType, dataType, context, expression];
  };

  it('with a context, an expression, both or neither', () => {
    expect(index('* i test  n N 01 b N')).toEqual(['', 'n', 'b', 'N', 'N', '', '']);
    expect(index('* i test s\\ t n V 1 b B lhA=')).toEqual(['s t', 'n', 'b', 'V', 'B', 'lhA=', '']);
    expect(index('* e test s n N 1  S kgEC', '3.2')).toEqual(['s', 'n', '', 'N', 'S', '', 'kgEC']);
    expect(index('* e test s n N 1 null S lhA= kgEC', '3.2')).toEqual(['s', 'n', 'null', 'N', 'S', 'lhA=', 'kgEC']);
    const context = 'A'.repeat(5000);
    expect(index(`* i test s n L 1 b G ${context}`)).toEqual(['s', 'n', 'b', 'L', 'G', context, '']);
  });

  it('is an error when an expression is missing, or more follows it', () => {
    const at = (line: string): number => decodeError(`Version 3.2\n${line}\n`).column;
    expect(at('* e t s n N 1 b S')).toBe(18);
    expect(at('* e t s n N 1 b S ')).toBe(19);
    expect(at('* e t s n N 1 b S aaaa bbbb c')).toBe(28);
  });

  it('index on a whole set, in a file of version 3.3, is read', () => {
    expect(index('* i test s setidx S 1  E', '3.3')).toEqual(['s', 'setidx', '', 'S', 'E', '', '']);
    expect(decodeError('Version 3.3\n* i test s setidx S 1  N\n').message).toMatch(/:2:24 .*expected "E"/);
    expect(decodeError('Version 3.3\n* i test s setidx S 1 b E\n').message).toMatch(/a set index has no bin/);
    expect(decodeError('Version 3.3\n* i test s n N 1 b E\n').message).toMatch(/expected an index data type/);
  });

  it('is refused rather than changed when a name is not UTF-8', () => {
    const error = decodeError('Version 3.1\n* i test s\xff n N 1 b N\n');
    expect([error.code, error.line, error.column]).toEqual(['ASB_SYNTAX', 2, 10]);
  });

  it('keeps a module as it is, its line feeds counted', () => {
    const { decoder } = decode(Buffer.from('Version 3.1\n* u L a\\ b.lua 9 x\n+ n y\n\n\n', 'latin1'));
    expect(decoder.udf.name).toBe('a b.lua');
    expect(decoder.udf.content.toString()).toBe('x\n+ n y\n\n');
    expect(decoder.position.line).toBe(6);
  });
});

describe('an error says where it is and what to do', () => {
  it('when the file is no backup, or is one inside something else', () => {
    const message = (start: string | Buffer): string => decodeError(start).message;
    expect(message('')).toBe('backup.asb:1:1 (byte 0): the file is empty; a backup begins with "Version 3.1"');
    expect(message(Buffer.from('28b52ffd0458a1030076', 'hex'))).toMatch(/:1:1 .*compressed with zstd .*28 b5 2f fd/);
    expect(message(Buffer.from('1f8b0800000000000003', 'hex'))).toMatch(/gzip/);
    expect(message(Buffer.from('51f97769273998f10bfbca7d', 'hex'))).toMatch(/encrypted.*wrong key.*51 f9 77/);
    expect(message('{"json": true}')).toMatch(/not a backup file: it begins with "{\\"json\\": tru" instead/);
    expect(message('\xef\xbb\xbfVersion 3.1\n')).toMatch(/byte order mark/);
    expect(message('Version 3.1\r\n')).toMatch(/:1:12 .*text mode/);
    expect(message('Version 4.0\n')).toMatch(/:1:9 .*"4.0" is unknown; readable are 3.0 to 3.3/);
    expect(message('Version 3')).toMatch(/:1:10 .*cut short in the middle of a version line/);
    expect(message('Version 9')).toMatch(/:1:9 .*"9" is unknown/);
  });

  it('with the byte that was found and the one that was expected', () => {
    const message = (bin: string): string => decodeError(fileWith([bin])).message;
    expect(message('- I i 12x')).toBe(
      'backup.asb:7:9 (byte 80): expected a digit or the end of the line in the integer, found "x"',
    );
    expect(message('- S s 2 abc')).toMatch(/:7:11 .*the end of the line after the value of 2 bytes, found "c"/);
    expect(message('- B b 4 AB\xe9D')).toMatch(/:7:11 .*not base64: byte 0xe9/);
    expect(message('- U u 4 YWJj')).toMatch(/:7:3 .*large data type \(LDT\)/);
    expect(message('- Q q 1')).toMatch(/:7:3 .*expected a bin type .* found "Q"/);
    expect(message('- I')).toMatch(/:7:4 .*found the end of the line/);
  });

  it('with a stable code', () => {
    const code = (bin: string): string => decodeError(fileWith([bin])).code;
    expect(code('- I i 9223372036854775808')).toBe('ASB_NUMBER');
    expect(code('- D d 1e999')).toBe('ASB_NUMBER');
    expect(code('- D d x')).toBe('ASB_NUMBER');
    expect(code('- B b 3 AAA')).toBe('ASB_BASE64');
    expect(code('- I abcdefghijklmnop 1')).toBe('ASB_LIMIT');
    expect(code(`- I i ${'0'.repeat(1000)}1`)).toBe('ASB_LIMIT');
    expect(code('- U u 1')).toBe('ASB_LDT');
    expect(code('- I\ti 1')).toBe('ASB_SYNTAX');
    expect(decodeError('Version 3.9\n').code).toBe('ASB_VERSION');
    expect(decodeError('Version 3.1\n+').code).toBe('ASB_TRUNCATED');
  });

  it('in a line that comes after values and names with line feeds', () => {
    const error = decodeError(fileWith(['- S s 5 a\n\nbc', '- I x\\\ny 1', '- Z z X']));
    expect([error.line, error.column]).toEqual([12, 7]);
    const second = Buffer.concat([
      fileWith(['- S s 3 \n\n\n', '- N a\\\n']),
      Buffer.from(`+ n test\n+ d ${DIGEST_TEXT}\n+ g x\n`),
    ]);
    expect(decodeError(second, { chunks: [1] })).toMatchObject({ line: 15, column: 5, code: 'ASB_NUMBER' });
  });

  it('and comes again when the caller goes on', () => {
    const decoder = new Decoder({ file: 'f' });
    decoder.write(Buffer.from('Version 3.1\n?'));
    const thrown: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      try {
        decoder.next();
      } catch (error) {
        thrown.push(error);
      }
    }
    expect(thrown).toHaveLength(2);
    expect(thrown[0]).toBe(thrown[1]);
    decoder.end();
    expect(() => {
      decoder.write(Buffer.alloc(1));
    }).toThrow('after end');
  });
});

describe('damage costs no memory', () => {
  it('a length beyond any record is refused before anything is waited for', () => {
    for (const length of ['4294967295', '300000000']) {
      const error = decodeError(fileWith([`- S s ${length} abc`]));
      expect([error.code, error.line, error.column]).toEqual(['ASB_LIMIT', 7, 7 + length.length]);
    }
    expect(decodeError('Version 3.1\n* u L a 4294967296 x\n').code).toBe('ASB_NUMBER');
  });

  it('a name or number without end is refused as soon as it is too long', () => {
    const decoder = (head: string): Decoder => {
      const it = new Decoder({ file: 'f' });
      it.write(Buffer.from(`Version 3.1\n${head}`));
      return it;
    };
    for (const head of ['+ n ', '# namespace ', '* i ', '* i t s n N 1 b N ', '+ k I ', '+ k D ', '+ k S ']) {
      const one = decoder(head);
      one.write(Buffer.alloc(70_000, '1'));
      expect(() => one.next(), head).toThrow(/longer than \d+ bytes/);
    }
  });

  it('an entry without end is refused at the limit', () => {
    const line = '- I i 1\n'.repeat(1000);
    const text = Buffer.from(`Version 3.1\n+ n t\n+ d ${DIGEST_TEXT}\n+ g 1\n+ t 0\n+ b 65535\n${line}`);
    const decoder = new Decoder({ file: 'f', maxEntryBytes: 2000 });
    decoder.write(text);
    expect(() => decoder.next()).toThrow(/this record is longer than 2000 bytes/);
    expect(decodeError(fileWith(['- S s 5000 x']), { maxEntryBytes: 2000 })).toMatchObject({
      code: 'ASB_LIMIT',
      column: 11,
    });
  });
});

describe('the decoder at work', () => {
  it('gives the same namespace string as long as the namespace is the same', () => {
    const record = (ns: string): string => `+ n ${ns}\n+ d ${DIGEST_TEXT}\n+ g 1\n+ t 0\n+ b 0\n`;
    const decoder = new Decoder({ file: 'f' });
    decoder.write(
      Buffer.from(`Version 3.1\n${record('abc')}${record('abc')}${record('ab')}${record('abcd')}${record('')}`),
    );
    const seen: string[] = [];
    const bytes: Buffer[] = [];
    while (decoder.next() === Entry.RECORD) {
      seen.push(decoder.record.namespace);
      bytes.push(decoder.record.namespaceBytes);
    }
    expect(seen).toEqual(['abc', 'abc', 'ab', 'abcd', '']);
    expect(bytes[0]).toBe(bytes[1]);
    expect(bytes.map(String)).toEqual(seen);
  });

  it('does not carry a key or set over to the next record', () => {
    const text = `Version 3.1\n+ k B 8 AQIDBAU=\n+ n t\n+ d ${DIGEST_TEXT}\n+ s set\n+ g 1\n+ t 5\n+ b 0\n+ n t\n+ d ${DIGEST_TEXT}\n+ g 2\n+ t 0\n+ b 0\n`;
    const [first, second] = records(decode(Buffer.from(text)));
    expect(first).toMatchObject({ keyType: Particle.BLOB, key: Buffer.of(1, 2, 3, 4, 5), voidTime: 5, generation: 1 });
    expect(second).toMatchObject({ keyType: 0, generation: 2 });
    expect([second!.set.length, second!.key.length]).toEqual([0, 0]);
  });

  it('knows where the next entry is', () => {
    const text = fixture('vectors/sample.asb');
    const { offsets } = decode(text);
    const starts = offsets.slice(0, -1).map((offset) => text.toString('latin1', offset, offset + 2));
    expect(starts.every((start) => /^[#*+] $/.test(start))).toBe(true);
    expect(offsets.at(-1)).toBe(text.length);
  });
});
