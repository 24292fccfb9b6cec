/** Reads command lines as the commands do, up to the checked values. */
import { findHelpOrVersion, toGiven, tokenize } from '../../src/cli/args/tokenizer.js';
import type { Setting } from '../../src/config/file/apply-config.js';
import type { GivenOption } from '../../src/config/given.js';
import type { OptionValues } from '../../src/config/option-values.js';
import { applySettings, readOptions } from '../../src/config/read-options.js';
import { resolve } from '../../src/config/resolve.js';
import type { OptionTable } from '../../src/config/schema/option-spec.js';
import type { ToolSchema } from '../../src/config/tool-schema.js';
import { errorText } from '../../src/ui/error-text.js';

export interface CommandLine<T extends OptionTable> {
  kind: 'help' | 'version' | 'run';
  values: OptionValues<T>;
  warnings: string[];
  details: string[];
  pending: readonly GivenOption[];
}

/** The options of the line and the settings of files, without reading a file or asking for a secret. */
export function parseCommandLine<const T extends OptionTable>(
  tool: ToolSchema<T>,
  argv: readonly string[],
  { settings = [], secrets }: { settings?: readonly Setting[]; secrets?: ReadonlyMap<string, string> } = {},
): CommandLine<T> {
  const tokens = tokenize(argv, tool.options);
  const given = toGiven(tokens);
  const { applied, details } = applySettings(tool, given, settings);
  const first = findHelpOrVersion(tokens);
  if (first !== undefined) return { kind: first, ...readOptions({ ...tool, constraints: [] }, []), details };
  return { kind: 'run', ...readOptions(tool, [...applied, ...given], secrets), details };
}

/** What the command line is refused for, as the command shows it; undefined = it is accepted. */
export async function refusal<T extends OptionTable>(
  tool: ToolSchema<T>,
  argv: readonly string[],
): Promise<string | undefined> {
  try {
    await resolve(tool, { given: toGiven(tokenize(argv, tool.options)), configFiles: [] });
    return undefined;
  } catch (error) {
    return errorText(error, 'cli');
  }
}

/** A tool's options without constraints and notes. */
export function withoutConstraints<T extends OptionTable>(tool: ToolSchema<T>): ToolSchema<OptionTable> {
  const { name, options, overrides = {} } = tool;
  return { name, options, overrides, constraints: [] };
}
