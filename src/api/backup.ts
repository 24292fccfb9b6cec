import { backupSchema } from '../config/backup-constraints.js';
import { toBackupConfig } from '../config/backup-config.js';
import { givenFromSettings } from '../config/from-settings.js';
import type { GivenOption } from '../config/given.js';
import { resolve } from '../config/resolve.js';
import { startBackup } from '../engine/backup/backup.js';
import { backupPresentation } from '../ui/backup-presentation.js';
import { reportRun } from '../ui/reported-run.js';
import { ToolError } from '../core/errors.js';
import type { BackupResult } from '../engine/backup/config.js';
import { requireOne } from './alternatives.js';
import { createHooks } from './hooks.js';
import { readSecurity } from './security.js';
import type { BackupSettings } from './settings.js';
import { followAbort } from '../core/abort.js';

/**
 * Backs up one namespace. Resolves when everything asked for is written and durable. Rejects with an OptionError for
 * settings that cannot be followed, before anything is touched; with a BackupError if the backup was begun and is not
 * complete; with another ToolError if it could not begin; and with the signal's reason if that was aborted before.
 */
export async function backup(settings: BackupSettings): Promise<BackupResult> {
  const { signal, log, onProgress, stream, ...options } = settings;
  requireOne(settings, ['directory', 'file', 'stream'], 'No output specified. Use directory, file or stream');
  const given = givenFromSettings(backupSchema.options, options);
  if (stream !== undefined) given.push(streamTarget());
  const { values } = await resolve(backupSchema, { given });
  const hooks = createHooks({
    ...(signal === undefined ? {} : { signal }),
    ...(log === undefined ? {} : { log }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  // It may break before anything is written to it, and one that nobody reads from would never take the last byte.
  stream?.on('error', () => undefined);
  const stopFollowing = followAbort(hooks.signal, () => {
    stream?.destroy(new ToolError('STOPPED', 'The backup was stopped before it was complete'));
  });
  const running = hooks.around(async () => {
    const security = await readSecurity(values, hooks.log);
    const { log: runLog, signal: runSignal, display } = hooks;
    const config = toBackupConfig(values, { log: runLog, signal: runSignal, security });
    const { storages, hostText: hosts } = config;
    const presentation = backupPresentation('backup');
    const options = {
      storages,
      presentation,
      log: runLog,
      frontEnd: 'api',
      hosts,
      signal: runSignal,
      display,
    } as const;
    const target = stream === undefined ? config.target : ({ kind: 'stream', stream } as const);
    return reportRun(options, (context, follow) => follow(startBackup({ ...config, target }, context)));
  });
  try {
    return await running;
  } catch (error) {
    stream?.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    stopFollowing();
  }
}

/** Stands for an output until the stream takes its place. */
function streamTarget(): GivenOption {
  const spec = backupSchema.options.find(({ name }) => name === 'output-file')!;
  return { kind: 'option', spec, spelling: 'stream', argument: undefined, value: '-' };
}
