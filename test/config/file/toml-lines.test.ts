import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { TomlLines } from '../../../src/config/file/toml-lines.js';

const TEXT = `# a comment = 1
top = 1
"quoted \\"key\\"" = 2 # [not.a.table]
[asbackup] # comment
first = "a # b"

  'second' = '''
[not.a.table]
not-a-key = 1'''
third = """
"" \\""" still = inside
"""
list = [ # comment ]
  "]", '[',
  { a = [1,
  2] },
]
after = true\r
after-cr = 1
 [ "cluster_a.b" ]
x.y.z = 1
x . w = 2
[[many]]
k = 1
[[many]]
k = 2
[last]`;

describe('the lines of TOML', () => {
  const lines = new TomlLines(TEXT);

  it('are looked for in a text that is TOML', () => {
    expect(() => parse(TEXT)).not.toThrow();
  });

  it.each<[number, string[]]>([
    [2, ['top']],
    [3, ['quoted "key"']],
    [4, ['asbackup']],
    [5, ['asbackup', 'first']],
    [7, ['asbackup', 'second']],
    [10, ['asbackup', 'third']],
    [13, ['asbackup', 'list']],
    [18, ['asbackup', 'after']],
    [19, ['asbackup', 'after-cr']],
    [20, ['cluster_a.b']],
    [21, ['cluster_a.b', 'x']],
    [21, ['cluster_a.b', 'x', 'y', 'z']],
    [22, ['cluster_a.b', 'x', 'w']],
    [23, ['many']],
    [27, ['last']],
  ])('line %i has %o', (line, path) => {
    expect(lines.of(...path)).toBe(line);
  });

  it('fall back to the table of a key, and to the first', () => {
    expect(lines.of('asbackup', 'unheard-of')).toBe(4);
    expect(lines.of('unheard-of')).toBe(1);
    expect(lines.of('asbackup', 'not-a-key')).toBe(4);
  });

  it('come to an end with any text', () => {
    for (const text of [
      '',
      '[',
      '=',
      '= 1',
      '"',
      '"""',
      "'",
      '[a',
      'a',
      'a = "',
      'a = [',
      ']',
      '\\',
      'a = }\n]\nb = 1',
    ]) {
      expect(new TomlLines(text).of('x')).toBe(1);
    }
  });
});
