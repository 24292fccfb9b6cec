import { describe, expect, it } from 'vitest';
import { parseDirectories, withParent } from '../../../src/config/values/directories.js';

describe('a list of directories', () => {
  it.each([
    ['a', undefined, ['a']],
    ['a,b', undefined, ['a', 'b']],
    [' a, b ', undefined, [' a', ' b ']],
    ['a,b', 'p', ['p/a', 'p/b']],
    ['a,b', 'p/', ['p/a', 'p/b']],
    ['/x', 'p', ['p//x']],
    ['"a,b"', '/p', ['/p/"a', '/p/b"']],
  ])('%j in %j', (list, parent, expected) => {
    expect(withParent(parseDirectories(list), parent)).toEqual(expected);
  });

  it.each(['', 'a,', ',a', 'a,,b'])('%j has a directory without a name', (list) => {
    expect(() => parseDirectories(list)).toThrow('has no name');
  });
});
