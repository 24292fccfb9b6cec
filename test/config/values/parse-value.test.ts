import { describe, expect, it } from 'vitest';
import { backupSchema } from '../../../src/config/backup-constraints.js';
import { environmentSettings } from '../../../src/config/environment.js';
import { parseHosts, parseNodes, toSeeds } from '../../../src/config/values/hosts.js';
import { parseNames, parseSets } from '../../../src/config/values/lists.js';
import { ANY, parseInteger } from '../../../src/config/values/number.js';
import { partitionId } from '../../../src/core/partition.js';
import { parseValue, type ValueRule } from '../../../src/config/values/parse-value.js';
import { parsePartitions, partitionsAfter } from '../../../src/config/values/partitions.js';
import { readValue } from '../../../src/config/values/read-value.js';
import { parseTime } from '../../../src/config/values/time.js';

describe('a value of any kind', () => {
  const RULES: readonly ValueRule[] = [
    { type: 'text' },
    { type: 'text', maxBytes: 31 },
    { type: 'path' },
    { type: 'pem' },
    { type: 'input' },
    { type: 'directories' },
    { type: 'sets' },
    { type: 'names', maxBytes: 15 },
    { type: 'namespaces', maxBytes: 31 },
    { type: 'hosts' },
    { type: 'password' },
  ];

  it.each([
    ['a\0b', 'it contains a NUL byte'],
    ['a\ud800', 'it contains half of a surrogate pair'],
  ])('%j is refused: it would name something else', (text, message) => {
    for (const rule of RULES) {
      expect(() => parseValue(rule, text)).toThrow(message);
      expect(() => readValue(rule, text)).toThrow(message);
      expect(() => readValue(rule, [text])).toThrow(message);
      expect(() => readValue(rule, { from: 'a', to: text })).toThrow(message);
    }
  });

  it('may have characters of two surrogates', () => {
    expect(parseValue({ type: 'text' }, 'a\ud83d\ude00')).toBe('a\ud83d\ude00');
  });
});

describe('an environment variable', () => {
  it('whose bytes were replaced, since they are not UTF-8, is refused', () => {
    expect(() => environmentSettings(backupSchema.options, { ASTOOLS_HOST: 'caf\ufffd' })).toThrow(
      'The environment variable ASTOOLS_HOST is not UTF-8 text',
    );
  });
});

describe('hosts', () => {
  it.each([
    ['a', [{ host: 'a' }]],
    ['a:3100', [{ host: 'a', port: 3100 }]],
    ['a:tls', [{ host: 'a', tlsName: 'tls' }]],
    ['a:tls:3100', [{ host: 'a', tlsName: 'tls', port: 3100 }]],
    ['a:1tls:3100', [{ host: 'a', tlsName: '1tls', port: 3100 }]],
    ['[::1]', [{ host: '::1' }]],
    ['[::1]:3100', [{ host: '::1', port: 3100 }]],
    ['[fe80::1]:tls:3100', [{ host: 'fe80::1', tlsName: 'tls', port: 3100 }]],
    ['a, b:1 ,[::1]', [{ host: 'a' }, { host: 'b', port: 1 }, { host: '::1' }]],
  ])('%s', (text, entries) => {
    expect(parseHosts(text)).toEqual({ text, entries });
  });

  it.each([
    ['', /a host is empty/],
    ['a,,b', /a host is empty/],
    [':3000', /a host is empty/],
    ['a:', /an empty part/],
    ['host::3000', /an empty part/],
    ['a:tls:', /is not a port/],
    ['a:0', /port 0 is not from 1 to 65535/],
    ['a:65536', /port 65536 is not/],
    ['a:3000x', /"3000x" is not a port/],
    ['a:tls:x', /"x" is not a port/],
    ['a:b:c:d', /too many parts; an IPv6 address must be in brackets/],
    ['::1', /as in \[::1\]:3000/],
    ['[::1', /not an IPv6 address in brackets/],
    ['[::1]3000', /not an IPv6 address in brackets/],
    ['[host]:3000', /not an IPv6 address in brackets/],
  ])('%j is refused', (text, message) => {
    expect(() => parseHosts(text)).toThrow(message);
  });

  it('gives the default port to those that name none', () => {
    expect(toSeeds(parseHosts('a,b:4000'), 3000)).toEqual([
      { host: 'a', port: 3000 },
      { host: 'b', port: 4000 },
    ]);
  });
});

describe('nodes', () => {
  it('takes numeric addresses with a port, a TLS name between them', () => {
    const text = '10.0.0.1:3000;[::1]:tls:4000';
    expect(parseNodes(text)).toEqual({
      text,
      entries: [
        { host: '10.0.0.1', port: 3000 },
        { host: '::1', tlsName: 'tls', port: 4000 },
      ],
    });
  });

  it.each([
    ['host:3000', /numeric address/],
    ['10.0.0.1', /needs a port/],
    ['10.0.0.1:tls', /needs a port/],
  ])('%s is refused', (text, message) => {
    expect(() => parseNodes(text)).toThrow(message);
  });
});

describe('sets of a backup', () => {
  it.each([
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['', ['']],
    ['a,', ['a', '']],
    [',a', ['', 'a']],
    [' a, b ', [' a', ' b ']],
    [`"a,b",'c"d',e`, ['a,b', 'c"d', 'e']],
    ['"",a', ['', 'a']],
    [`a"b,c'd`, ['a"b', "c'd"]],
    ['s'.repeat(63), ['s'.repeat(63)]],
    [`"${'s'.repeat(63)}"`, ['s'.repeat(63)]],
  ])('%s', (text, expected) => {
    expect(parseSets(text)).toEqual(expected);
  });

  it.each([
    ['"a', /the quote \("\) is not closed/],
    [`a,'b"`, /the quote \('\) is not closed/],
    ['"a"b', /a comma must follow/],
    ['"a" ,b', /a comma must follow/],
    ['s'.repeat(64), /has 64 bytes, at most 63/],
    ['ä'.repeat(32), /has 64 bytes, at most 63/],
  ])('%s is refused', (text, message) => {
    expect(() => parseSets(text)).toThrow(message);
  });
});

describe('names', () => {
  it('trims the blanks of C only', () => {
    expect(parseNames(' a\t,\u00a0b', 15)).toEqual(['a', '\u00a0b']);
  });

  it('counts bytes', () => {
    expect(() => parseNames('ääääääää', 15)).toThrow('"ääääääää" has 16 bytes, at most 15 are allowed');
  });
});

describe('partitions', () => {
  // The first two bytes, little-endian: 0x0823 -> partition 2083, between 1000 and 3000.
  const digest = Buffer.from('2308000000000000000000000000000000000001', 'hex');
  const text = digest.toString('base64');

  it('places a digest at its own partition', () => {
    expect(partitionId(digest, 0)).toBe(2083);
    expect(partitionId(Buffer.from('ffff', 'hex'), 0)).toBe(4095);
    expect(partitionId(Buffer.from('xZ31Is0pcFkV4HhXwZY5UVesqV0=', 'base64'), 0)).toBe(3525);
  });

  it('takes ranges and digests mixed and sorts them', () => {
    expect(parsePartitions(` 2222 , ${text},0-1000`)).toEqual([
      { kind: 'range', begin: 0, count: 1000 },
      { kind: 'digest', digest },
      { kind: 'range', begin: 2222, count: 1 },
    ]);
  });

  it.each([
    ['0-4096', [{ kind: 'range', begin: 0, count: 4096 }]],
    ['4095', [{ kind: 'range', begin: 4095, count: 1 }]],
    [
      '0-2048,3000-10',
      [
        { kind: 'range', begin: 0, count: 2048 },
        { kind: 'range', begin: 3000, count: 10 },
      ],
    ],
    [
      '1-1,0-1',
      [
        { kind: 'range', begin: 0, count: 1 },
        { kind: 'range', begin: 1, count: 1 },
      ],
    ],
  ])('%s', (list, expected) => {
    expect(parsePartitions(list)).toEqual(expected);
  });

  it.each([
    ['', /empty element/],
    ['0,', /empty element/],
    ['0-0', /0-0 covers no partition/],
    ['4096', /begins beyond the last partition, 4095/],
    ['1-4096', /goes beyond the last partition; from 1 on there are 4095/],
    ['0-4097', /goes beyond/],
    ['0-1000,999', /0-1000 and 999 overlap/],
    ['7,7', /7 and 7 overlap/],
    [`2083,${text}`, /overlap/],
    [`2000-100,${text}`, /overlap/],
    [`${text},${text}`, /overlap/],
    ['-1', /neither BEGIN/],
    ['0-', /neither BEGIN/],
    ['x', /neither BEGIN/],
    ['AAAA', /neither BEGIN/],
    ['0x10', /neither BEGIN/],
  ])('%s is refused', (list, message) => {
    expect(() => parsePartitions(list)).toThrow(message);
  });

  it('continues after a digest in the partitions above', () => {
    expect(partitionsAfter(digest)).toEqual([
      { kind: 'digest', digest },
      { kind: 'range', begin: 2084, count: 2012 },
    ]);
    const last = Buffer.alloc(20, 0xff);
    expect(partitionsAfter(last)).toEqual([{ kind: 'digest', digest: last }]);
  });
});

describe('integers', () => {
  it('are exact up to the end of the range', () => {
    expect(parseInteger('9007199254740991', 0, ANY)).toBe(9007199254740991);
    expect(() => parseInteger('9007199254740992', 0, ANY)).toThrow('a whole number of at least 0');
    expect(() => parseInteger('9007199254740993', 0, ANY)).toThrow();
    expect(Object.is(parseInteger('-0', 0, 1), 0)).toBe(true);
  });
});

describe('times', () => {
  const now = new Date(2024, 0, 15, 12, 0, 0);

  it.each([
    ['2020-07-01_12:34:56', new Date(2020, 6, 1, 12, 34, 56)],
    ['2020-02-29', new Date(2020, 1, 29)],
    ['01:02:03', new Date(2024, 0, 15, 1, 2, 3)],
  ])('%s', (text, expected) => {
    expect(parseTime(text, now)).toBe(expected.getTime());
  });

  it('decides about summer time for that date, not for today', () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Europe/Berlin';
    try {
      expect(parseTime('2020-07-01_12:00:00', now)).toBe(Date.UTC(2020, 6, 1, 10));
      expect(parseTime('2020-01-01_12:00:00', now)).toBe(Date.UTC(2020, 0, 1, 11));
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  it.each([
    ['', /expected local time/],
    ['_', /expected local time/],
    ['2020-07-01_', /expected local time/],
    ['_12:34:56', /expected local time/],
    ['2020-07-0112:34:56', /expected local time/],
    ['2020-07-01 12:34:56', /expected local time/],
    ['2020-7-1', /expected local time/],
    ['12:34:56x', /expected local time/],
    ['2020-13-01', /no such date/],
    ['2019-02-29', /no such date/],
    ['24:00:00', /no such date/],
    ['12:60:00', /no such date/],
    ['1969-12-30', /after 1970-01-01 and before 2262/],
    ['2262-01-01', /after 1970-01-01 and before 2262/],
    ['0020-01-01', /no such date|after 1970/],
  ])('%s is refused', (text, message) => {
    expect(() => parseTime(text, now)).toThrow(message);
  });
});
