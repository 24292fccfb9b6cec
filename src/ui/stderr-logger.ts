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
import { escapeUnsafe, escapeUnsafeInJson } from './unsafe-text.js';

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
  return (
    truncateLine(
      `${stamp.slice(0, 10)} ${stamp.slice(11, 19)} GMT [${TAGS[level]}] [${thread}] ${escapeUnsafe(text)}`,
    ) + '\n'
  );
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
    return `${escapeUnsafeInJson(JSON.stringify(line))}\n`;
  };
}

/** The log of a command: one write per line. */
export class StderrLogger implements Log {
  verboseLines: boolean;
  form: LineForm;
  private readonly pid: number;
  private readonly now: () => Date;
  private readonly write: (line: string) => void;
  readonly redact: (text: string) => string;

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

function truncateLine(line: string): string {
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
