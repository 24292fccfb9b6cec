import { describe, expect, it } from 'vitest';
import { buildFilter } from '../../../src/aerospike/protocol/filter-expression.js';

const SET_NAME = '9146';
const text = (name: string): string => `${(0xa1 + name.length).toString(16)}03${Buffer.from(name).toString('hex')}`;
const compare = (operation: '01' | '02', set: string): string => `93${operation}${SET_NAME}${text(set)}`;

describe('buildFilter', () => {
  it('of one set, leaves it to the request; of records without a set, compares the name', () => {
    expect(buildFilter({ sets: ['a'] })).toBeUndefined();
    expect(buildFilter({ sets: [''] })?.toString('hex')).toBe(compare('01', ''));
  });

  it('of sets to leave out, has one comparison for each', () => {
    expect(buildFilter({ sets: [], excludedSets: ['a'] })?.toString('hex')).toBe(compare('02', 'a'));
    const two = buildFilter({ sets: [], excludedSets: ['a', ''] });
    expect(two?.toString('hex')).toBe(`9310${compare('02', 'a')}${compare('02', '')}`);
  });
});
