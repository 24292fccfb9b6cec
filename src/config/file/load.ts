import { type OptionText, optionText } from '../option-text.js';
import type { OptionTable } from '../schema/option-spec.js';
import type { ToolSchema } from '../tool-schema.js';
import { ConfigError } from './config-error.js';
import { readFileTree } from './includes.js';
import { mergeFiles } from './precedence.js';
import { knowsInstance, type Setting, readSettings } from './apply-config.js';

/** Which files are to be read, the most important last. */
export interface FileChoice {
  readonly files: readonly { readonly path: string; readonly required: boolean }[];
  readonly instance?: string;
}

export interface LoadedSettings {
  /** One per option. */
  readonly settings: readonly Setting[];
  /** The files that were read, in their order. */
  readonly files: readonly string[];
}

/** Reads the files with all that they include; `own` are settings that override them. Throws ConfigError. */
export async function loadSettings<T extends OptionTable>(
  tool: ToolSchema<T>,
  choice: FileChoice,
  own: readonly Setting[] = [],
): Promise<LoadedSettings> {
  const files = [];
  for (const { path, required } of choice.files) files.push(...(await readFileTree(path, required)));
  const { instance } = choice;
  // Otherwise a misspelled instance would mean the cluster at 127.0.0.1.
  if (instance !== undefined && !files.some((file) => knowsInstance(file, instance))) {
    throw new ConfigError(
      'CONFIG_INSTANCE',
      unknownInstance(
        tool,
        instance,
        files.map(({ path }) => path),
      ),
    );
  }
  const settings = files.map((file) => readSettings(file, tool.name, tool.options, instance));
  return { settings: mergeFiles([...settings, own], tool.overrides ?? {}), files: files.map((file) => file.path) };
}

function unknownInstance<T extends OptionTable>(
  { options }: ToolSchema<T>,
  instance: string,
  paths: readonly string[],
): OptionText {
  const spec = options.find(({ name }) => name === 'instance');
  const reason = paths.length === 0 ? 'there is no configuration file' : `no section for it in ${paths.join(', ')}`;
  const what = spec === undefined ? ['instance'] : [{ spec }];
  return optionText`${what} ${instance} is unknown: ${reason}; add [cluster_${instance}]`;
}
