import {
  toLogEvent,
  type FieldValue,
  type Fields,
  type Log,
  type LogEvent,
  type LogLevel,
  type LogLine,
} from '../core/log.js';
import { hintText } from './hints.js';

/** The C tools end the program at a line of this many bytes; here such a line is cut. */
const MAX_LINE_BYTES = 9_999;
const CUT_MARK = '...';

export interface LineWriterSettings {
  verbose: boolean;
  /** Number shown for the main thread; worker k shows this plus k. */
  pid?: number;
  now?: () => Date;
  write?: (line: string) => void;
  /** Applied to every text and every field: takes out what must not be seen. */
  redact?: (text: string) => string;
  /** Default: text lines. */
  form?: LineForm;
}

/** What a line is made of; secrets are out of it already. */
export interface LineParts {
  time: Date;
  level: LogLevel;
  event: LogEvent;
  /** Of the process. */
  pid: number;
  worker: number | undefined;
}

/** One line, its line feed included. */
export type LineForm = (parts: LineParts) => string;

const TAGS = { info: 'INF', error: 'ERR', verbose: 'VER' } as const;

/** `YYYY-MM-DD HH:MM:SS GMT [INF] [nnnnn] text` */
export const textForm: LineForm = ({ time, level, event: { text }, pid, worker = 0 }) => {
  const stamp = time.toISOString();
  const thread = String((pid + worker) % 100_000).padStart(5);
  return cut(`${stamp.slice(0, 10)} ${stamp.slice(11, 19)} GMT [${TAGS[level]}] [${thread}] ${oneLine(text)}`) + '\n';
};

const LEVELS = { info: 'info', error: 'error', verbose: 'debug' } as const;

/** As log collectors call it. */
export function shownLevel(level: LogLevel, { warning }: LogEvent): 'error' | 'warn' | 'info' | 'debug' {
  return warning === true ? 'warn' : LEVELS[level];
}

/**
 * `{"time":"…Z","tool":"asbackup","pid":…,"level":"info","event":"…","message":"…","fields":{…}}`
 * (docs/reference/log-events.md).
 */
export function jsonForm(tool: string): LineForm {
  return ({ time, level, event, pid, worker }) => {
    const { text, fields } = event;
    const line = {
      time: time.toISOString(),
      tool,
      pid,
      level: shownLevel(level, event),
      event: event.event,
      message: text,
      fields: { ...(worker === undefined ? {} : { worker }), ...fields },
    };
    return `${escapeJson(JSON.stringify(line))}\n`;
  };
}

/** The log of a command: one write per line. */
export class StderrLogger implements Log {
  verboseLines: boolean;
  form: LineForm;
  private readonly pid: number;
  private readonly now: () => Date;
  private readonly write: (line: string) => void;
  private readonly redact: (text: string) => string;

  constructor(settings: LineWriterSettings) {
    this.verboseLines = settings.verbose;
    this.form = settings.form ?? textForm;
    this.pid = settings.pid ?? process.pid;
    this.now = settings.now ?? (() => new Date());
    this.write = settings.write ?? writeToStderr;
    this.redact = settings.redact ?? ((text) => text);
  }

  info(line: LogLine, worker?: number): void {
    this.line('info', line, worker);
  }

  error(line: LogLine, worker?: number): void {
    this.line('error', line, worker);
  }

  verbose(line: LogLine, worker?: number): void {
    if (this.verboseLines) this.line('verbose', line, worker);
  }

  private line(level: LogLevel, line: LogLine, worker: number | undefined): void {
    const event = redacted(withHint(toLogEvent(line)), this.redact);
    this.write(this.form({ time: this.now(), level, event, pid: this.pid, worker }));
  }
}

/** The remedy, in the terms of the command line. */
function withHint(event: LogEvent): LogEvent {
  const { hint, ...plain } = event;
  if (hint === undefined) return event;
  const sentence = /[.!?]$/.test(plain.text) ? plain.text : `${plain.text}.`;
  return { ...plain, text: `${sentence} ${hintText(hint, 'cli')}` };
}

function redacted({ fields, ...event }: LogEvent, redact: (text: string) => string): LogEvent {
  const text = redact(event.text);
  return fields === undefined ? { ...event, text } : { ...event, text, fields: redactedFields(fields, redact) };
}

function redactedFields(fields: Fields, redact: (text: string) => string): Fields {
  const clean = (value: FieldValue): FieldValue => {
    if (typeof value === 'string') return redact(value);
    return typeof value === 'object' ? value.map(redact) : value;
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, clean(value)]));
}

/**
 * Control characters, which reach a terminal as commands (C0, DEL, C1), and characters that change the direction of the
 * text or end a line.
 */
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A name must not be able to look like a log line of its own, nor an escape sequence reach a terminal. */
function oneLine(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const code = c.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** The same value: JSON writes C0 as escapes by itself. */
function escapeJson(json: string): string {
  return json.replace(UNSAFE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
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
