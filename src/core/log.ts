import { errorMessage, ToolError } from './errors.js';
import type { HintId } from './hint.js';

/** What a field of a log line may hold. Counts and sizes are numbers, lists hold names. */
export type FieldValue = string | number | boolean | readonly string[];
export type Fields = Readonly<Record<string, FieldValue>>;

/** A log line that programs can read, too: the text for people, and what it says as fields. */
export interface LogEvent {
  /** Stable, as documented in docs/reference/log-events.md: `backup.summary`. Several lines may tell the same event. */
  readonly event: string;
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

/** Where a run's lines go. Formats: asbackup.md 8.1. Rooms below `cli` only ever see this interface. */
export interface Log {
  /** `worker` is the number of the worker thread that speaks; absent = the main thread. */
  info(line: LogLine, worker?: number): void;
  error(line: LogLine, worker?: number): void;
  /** Shown in a verbose log only. */
  verbose(line: LogLine, worker?: number): void;
}

export function toLogEvent(line: LogLine): LogEvent {
  return typeof line === 'string' ? { event: 'message', text: line } : line;
}

export function logText(line: LogLine): string {
  return typeof line === 'string' ? line : line.text;
}

export function logEvent(event: string, text: string, fields?: Fields): LogEvent {
  return fields === undefined ? { event, text } : { event, text, fields };
}

/** `text` without the word in front. */
export function warningEvent(event: string, text: string, fields?: Fields): LogEvent {
  return { ...logEvent(event, `Warning: ${text}`, fields), warning: true };
}

/** What went wrong, with the code that programs can test. `more` follows the error's own sentence. */
export function errorEvent(error: unknown, event = 'error', more = ''): LogEvent {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'INTERNAL';
  const message = errorMessage(error);
  const line = logEvent(event, (/[.!?]\)?$/.test(message) ? message : `${message}.`) + more, { code });
  return error instanceof ToolError && error.hint !== undefined ? { ...line, hint: error.hint } : line;
}
