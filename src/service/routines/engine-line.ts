import type { LogEntry } from '../../api/settings.js';
import type { Log, LogEvent } from '../../core/log.js';

/** Passes a line of the engine on. What is no warning is for the verbose log: a run has many lines. */
export function forwardEntry(log: Log, { level, event, message, fields }: LogEntry, routine: string): void {
  const line = { event: event as LogEvent['event'], text: message, fields: { ...fields, routine } };
  if (level === 'error') log.error(line);
  else if (level === 'warn') log.info({ ...line, warning: true });
  else log.verbose(line);
}
