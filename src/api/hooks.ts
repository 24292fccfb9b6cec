/** What a run tells its caller: log entries and progress, through functions that may throw. */
import { toLogEvent, type Log, type LogLevel, type LogLine } from '../core/log.js';
import { shownLevel } from '../ui/stderr-logger.js';
import type { Progress, ProgressDisplay } from '../ui/progress/display.js';
import type { LogEntry, RunSettings } from './settings.js';
import { followAbort } from '../core/abort.js';

const MIB = 1024 * 1024;

export interface Hooks {
  log: Log;
  display: ProgressDisplay | undefined;
  /** Aborts when the caller's signal does, or when one of its functions has thrown. */
  signal: AbortSignal;
  /** Settles as `run` does, unless one of the functions has thrown: then rejects with that. */
  around<T>(run: () => Promise<T>): Promise<T>;
}

export function createHooks({ signal, log, onProgress }: RunSettings): Hooks {
  const controller = new AbortController();
  let thrown: { error: unknown } | undefined;
  const guard = (work: () => void): void => {
    if (thrown !== undefined) return;
    try {
      work();
    } catch (error) {
      thrown = { error };
      controller.abort(error);
    }
  };
  return {
    log: toLog(log === undefined ? undefined : (entry) => guard(() => log(entry))),
    display: onProgress === undefined ? undefined : toDisplay((event) => guard(() => onProgress(event))),
    signal: controller.signal,
    async around(run) {
      signal?.throwIfAborted();
      const stopFollowing = followAbort(signal, () => controller.abort(signal?.reason));
      try {
        const result = await run();
        if (thrown !== undefined) throw thrown.error;
        return result;
      } catch (error) {
        throw thrown === undefined ? error : thrown.error;
      } finally {
        stopFollowing();
      }
    },
  };
}

export function toLog(callback: ((entry: LogEntry) => void) | undefined): Log {
  const at =
    (level: LogLevel) =>
    (line: LogLine, worker?: number): void => {
      if (callback === undefined) return;
      const event = toLogEvent(line);
      callback({
        time: new Date(),
        level: shownLevel(level, event),
        event: event.event,
        message: event.text,
        fields: { ...(worker === undefined ? {} : { worker }), ...event.fields },
      });
    };
  return { info: at('info'), error: at('error'), verbose: at('verbose') };
}

function toDisplay(callback: NonNullable<RunSettings['onProgress']>): ProgressDisplay {
  return {
    start: () => undefined,
    update: ({ percent, records, bytes, recordsPerSecond, mibPerSecond, etaSeconds }: Progress) => {
      const bytesPerSecond = mibPerSecond * MIB;
      callback({ percent, records, bytes, recordsPerSecond, bytesPerSecond, etaSeconds });
    },
    stop: () => undefined,
  };
}
