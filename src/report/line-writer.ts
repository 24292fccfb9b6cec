import type { Log } from './log.js';

/** The C tools end the program at a line of this many bytes; here such a line is cut. */
const MAX_LINE_BYTES = 9_999;
const CUT_MARK = '...';

export interface LineWriterSettings {
  verbose: boolean;
  /** Number shown for the main thread; worker k shows this plus k. */
  pid?: number;
  now?: () => Date;
  write?: (line: string) => void;
  /** Applied to every text: takes out what must not be seen. */
  redact?: (text: string) => string;
}

/** `YYYY-MM-DD HH:MM:SS GMT [INF] [nnnnn] text`, one write per line. */
export class LineWriter implements Log {
  verboseLines: boolean;
  readonly #pid: number;
  readonly #now: () => Date;
  readonly #write: (line: string) => void;
  readonly #redact: (text: string) => string;

  constructor(settings: LineWriterSettings) {
    this.verboseLines = settings.verbose;
    this.#pid = settings.pid ?? process.pid;
    this.#now = settings.now ?? (() => new Date());
    this.#write = settings.write ?? writeToStderr;
    this.#redact = settings.redact ?? ((text) => text);
  }

  info(text: string, worker?: number): void {
    this.#line('INF', text, worker);
  }

  error(text: string, worker?: number): void {
    this.#line('ERR', text, worker);
  }

  verbose(text: string, worker?: number): void {
    if (this.verboseLines) this.#line('VER', text, worker);
  }

  #line(tag: string, text: string, worker = 0): void {
    const time = this.#now().toISOString();
    const thread = String((this.#pid + worker) % 100_000).padStart(5);
    this.#write(
      cut(`${time.slice(0, 10)} ${time.slice(11, 19)} GMT [${tag}] [${thread}] ${oneLine(this.#redact(text))}`) + '\n',
    );
  }
}

/** A name with a line feed must not be able to look like a log line of its own, nor an escape sequence reach a terminal. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function cut(line: string): string {
  const most = MAX_LINE_BYTES - 1; // and the line feed
  if (line.length * 3 <= most || Buffer.byteLength(line) <= most) return line;
  let end = most - CUT_MARK.length;
  const bytes = Buffer.from(line);
  // Not inside a UTF-8 sequence.
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end) + CUT_MARK;
}

let stderrGuarded = false;

/** A reader that has gone away must not end the run. */
export function writeToStderr(line: string): void {
  if (!stderrGuarded) {
    stderrGuarded = true;
    process.stderr.on('error', () => undefined);
  }
  process.stderr.write(line);
}
