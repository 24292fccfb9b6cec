import type { Setting } from './file/apply-config.js';
import type { OptionTable } from './schema/option-spec.js';

/** The options that environment variables set, as settings whose texts are those of the command line. */
export function environmentSettings(table: OptionTable, env: NodeJS.ProcessEnv): Setting[] {
  return table.flatMap((spec): Setting[] => {
    const text = spec.env === undefined ? undefined : env[spec.env];
    if (spec.env === undefined || text === undefined) return [];
    return [{ spec, key: spec.name, text, place: `environment variable ${spec.env}` }];
  });
}
