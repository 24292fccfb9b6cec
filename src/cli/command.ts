import type { ConnectionSecurity, SecurityValues } from '../config/auth/connection-security.js';
import type { OptionValues } from '../config/option-values.js';
import type { RunDependencies } from '../config/run-dependencies.js';
import type { OptionTable } from '../config/schema/option-spec.js';
import type { ToolSchema } from '../config/tool-schema.js';
import type { Log } from '../core/log.js';
import type { ProgressDisplay } from '../ui/progress/display.js';
import type { ProgressSignal } from '../ui/progress/progress-signal.js';

/** What --help and the pages are made of. */
export interface CommandPage {
  readonly name: 'asbackup' | 'asrestore';
  readonly title: string;
  readonly summary: string;
  /** What follows the name in the first line of --help. */
  readonly usage: string;
  /** What for, and the command; the shortest first. */
  readonly examples: readonly (readonly [string, string])[];
  readonly options: OptionTable;
}

/** A command: how it is described, which options it has, and what it runs. One file each in `commands/`. */
export interface Command<T extends OptionTable, Config> extends CommandPage {
  readonly options: T;
  readonly schema: ToolSchema<T>;
  /** For log lines. */
  readonly subject: 'Backup' | 'Restore';
  /** Log level of a deprecation warning; the C tools differ. */
  readonly warningLevel: 'info' | 'error';
  readonly toConfig: (
    values: OptionValues<T>,
    dependencies: RunDependencies & { security: ConnectionSecurity },
  ) => Config;
  /** Login and TLS; undefined = the run connects to no cluster. */
  readonly securityValues: (values: OptionValues<T>) => SecurityValues | undefined;
  /** Standard input is what the run reads, so that a password is prompted for on the terminal. */
  readonly readsStdin: (values: OptionValues<T>) => boolean;
  readonly run: (config: Config, session: CliSession) => Promise<unknown>;
}

/** What a run reports to, and what stops it. */
export interface CliSession {
  readonly log: Log;
  /** Aborts when the user interrupts the command. */
  readonly signal: AbortSignal;
  /** Absent = nothing is drawn. */
  readonly display: ProgressDisplay | undefined;
  /** Asks for the progress out of turn. */
  readonly progressRequests: ProgressSignal;
}
