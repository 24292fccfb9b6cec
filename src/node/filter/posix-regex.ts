/**
 * POSIX regular expressions, basic and extended, as JavaScript ones (wire.md 10.2, opcode 7). Byte strings as latin1.
 */

/** 10.2 Flags, the libc's REG_… bits. */
const RegexFlag = { EXTENDED: 1, IGNORE_CASE: 2, NEWLINE: 4 } as const;

/** Characters that are operators bare in extended and behind a backslash in basic expressions. */
const OPERATORS = '+?|(){}';

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z',
  digit: '0-9',
  alnum: 'a-zA-Z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  cntrl: '\\x00-\\x1f\\x7f',
  print: '\\x20-\\x7e',
  graph: '\\x21-\\x7e',
};

/** Undefined if the pattern is not a valid expression. */
export function posixRegex(pattern: string, flags: number): RegExp | undefined {
  const extended = (flags & RegexFlag.EXTENDED) !== 0;
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (c === '[') {
      const end = bracketEnd(pattern, i);
      if (end < 0) return undefined;
      source += bracket(pattern.slice(i + 1, end));
      i = end;
    } else if (c === '\\') {
      const next = pattern[++i];
      if (next === undefined) return undefined;
      // In a basic expression the backslash makes an operator, in an extended one it takes an operator's meaning away.
      source += OPERATORS.includes(next) && !extended ? next : /[a-zA-Z0-9]/.test(next) ? `\\${next}` : escape(next);
    } else if (OPERATORS.includes(c) && !extended) source += escape(c);
    else if (c === '*' && (i === 0 || (!extended && source.endsWith('(')))) source += '\\*';
    else source += c;
  }
  const newline = (flags & RegexFlag.NEWLINE) !== 0;
  try {
    return new RegExp(source, `${newline ? 'm' : 's'}${(flags & RegexFlag.IGNORE_CASE) !== 0 ? 'i' : ''}`);
  } catch {
    return undefined;
  }
}

function escape(c: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(c) ? `\\${c}` : c;
}

/** A `]` that comes first, or inside `[:…:]`, doesn't end the bracket. */
function bracketEnd(pattern: string, start: number): number {
  let i = start + 1;
  if (pattern[i] === '^') i++;
  if (pattern[i] === ']') i++;
  for (; i < pattern.length; i++) {
    if (pattern[i] === '[' && pattern[i + 1] === ':') {
      const close = pattern.indexOf(':]', i + 2);
      if (close < 0) return -1;
      i = close + 1;
    } else if (pattern[i] === ']') return i;
  }
  return -1;
}

function bracket(body: string): string {
  const negated = body.startsWith('^');
  const set = (negated ? body.slice(1) : body)
    .replace(/[\\\]]/g, '\\$&')
    .replace(/\[:(\w+):\\?\]/g, (whole: string, name: string) => CLASSES[name] ?? whole)
    .replace(/(?<!\\)\[(?!-`)/g, '\\[');
  return `[${negated ? '^' : ''}${set}]`;
}
