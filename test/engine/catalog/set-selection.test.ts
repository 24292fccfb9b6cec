import { describe, expect, it } from 'vitest';
import {
  checkSelection,
  selectNamespaces,
  selectSets,
  toBackupSelection,
} from '../../../src/engine/catalog/set-selection.js';

describe('toBackupSelection', () => {
  it('of references in any order, has each once and sorted', () => {
    const include = [{ namespace: 'test', set: 'b' }, { namespace: 'bar' }, { namespace: 'test', set: '' }];
    expect(toBackupSelection([...include, include[0]!], [])).toEqual({ include: ['bar', 'test.', 'test.b'] });
    expect(toBackupSelection([], [])).toEqual({});
  });
});

describe('selectSets', () => {
  it.each([
    ['nothing chosen', {}, { sets: [], excludedSets: [] }],
    ['sets included', { include: ['test.a', 'bar.x', 'test.'] }, { sets: ['a', ''], excludedSets: [] }],
    ['the namespace and a set included', { include: ['test', 'test.a'] }, { sets: [], excludedSets: [] }],
    ['sets excluded', { exclude: ['test.a', 'bar.b', 'test.c.d'] }, { sets: [], excludedSets: ['a', 'c.d'] }],
    ['sets of both', { include: ['test.a', 'test.b'], exclude: ['test.b'] }, { sets: ['a'], excludedSets: [] }],
    ['all of them excluded again', { include: ['test.a'], exclude: ['test.a'] }, undefined],
    ['the namespace excluded', { exclude: ['test'] }, undefined],
    ['only others included', { include: ['bar'] }, undefined],
  ])('with %s, is what is left', (_, selection, expected) => {
    expect(selectSets('test', selection)).toEqual(expected);
  });
});

describe('selectNamespaces', () => {
  it('has those of which something is left', () => {
    expect(selectNamespaces(['a', 'b', 'c'], { exclude: ['b', 'c.x'] })).toEqual(['a', 'c']);
    expect(selectNamespaces(['a', 'b', 'c'], { include: ['b.x'] })).toEqual(['b']);
  });
});

describe('checkSelection', () => {
  it('of a namespace that is not in the backup, throws', () => {
    expect(() => checkSelection(['a'], { include: ['a.x'], exclude: ['a.y'] })).not.toThrow();
    expect(() => checkSelection(['a'], { exclude: ['aa.y'] })).toThrow('"aa.y" is of no namespace of the backup');
  });
});
