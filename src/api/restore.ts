import { givenFromSettings } from '../config/from-settings.js';
import { resolve } from '../config/resolve.js';
import { toRestoreConfig } from '../config/restore-config.js';
import { type RestoreValues, restoreSchema } from '../config/restore-constraints.js';
import type { RestoreResult, RestoreSource } from '../engine/restore/config.js';
import { startRestore } from '../engine/restore/restore.js';
import { restorePresentation } from '../ui/restore-presentation.js';
import { reportRun } from '../ui/reported-run.js';
import { requireOne } from './alternatives.js';
import { createHooks } from './hooks.js';
import { readSecurity } from './security.js';
import type { RestoreSettings } from './settings.js';

/** The settings of a restore as checked values; `source` is there for a stream. */
export async function readRestoreSettings({
  stream,
  ...options
}: Omit<RestoreSettings, 'signal' | 'log' | 'onProgress'>): Promise<{
  values: RestoreValues;
  source: RestoreSource | undefined;
}> {
  requireOne(
    { ...options, stream },
    ['directory', 'directories', 'file', 'stream'],
    'No input specified. Use directory, directories, file or stream',
  );
  const given = givenFromSettings(restoreSchema.options, options);
  if (stream === undefined) return { values: (await resolve(restoreSchema, { given })).values, source: undefined };
  const spec = restoreSchema.options.find(({ name }) => name === 'input-file')!;
  given.push({ kind: 'option', spec, spelling: 'stream', argument: undefined, value: { kind: 'stdin' } });
  return { values: (await resolve(restoreSchema, { given })).values, source: { kind: 'stream', stream } };
}

/**
 * Restores a backup. Resolves when every record is written, or explained by a counter of the result. Rejects with an
 * OptionError for settings that cannot be followed, before anything is touched; with a RestoreError, which holds the
 * counters, if anything is missing; and with another ToolError if it could not begin.
 */
export async function restore(settings: RestoreSettings): Promise<RestoreResult> {
  const { signal, log, onProgress, ...plain } = settings;
  const { values, source } = await readRestoreSettings(plain);
  const hooks = createHooks({
    ...(signal === undefined ? {} : { signal }),
    ...(log === undefined ? {} : { log }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return hooks.around(async () => {
    const security = await readSecurity(values, hooks.log);
    const { log: runLog, signal: runSignal, display } = hooks;
    const config = toRestoreConfig(values, { log: runLog, signal: runSignal, security });
    const { storages, hostText: hosts } = config;
    const presentation = restorePresentation('restore');
    const options = {
      storages,
      presentation,
      log: runLog,
      frontEnd: 'api',
      hosts,
      signal: runSignal,
      display,
    } as const;
    const read = source === undefined ? config : { ...config, source };
    return reportRun(options, (context, follow) => follow(startRestore(read, context)));
  });
}
