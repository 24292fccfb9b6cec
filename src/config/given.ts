/** What a front end was given, before it is checked: options in the order in which they were given. */
import type { OptionError } from './option-error.js';
import type { OptionSpec } from './schema/option-spec.js';
import type { Value } from './values/parse-value.js';

export interface GivenOption {
  kind: 'option';
  spec: OptionSpec;
  /** As the front end calls the option: `-n`, `--namespace`, a key of a file, a setting of the library. */
  spelling: string;
  /** For a flag `true` or `false`, if it was said; for others undefined if there is none. */
  argument: string | undefined;
  /** The value, if it never was a text. */
  value?: Value;
  /** FILE:LINE or the environment variable that sets the option; absent = the command line or the library. */
  place?: string;
}

/** Something that cannot be read. It is reported in its place among the options. */
export interface GivenProblem {
  kind: 'problem';
  error: OptionError;
}

export type Given = GivenOption | GivenProblem;
