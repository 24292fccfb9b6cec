import type { Log } from '../../core/log.js';
import type { LoggerSettings } from '../document/schema/service-settings.js';
import { RotatingFile } from './rotating-file.js';
import { ServiceLog } from './service-log.js';

const MB = 1_000_000;
const DAY_MS = 86_400_000;
const DEFAULT_MAX_SIZE_MB = 100;
const DEFAULT_MAX_AGE_DAYS = 7;
const DEFAULT_MAX_BACKUPS = 3;

export interface OpenLogOptions {
  /** Takes lines for standard output. */
  stdout: (text: string) => void;
  redact: (text: string) => string;
  /** For what the log itself cannot say: its file cannot be written. */
  fallback: Log;
}

export interface OpenedLog {
  log: ServiceLog;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/** The log that `service.logger` describes. Throws the error of the system if its file cannot be opened. */
export function openLog(settings: LoggerSettings = {}, { stdout, redact, fallback }: OpenLogOptions): OpenedLog {
  const { level = 'INFO', format = 'PLAIN', 'stdout-writer': isOnStdout = true, 'file-writer': fileWriter } = settings;
  let hasFailed = false;
  const file =
    fileWriter === undefined
      ? undefined
      : new RotatingFile({
          path: fileWriter.filename,
          maxBytes: (fileWriter.maxsize ?? DEFAULT_MAX_SIZE_MB) * MB || Infinity,
          maxAgeMs: (fileWriter.maxage ?? DEFAULT_MAX_AGE_DAYS) * DAY_MS,
          maxBackups: fileWriter.maxbackups ?? DEFAULT_MAX_BACKUPS,
          compress: fileWriter.compress ?? false,
          onError: (error) => {
            // Once: a full disk would be reported with every line.
            if (!hasFailed) fallback.error(`The log file cannot be written: ${String(error)}`);
            hasFailed = true;
          },
        });
  const write = (line: string): void => {
    if (isOnStdout) stdout(line);
    file?.write(line);
  };
  return { log: new ServiceLog({ level, format, write, redact }), close: async () => file?.close() };
}
