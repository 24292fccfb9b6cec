import { OptionError } from './option-error.js';
import type { Setting } from './file/apply-config.js';
import type { OptionTable } from './schema/option-spec.js';

/**
 * The options that environment variables set, as settings whose texts are those of the command line. Throws OptionError
 * for bytes that are not UTF-8, which Node.js has replaced.
 */
export function environmentSettings(table: OptionTable, env: NodeJS.ProcessEnv): Setting[] {
  return table.flatMap((spec): Setting[] => {
    const text = spec.env === undefined ? undefined : env[spec.env];
    if (spec.env === undefined || text === undefined) return [];
    if (text.includes('\ufffd')) {
      throw new OptionError('OPTION_VALUE', `The environment variable ${spec.env} is not UTF-8 text`);
    }
    return [{ spec, key: spec.name, text, place: `environment variable ${spec.env}` }];
  });
}
