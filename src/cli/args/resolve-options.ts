import { checkValue, type CommandLine, findHelpOrVersion, parseCommandLine, type Tool } from './parse.js';
import type { FileChoice } from '../../config/file/load.js';
import type { Setting } from '../../config/file/apply-config.js';
import type { OptionValues } from '../../config/option-values.js';
import type { OptionTable } from '../../config/schema/option-spec.js';
import { SecretError } from '../../config/secrets/secret-error.js';
import type { ValueRule } from '../../config/values/parse-value.js';
import { type OptionToken, tokenize } from './tokenizer.js';

/** What a command line is read with, apart from its words. */
export interface ResolveContext {
  /** Where configuration files are looked for without being named. */
  readonly configFiles: readonly string[];
  /** Is told each secret before anything can be said about it. */
  readonly keepSecret: (reference: string, text: string, rule: ValueRule) => void;
  /** Is told the settings of the files before anything is made of them. */
  readonly settingsRead?: (settings: readonly Setting[]) => void;
}

/**
 * From words, configuration files and secrets to checked values. The command line wins over the files, also in how the
 * secret agent is reached for the secrets that files refer to (asbackup.md faults 18 and 20). What files and secrets
 * need is loaded only if there are any.
 */
export async function readCommandLine<const T extends OptionTable>(
  tool: Tool<T>,
  argv: readonly string[],
  aids: ResolveContext,
): Promise<CommandLine<T>> {
  const words = tokenize(argv, tool.options);
  const first = findHelpOrVersion(words);
  if (first !== undefined) return { kind: first };
  const options = words.filter((word): word is OptionToken => word.kind === 'option');
  const choice = chooseFiles(options, aids.configFiles);
  const { loadSettings } = await import('../../config/file/load.js');
  const { settings, files } = choice === undefined ? { settings: [], files: [] } : await loadSettings(tool, choice);
  aids.settingsRead?.(settings);
  let line = parseCommandLine(tool, argv, { settings });
  if (line.kind === 'run' && line.pending.length > 0) {
    const portWins = options.some(({ spec }) => spec.name === 'sa-port');
    const secrets = await fetchPending(line.pending, line.values, portWins).catch((error: unknown) => {
      const said = new Set(options.map(({ spec }) => spec.name));
      throw withPlaces(
        error,
        settings.filter(({ spec }) => !said.has(spec.name)),
      );
    });
    for (const { argument: reference, spec } of line.pending) {
      if (reference !== undefined) aids.keepSecret(reference, secrets.get(reference) ?? '', spec.value);
    }
    line = parseCommandLine(tool, argv, { settings, secrets });
  }
  if (line.kind === 'run') line.details.unshift(...files.map((file) => `Configuration file ${file} was read`));
  return line;
}

/** Undefined: none. --no-config-file also silences --config-file, as it always has (asbackup.md 1.2). */
function chooseFiles(options: readonly OptionToken[], defaults: readonly string[]): FileChoice | undefined {
  const last = (name: string): string | undefined => options.findLast(({ spec }) => spec.name === name)?.argument;
  if (options.some(({ spec }) => spec.name === 'no-config-file')) return undefined;
  const instance = last('instance') ?? '';
  for (const word of options) if (isFileChoice(word)) checkValue(word);
  const only = last('only-config-file');
  const further = last('config-file');
  const usual = defaults.map((path) => ({ path, required: false }));
  return {
    files:
      only !== undefined
        ? [{ path: only, required: true }]
        : [...usual, ...(further === undefined ? [] : [{ path: further, required: true }])],
    ...(instance === '' ? {} : { instance }),
  };
}

/** Adds where a setting of the agent comes from that is not as it must be. */
function withPlaces(error: unknown, settings: readonly Setting[]): unknown {
  if (!(error instanceof SecretError) || error.code !== 'SECRET_CONFIG') return error;
  const place = settings.find(({ spec }) => error.message.includes(`--${spec.name}`))?.place;
  if (place === undefined) return error;
  const message = error.message.charAt(0).toLowerCase() + error.message.slice(1);
  return new SecretError(error.code, `${place}: ${message}`, { cause: error.cause });
}

function isFileChoice({ spec: { name } }: OptionToken): boolean {
  return name === 'config-file' || name === 'only-config-file';
}

async function fetchPending<T extends OptionTable>(
  pending: readonly OptionToken[],
  values: OptionValues<T>,
  portWins: boolean,
): Promise<Map<string, string>> {
  const [{ agentAddress }, { fetchSecrets }] = await Promise.all([
    import('../../config/secrets/agent-endpoint.js'),
    import('../../config/secrets/agent.js'),
  ]);
  const text = (name: string): string => String(values.get(name) ?? '');
  const caFile = text('sa-cafile');
  const agent = {
    address: agentAddress(text('sa-address'), { text: text('sa-port'), wins: portWins }),
    timeoutMs: Number(text('sa-timeout')),
    ...(caFile === '' ? {} : { caFile }),
  };
  const references = pending.flatMap(({ argument }) => (argument === undefined ? [] : [argument]));
  return fetchSecrets(agent, references);
}
