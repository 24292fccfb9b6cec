import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/asb/decoder.js';
import { decode, vectors } from '../support/asb.js';

interface Case {
  name: string;
  fileHex: string;
  c: { ok: boolean; line?: number; col?: number; records?: number; indexes?: number; udfs?: number };
  go: { ok: boolean };
}

const EMPTY_NUMBER = 'C takes an empty number for 0 (asb-format.md 8.5)';
const ESCAPED_DIGIT = 'C takes a backslash before a digit (8.5)';
const INNER_PADDING = 'C takes "=" anywhere and corrupts the length (4, 8.5)';
const CONTEXT = 'C sends any text as a context, and with it commands to the server; a context is base64';
const DIGEST_SIZE = 'a digest is 20 bytes; C does not look at its last characters, Go does (4)';

/** What C accepts and we don't, and why. */
const STRICTER: Readonly<Record<string, string>> = {
  'int ': EMPTY_NUMBER,
  'int -': EMPTY_NUMBER,
  'int \\\\5': ESCAPED_DIGIT,
  'dbl ': EMPTY_NUMBER,
  'dbl 1e400': 'C reads infinity where no writer meant it (8.5)',
  'dbl \\\\1': ESCAPED_DIGIT,
  'gen ': EMPTY_NUMBER,
  'exp ': EMPTY_NUMBER,
  'bin B b 4 A===': INNER_PADDING,
  'bin B b 4 ====': INNER_PADDING,
  'bin B b 8 AA==AAAA': INNER_PADDING,
  'bin B b  ': EMPTY_NUMBER,
  'bin S s \\\\3 abc': ESCAPED_DIGIT,
  'bin S s  ': EMPTY_NUMBER,
  'key + k I \\n': EMPTY_NUMBER,
  'digest AAECAwQFBgcICQoLDA0ODxAREhMU': DIGEST_SIZE,
  'digest AAECAwQFBgcICQoLDA0ODxARE===': DIGEST_SIZE,
  'global * i test s n N 2 b N  c S\\n': 'the path count is always 1 (1.1, 8.4)',
  'global * i test s n N 1 b N ctx\\n': CONTEXT,
  'global * i test s n N 1 b N c d\\n': CONTEXT,
  'global * i test s n N 1 b N c\\\\ d\\n': CONTEXT,
  '161 global * i test s n N 1 b N xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx': CONTEXT,
  'meta namespace noval': 'C compares a prefix only (8.5); no writer leaves the namespace out',
  'meta namespacexyz': 'C compares a prefix only (8.5)',
};

/** What C rejects and we accept, and why. */
const WIDER: Readonly<Record<string, string>> = {
  'dbl 1E5': 'Go reads it, and nothing else can be meant (2.4)',
  'global * e test s n N 1  N ZXhw\\n': 'Go writes expression indexes under 3.1 in single-file mode (1.4, 8.3)',
  'meta ns escaped LF': 'writers escape the namespace of the meta line; C forgets to unescape it (1.2)',
  'ver Version 3.2\\n': '8.3',
  '3.2 e': '8.3',
  '162 global * i test s n N 1 b N xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx':
    'C crashes on a context of more than 999 characters; Go has no limit (8.2)',
};

const AT_THE_BYTE = 'we point at the wrong byte itself, C at the end of the block it has read';
const AT_THE_NUMBER = 'C takes the empty number for 0 and stumbles over what follows';

/** Where we report another place than C, and why: ours is [line, column]. */
const ELSEWHERE: Readonly<Record<string, readonly [line: number, column: number, reason: string]>> = {
  'bincount  with 1 bin': [7, 5, AT_THE_NUMBER],
  'bin name 16': [8, 20, 'the first byte too many, not the end of the line where C stores the bin'],
  'bin B b 4 A*8Q': [8, 10, AT_THE_BYTE],
  'bin B b 4 A-_Q': [8, 10, AT_THE_BYTE],
  'bin U u 4 YWJj': [8, 3, 'the letter, not the end of the name'],
  'bin Z z t': [8, 7, AT_THE_BYTE],
  'bin Z z 1': [8, 7, AT_THE_BYTE],
  'bin Z z TT': [8, 8, AT_THE_BYTE],
  'bin S s 4294967296 abc': [8, 17, 'the length itself; C waits for 4 GiB and finds the end of the file'],
  'digest AAECAwQFBgcICQoLDA0ODxAREhMUFRY=': [4, 32, 'the digest has 28 characters, the last is "="'],
  'digest AAEC': [4, 9, AT_THE_BYTE],
  'digest ': [4, 5, AT_THE_BYTE],
  'digest AAECAwQFBgcICQoLDA0ODxARE h=': [4, 30, AT_THE_BYTE],
  'global * e test s n N 1 b N ctx\\n': [3, 25, 'the expression that is not base64; C refuses "e"'],
  'global * i test s n N 2 b N c S\\n': [3, 17, 'the path count; C reads on and wants a second path'],
};

const cases = vectors('decoder-cases.json') as Case[];

describe('files are accepted and rejected as C does, or for a reason differently', () => {
  it('has a reason for cases that exist only', () => {
    const names = new Set(cases.flatMap((one, i) => [one.name, `${i} ${one.name}`]));
    for (const name of [...Object.keys(STRICTER), ...Object.keys(WIDER), ...Object.keys(ELSEWHERE)]) {
      expect(names.has(name), name).toBe(true);
    }
    expect(cases).toHaveLength(318);
  });

  it.each(cases.map((one, i) => [`${i} ${one.name}`, one] as const))('%s', (title, one) => {
    const { name } = one;
    const text = Buffer.from(one.fileHex, 'hex');
    // Two cases may have the same name; then the reason is given for the number of one of them.
    const accepted = (one.c.ok || name in WIDER || title in WIDER) && !(name in STRICTER || title in STRICTER);
    let error: unknown;
    try {
      const { entries } = decode(text);
      const count = (kind: string): number => entries.filter((entry) => entry.kind === kind).length;
      if (one.c.ok) {
        expect([count('record'), count('sindex'), count('udf')]).toEqual([one.c.records, one.c.indexes, one.c.udfs]);
      }
    } catch (thrown) {
      error = thrown;
    }
    if (accepted) {
      expect(error).toBeUndefined();
      return;
    }
    if (!(error instanceof FormatError))
      throw new Error('accepted, or an error that is no FormatError', { cause: error });
    const [line, column] = ELSEWHERE[name] ?? [one.c.line, one.c.col];
    if (!one.c.ok && line !== undefined) expect([error.line, error.column], error.message).toEqual([line, column]);
    expect(error.message).toContain(`backup.asb:${error.line}:${error.column} (byte ${error.offset}): `);
    // Line and column are those of the offset.
    const before = text.subarray(0, error.offset).toString('latin1').split('\n');
    expect([error.line, error.column]).toEqual([before.length, before.at(-1)!.length + 1]);

    // However the file arrives, the error is the same.
    for (const chunks of [[1], [2, 3], [7], [64]]) {
      let other: unknown;
      try {
        decode(text, { chunks });
      } catch (thrown) {
        other = thrown;
      }
      expect(other).toMatchObject({ message: error.message, code: error.code });
    }
  });
});
