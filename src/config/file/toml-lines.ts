/**
 * On which line each key of a TOML text stands. The TOML parser gives values without places; since it has accepted the
 * text before, this only has to find keys and step over values, and never reports an error of its own.
 */
export class TomlLines {
  readonly #lines = new Map<string, number>();

  constructor(text: string) {
    new Walk(text, (path, line) => {
      // The first place counts, also for the tables that a dotted key opens.
      for (let end = path.length; end > 0; end--) {
        const name = nameOf(path.slice(0, end));
        if (!this.#lines.has(name)) this.#lines.set(name, line);
      }
    }).run();
  }

  /** The line of the key, or of the table it stands in. */
  of(...path: string[]): number {
    for (let end = path.length; end > 0; end--) {
      const line = this.#lines.get(nameOf(path.slice(0, end)));
      if (line !== undefined) return line;
    }
    return 1;
  }
}

function nameOf(path: readonly string[]): string {
  return JSON.stringify(path);
}

class Walk {
  #at = 0;
  #line = 1;
  #table: string[] = [];

  constructor(
    private readonly text: string,
    private readonly found: (path: readonly string[], line: number) => void,
  ) {}

  run(): void {
    for (;;) {
      this.#skipBlanks();
      const c = this.text[this.#at];
      if (c === undefined) return;
      const before = this.#at;
      if (c === '[') this.#header();
      else this.#entry();
      // Cannot happen with a text that the parser has accepted; a place is not worth a hang.
      if (this.#at === before) return;
    }
  }

  #header(): void {
    while (this.text[this.#at] === '[') this.#at++;
    const line = this.#line;
    this.#table = this.#key();
    this.found(this.#table, line);
    this.#skipTo('\n');
  }

  #entry(): void {
    const line = this.#line;
    this.found([...this.#table, ...this.#key()], line);
    // The "=" stays in the way of a value that is missing.
    this.#at++;
    this.#value();
  }

  /** `a`, `"a b".c`, up to the "=" or "]" after it. */
  #key(): string[] {
    const parts: string[] = [];
    for (;;) {
      this.#skipSpaces();
      const c = this.text[this.#at];
      if (c === '"' || c === "'") {
        const start = this.#at;
        this.#string();
        parts.push(unquoted(this.text.slice(start, this.#at)));
      } else {
        const start = this.#at;
        while (/[^\s.=\]#"']/.test(this.text[this.#at] ?? ' ')) this.#at++;
        parts.push(this.text.slice(start, this.#at));
      }
      this.#skipSpaces();
      if (this.text[this.#at] !== '.') return parts;
      this.#at++;
    }
  }

  /** To the end of the line on which the value ends. */
  #value(): void {
    let depth = 0;
    for (;;) {
      const c = this.text[this.#at];
      if (c === undefined) return;
      if (c === '"' || c === "'") {
        this.#string();
        continue;
      }
      if (c === '#') {
        this.#skipTo('\n');
        continue;
      }
      if (c === '[' || c === '{') depth++;
      else if (c === ']' || c === '}') depth--;
      else if (c === '\n') {
        if (depth <= 0) return;
        this.#line++;
      }
      this.#at++;
    }
  }

  #string(): void {
    const quote = this.text[this.#at]!;
    const triple = quote.repeat(3);
    const multiLine = this.text.startsWith(triple, this.#at);
    const end = multiLine ? triple : quote;
    this.#at += end.length;
    while (this.#at < this.text.length && !this.text.startsWith(end, this.#at)) {
      if (quote === '"' && this.text[this.#at] === '\\') this.#at++;
      if (this.text[this.#at] === '\n') this.#line++;
      this.#at++;
    }
    this.#at += end.length;
    // Up to two quotes may stand before the closing ones.
    if (multiLine) while (this.text[this.#at] === quote) this.#at++;
  }

  #skipBlanks(): void {
    for (;;) {
      const c = this.text[this.#at];
      if (c === '#') this.#skipTo('\n');
      else if (c === '\n') {
        this.#line++;
        this.#at++;
      } else if (c === ' ' || c === '\t' || c === '\r') this.#at++;
      else return;
    }
  }

  #skipSpaces(): void {
    while (this.text[this.#at] === ' ' || this.text[this.#at] === '\t') this.#at++;
  }

  #skipTo(mark: string): void {
    const end = this.text.indexOf(mark, this.#at);
    this.#at = end < 0 ? this.text.length : end;
  }
}

function unquoted(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch {
    // An escape that JSON does not know; only the place of such a key is less exact then.
    return text.slice(1, -1);
  }
}
