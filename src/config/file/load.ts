import type { OptionTable } from '../schema/option-spec.js';
import { ConfigError } from './config-error.js';
import { readFileTree } from './includes.js';
import { mergeFiles, type Overrides } from './precedence.js';
import { knowsInstance, type Setting, settingsOf } from './apply-config.js';

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

export interface ConfiguredTool {
  readonly name: 'asbackup' | 'asrestore';
  readonly options: OptionTable;
  readonly yields?: Overrides;
}

/** Reads the files with all that they include. Throws ConfigError. */
export async function loadSettings(tool: ConfiguredTool, choice: FileChoice): Promise<LoadedSettings> {
  const files = [];
  for (const { path, required } of choice.files) files.push(...(await readFileTree(path, required)));
  const { instance } = choice;
  // Without this a misspelt instance would quietly mean the cluster at 127.0.0.1.
  if (instance !== undefined && !files.some((file) => knowsInstance(file, instance))) {
    const paths = files.map((file) => file.path).join(', ');
    const where = paths === '' ? 'there is no configuration file' : `no section for it in ${paths}`;
    throw new ConfigError('CONFIG_INSTANCE', `--instance ${instance} is unknown: ${where}; add [cluster_${instance}].`);
  }
  const settings = files.map((file) => settingsOf(file, tool.name, tool.options, instance));
  return { settings: mergeFiles(settings, tool.yields ?? {}), files: files.map((file) => file.path) };
}
