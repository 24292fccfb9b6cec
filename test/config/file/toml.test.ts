import { beforeAll, describe, expect, it } from 'vitest';
import { parseToml, type TomlLines } from '../../../src/config/file/toml.js';

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

describe('TOML', () => {
  let lines: TomlLines;
  beforeAll(async () => {
    ({ lines } = await parseToml(TEXT, 'file'));
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
  ])('line %i is that of %o', (line, path) => {
    expect(lines.find(...path)).toBe(line);
  });

  it('gives an unknown key the line of its table, or else the first', () => {
    expect(lines.find('asbackup', 'unheard-of')).toBe(4);
    expect(lines.find('unheard-of')).toBe(1);
    expect(lines.find('asbackup', 'not-a-key')).toBe(4);
  });

  it('keeps integers apart from fractions, and reads tables within tables and lists', async () => {
    const { table } = await parseToml(TEXT, 'file');
    expect(table).toMatchObject({
      top: 1n,
      asbackup: { list: [']', '[', { a: [1n, 2n] }], after: true },
      'cluster_a.b': { x: { y: { z: 1n }, w: 2n } },
      many: [{ k: 1n }, { k: 2n }],
    });
    expect((await parseToml('a = 1.0\n__proto__ = 2', 'file')).table).toMatchObject({ a: 1 });
  });

  it.each([
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
    'a = '.padEnd(50_000, '['),
  ])('refuses %j with its place', async (text) => {
    await expect(parseToml(text, 'file')).rejects.toMatchObject({ code: 'CONFIG_SYNTAX' });
  });
});
