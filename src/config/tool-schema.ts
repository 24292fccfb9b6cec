import type { Overrides } from './file/precedence.js';
import type { OptionText } from './option-text.js';
import type { OptionValues } from './option-values.js';
import type { OptionTable } from './schema/option-spec.js';

/** A condition between options: the sentence to report, or undefined. */
export type Constraint<T extends OptionTable> = (values: OptionValues<T>) => OptionText | undefined;

/** Whose options a schema has, and the section of configuration files with what only that tool has. */
export type ToolName = 'asbackup' | 'asrestore' | 'asb';

/** Everything that all front ends know of a tool's options. */
export interface ToolSchema<T extends OptionTable> {
  /** Also the name of the section in configuration files. */
  readonly name: ToolName;
  readonly options: T;
  /** Checked in this order, which is that of the C tools; the first that is violated is reported. */
  readonly constraints: readonly Constraint<T>[];
  /** Options of a configuration file that are dropped when the command line or a later file has another answer. */
  readonly overrides?: Overrides;
  /** What is to be reported before a run although nothing is wrong. */
  readonly notes?: (values: OptionValues<T>) => OptionText[];
}
