import { errorMessage, ToolError } from './errors.js';
import type { HintId } from './hint.js';
import type { LogEventName, LogFieldName } from './log-events.js';

/** What a field of a log line may hold. Counts and sizes are numbers, lists hold names. */
export type FieldValue = string | number | boolean | readonly string[];
export type Fields = Readonly<Record<string, FieldValue>>;

/** A log line that programs can read, too: the text for people, and what it says as fields. */
export interface LogEvent {
  /** Several lines may have the same. */
  readonly event: LogEventName;
  readonly text: string;
  readonly fields?: Fields;
  /** What the user can do about an error; the front end adds the sentence to the text. */
  readonly hint?: HintId;
  /** Nothing has failed, but somebody should look at it. */
  readonly warning?: true;
}

/** A plain text is an event of the name `message`. */
export type LogLine = string | LogEvent;

export type LogLevel = 'info' | 'error' | 'verbose';

/** Where a run's lines go. Formats: asbackup.md 8.1. Layers below `cli` know this interface only. */
export interface Log {
  /** `worker` is the number of the worker thread that speaks; absent = the main thread. */
  info(line: LogLine, worker?: number): void;
  error(line: LogLine, worker?: number): void;
  /** Shown in a verbose log only. */
  verbose(line: LogLine, worker?: number): void;
  /** Takes out of a text what the lines of this log do not show; absent = nothing. */
  readonly redact?: (text: string) => string;
}

export function toLogEvent(line: LogLine): LogEvent {
  return typeof line === 'string' ? { event: 'message', text: line } : line;
}

export function logText(line: LogLine): string {
  return typeof line === 'string' ? line : line.text;
}

/** Fields of an event: some or all of those that core/log-events.ts has for it. */
type EventFields<Name extends LogEventName> = Readonly<Partial<Record<LogFieldName<Name>, FieldValue>>>;

export function logEvent<Name extends LogEventName>(event: Name, text: string, fields?: EventFields<Name>): LogEvent {
  return fields === undefined ? { event, text } : { event, text, fields: fields as Fields };
}

/** `text` without the word in front. */
export function warningEvent<Name extends LogEventName>(
  event: Name,
  text: string,
  fields?: EventFields<Name>,
): LogEvent {
  return { ...logEvent(event, `Warning: ${text}`, fields), warning: true };
}

/** What went wrong, with the code that programs can test. */
export function errorEvent(error: unknown): LogEvent {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'INTERNAL';
  const message = errorMessage(error);
  const line = logEvent('error', /[.!?]\)?$/.test(message) ? message : `${message}.`, { code });
  return error instanceof ToolError && error.hint !== undefined ? { ...line, hint: error.hint } : line;
}
