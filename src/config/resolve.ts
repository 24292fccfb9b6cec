import type { LoadedSettings, FileChoice } from './file/load.js';
import type { Setting } from './file/apply-config.js';
import { isReadableByEverybody } from './exposed-file.js';
import { environmentSettings } from './environment.js';
import type { Given, GivenOption } from './given.js';
import { OptionError } from './option-error.js';
import { type OptionText, optionText } from './option-text.js';
import type { OptionValues } from './option-values.js';
import { applySettings, checkValue, type OptionReading, readOptions } from './read-options.js';
import type { OptionTable } from './schema/option-spec.js';
import { SecretError } from './secrets/secret-error.js';
import type { ToolSchema } from './tool-schema.js';
import type { ValueRule } from './values/parse-value.js';

/**
 * Where values come from. The first overrides the others: given options, environment, files, defaults of the schema.
 */
export interface SettingSources {
  /** Options of the command line, or typed settings of the library. */
  readonly given: readonly Given[];
  /** Absent = not read. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where configuration files are searched for without being named. Absent = none are read. */
  readonly configFiles?: readonly string[];
  /** Called with each secret before it can appear in any output. */
  readonly onSecret?: (reference: string, text: string, rule: ValueRule) => void;
  /** Called with the settings of files and environment before they are checked. */
  readonly onSettings?: (settings: readonly Setting[]) => void;
}

export interface ResolvedOptions<T extends OptionTable> {
  values: OptionValues<T>;
  /** About old options and spellings. */
  warnings: string[];
  /** About what is not as the user may think, although nothing is wrong. */
  notes: OptionText[];
  /** For users who wonder where a value comes from. */
  details: string[];
}

/**
 * The checked values of a tool's options. The command line overrides the environment, the environment overrides the
 * files, also in how the secret agent is reached for the secrets that files refer to (asbackup.md 12, faults 18 and
 * 20). The code for files and secrets is loaded only if there are any. Throws OptionError, ConfigError, SecretError.
 */
export async function resolve<const T extends OptionTable>(
  tool: ToolSchema<T>,
  sources: SettingSources,
): Promise<ResolvedOptions<T>> {
  const options = sources.given.filter((item) => item.kind === 'option');
  const { settings, files } = await loadSources(tool, options, sources);
  sources.onSettings?.(settings);
  const { applied, details } = applySettings(tool, sources.given, settings);
  const all = [...applied, ...sources.given];
  const notes: OptionText[] = findExposedPasswords(settings);
  let reading: OptionReading<T> = readOptions(tool, all);
  const { pending, values } = reading;
  if (pending.length > 0) {
    const portWins = options.some(({ spec }) => spec.name === 'sa-port');
    const warn = (note: OptionText): void => void notes.push(note);
    const secrets = await fetchPending(pending, values, portWins, warn).catch((error: unknown) => {
      throw withPlace(error, applied);
    });
    for (const { argument: reference, spec } of pending) {
      if (reference !== undefined) sources.onSecret?.(reference, secrets.get(reference) ?? '', spec.value);
    }
    reading = readOptions(tool, all, secrets);
  } else {
    // As in the C tools, an option that cannot be followed is an error, even if nothing asks for it (asbackup.md 2.1).
    await checkAgentCertificates(values).catch((error: unknown) => {
      throw withPlace(error, applied);
    });
  }
  return {
    values: reading.values,
    warnings: reading.warnings,
    notes: [...notes, ...(tool.notes?.(reading.values) ?? [])],
    details: [...files.map((file) => `Configuration file ${file} was read`), ...details],
  };
}

async function loadSources<T extends OptionTable>(
  tool: ToolSchema<T>,
  options: readonly GivenOption[],
  { env, configFiles }: SettingSources,
): Promise<LoadedSettings> {
  const choice = configFiles === undefined ? undefined : chooseFiles(options, configFiles);
  const own = env === undefined ? [] : environmentSettings(tool.options, env);
  if (choice === undefined) return { settings: own, files: [] };
  const { loadSettings } = await import('./file/load.js');
  return loadSettings(tool, choice, own);
}

/** Undefined: none. --no-config-file also disables --config-file, as in the C tools (asbackup.md 1.2). */
function chooseFiles(options: readonly GivenOption[], defaults: readonly string[]): FileChoice | undefined {
  const last = (name: string): GivenOption | undefined => options.findLast(({ spec }) => spec.name === name);
  const none = last('no-config-file');
  const only = last('only-config-file');
  if (none !== undefined && only !== undefined) {
    throw new OptionError('OPTION_CONFLICT', optionText`${none} and ${only} exclude each other`);
  }
  if (none !== undefined) return undefined;
  const instance = last('instance')?.argument ?? '';
  const further = last('config-file');
  for (const option of options) if (isFileChoice(option)) checkValue(option);
  const required = (option: GivenOption | undefined): FileChoice['files'] =>
    option === undefined ? [] : [{ path: option.argument ?? '', required: true }];
  const usual = defaults.map((path) => ({ path, required: false }));
  return {
    files: only === undefined ? [...usual, ...required(further)] : required(only),
    ...(instance === '' ? {} : { instance }),
  };
}

function isFileChoice({ spec: { name } }: GivenOption): boolean {
  return name === 'config-file' || name === 'only-config-file';
}

/** Passwords in clear in files that every user may read. */
function findExposedPasswords(settings: readonly Setting[]): OptionText[] {
  const exposed = settings.filter(({ spec, text, place }) => {
    if (spec.value.type !== 'password' || /^(?:env|file|secrets):/.test(text)) return false;
    return isReadableByEverybody(place.replace(/:\d+$/, ''));
  });
  return exposed.map(
    ({ spec, place }) =>
      optionText`Warning: ${place} holds ${{ spec }} in clear, and the permissions of the file let every user read it; mode 600 protects it`,
  );
}

async function checkAgentCertificates(values: { get(name: string): unknown }): Promise<void> {
  const caFile = values.get('sa-cafile');
  if (typeof caFile !== 'string') return;
  const { readTrusted } = await import('./secrets/agent.js');
  await readTrusted(caFile);
}

/** Adds where a setting of the agent comes from that is not as it must be. */
function withPlace(error: unknown, applied: readonly GivenOption[]): unknown {
  if (!(error instanceof SecretError) || error.option === undefined) return error;
  const { option } = error;
  const place = applied.find(({ spec }) => spec === option.spec)?.place;
  return place === undefined ? error : error.at(place);
}

async function fetchPending<T extends OptionTable>(
  pending: readonly GivenOption[],
  values: OptionValues<T>,
  portWins: boolean,
  warn: (note: OptionText) => void,
): Promise<Map<string, string>> {
  const [{ agentSettings }, { fetchSecrets }] = await Promise.all([
    import('./secrets/agent-settings.js'),
    import('./secrets/agent.js'),
  ]);
  const references = pending.flatMap(({ argument }) => (argument === undefined ? [] : [argument]));
  return fetchSecrets(agentSettings(values, portWins), references, warn);
}
