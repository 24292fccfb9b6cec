import { describe, expect, it } from 'vitest';
import { readValue } from '../../../src/config/values/read-value.js';
import { parseNamespaceSets, parseRenames, parseSetRenames } from '../../../src/config/values/set-names.js';
import { parseMoment } from '../../../src/config/values/time.js';

describe('sets with their namespace', () => {
  it('namespaces, sets, records without a set, points and commas in names of sets, are told apart', () => {
    expect(parseNamespaceSets('a, b.c,b.,b.x.y,"b.p,q"')).toEqual([
      { namespace: 'a' },
      { namespace: 'b', set: 'c' },
      { namespace: 'b', set: '' },
      { namespace: 'b', set: 'x.y' },
      { namespace: 'b', set: 'p,q' },
    ]);
    expect(readValue({ type: 'namespace-sets' }, ['a', 'b.p,q'])).toEqual([
      { namespace: 'a' },
      { namespace: 'b', set: 'p,q' },
    ]);
  });

  it.each([
    ['', /empty name/],
    ['.set', /lacks the name of a namespace/],
    ['n'.repeat(32), /at most 31/],
    [`n.${'s'.repeat(64)}`, /at most 63/],
  ])('%j is refused', (text, message) => {
    expect(() => parseNamespaceSets(text)).toThrow(message);
  });
});

describe('new names', () => {
  it('namespaces, have one each', () => {
    expect(parseRenames('a=b,c=a')).toEqual([
      { from: 'a', to: 'b' },
      { from: 'c', to: 'a' },
    ]);
    expect(readValue({ type: 'renames' }, { a: 'b' })).toEqual([{ from: 'a', to: 'b' }]);
  });

  it('sets, have one in their namespace, which may be that of records without a set', () => {
    expect(parseSetRenames('a.b=c,a.=d,a.e=')).toEqual([
      { namespace: 'a', from: 'b', to: 'c' },
      { namespace: 'a', from: '', to: 'd' },
      { namespace: 'a', from: 'e', to: '' },
    ]);
    expect(readValue({ type: 'set-renames' }, { 'a.b': 'c' })).toEqual([{ namespace: 'a', from: 'b', to: 'c' }]);
  });

  it.each([
    ['a', /no "="/],
    ['a=b,a=c', /"a" stands there twice/],
    ['a=c,b=c', /"c" stands there twice/],
    ['a=', /lacks the name/],
  ])('namespaces %j, are refused', (text, message) => {
    expect(() => parseRenames(text)).toThrow(message);
  });

  it.each([
    ['a=b', /names no set/],
    ['a.b=c,a.b=d', /stands there twice/],
    [`a.b=${'s'.repeat(64)}`, /at most 63/],
  ])('sets %j, are refused', (text, message) => {
    expect(() => parseSetRenames(text)).toThrow(message);
  });
});

describe('moments', () => {
  it('local times and ISO 8601 with and without a zone, are understood', () => {
    const local = new Date(2026, 0, 2, 3, 4, 5).getTime();
    expect(parseMoment('2026-01-02_03:04:05')).toBe(local);
    expect(parseMoment('2026-01-02T03:04:05')).toBe(local);
    expect(parseMoment('2026-01-02T03:04:05.678Z')).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
    expect(parseMoment('2026-01-02T03:04+01:00')).toBe(Date.UTC(2026, 0, 2, 2, 4));
  });

  it.each(['2026-01-02T', '2026-13-02T03:04:05Z', 'Tuesday', '1969-12-31T00:00:00Z', '2262-01-01T00:00:00Z'])(
    '%s is refused',
    (text) => {
      expect(() => parseMoment(text)).toThrow(/expected/);
    },
  );
});
