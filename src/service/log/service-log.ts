/** The log of the service: one line for each event, `key=value` pairs or JSON. */
import { toLogEvent, type FieldValue, type Fields, type Log, type LogLevel, type LogLine } from '../../core/log.js';
import { hintText } from '../../ui/hints.js';
import { shownLevel } from '../../ui/stderr-logger.js';
import { escapeUnsafe, escapeUnsafeInJson } from '../../ui/unsafe-text.js';

/** As `service.logger.level` names them; WARNING is WARN, and nothing is below DEBUG. */
export type ServiceLogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'WARNING' | 'ERROR';

export interface ServiceLogOptions {
  level: ServiceLogLevel;
  format: 'PLAIN' | 'JSON';
  /** Takes whole lines, with their line feed. */
  write: (line: string) => void;
  /** Applied to every text and field. */
  redact?: (text: string) => string;
  now?: () => Date;
}

const RANKS = { TRACE: 0, DEBUG: 0, INFO: 1, WARN: 2, WARNING: 2, ERROR: 3 } as const;
const NAMES = { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;
/** What needs no quotes in a line of pairs. */
const PLAIN_VALUE = /^[^\s"=]+$/;

export class ServiceLog implements Log {
  readonly redact: (text: string) => string;
  private readonly fields: Fields;

  constructor(
    private readonly options: ServiceLogOptions,
    fields: Fields = {},
  ) {
    this.redact = options.redact ?? ((text) => text);
    this.fields = fields;
  }

  /** The same log, whose lines have these fields, too: the routine, the job. */
  withFields(fields: Fields): ServiceLog {
    return new ServiceLog(this.options, { ...this.fields, ...fields });
  }

  info(line: LogLine, worker?: number): void {
    this.write('info', line, worker);
  }

  error(line: LogLine, worker?: number): void {
    this.write('error', line, worker);
  }

  verbose(line: LogLine, worker?: number): void {
    this.write('verbose', line, worker);
  }

  private write(level: LogLevel, line: LogLine, worker: number | undefined): void {
    const { event, text, fields, hint, warning } = toLogEvent(line);
    const name = NAMES[shownLevel(level, { event, text, ...(warning === undefined ? {} : { warning }) })];
    if (RANKS[name] < RANKS[this.options.level]) return;
    const remedy = hint === undefined ? '' : ` ${hintText(hint, 'rest')}`;
    const time = (this.options.now?.() ?? new Date()).toISOString();
    const message = this.redact(`${text}${remedy}`);
    const all = this.redactFields({ ...this.fields, event, ...(worker === undefined ? {} : { worker }), ...fields });
    this.options.write(
      this.options.format === 'JSON'
        ? `${escapeUnsafeInJson(JSON.stringify({ time, level: name, msg: message, ...all }))}\n`
        : `${pairs({ time, level: name, msg: message, ...all })}\n`,
    );
  }

  private redactFields(fields: Fields): Fields {
    const clean = (value: FieldValue): FieldValue => {
      if (typeof value === 'string') return this.redact(value);
      return Array.isArray(value) ? value.map((item: string) => this.redact(item)) : value;
    };
    return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, clean(value)]));
  }
}

function pairs(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => {
      const text = Array.isArray(value) ? value.join(',') : String(value);
      return `${name}=${PLAIN_VALUE.test(text) ? escapeUnsafe(text) : escapeUnsafe(JSON.stringify(text))}`;
    })
    .join(' ');
}
