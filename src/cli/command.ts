import type { ConnectionSecurity, SecurityValues } from '../config/auth/connection-security.js';
import type { OptionValues } from '../config/option-values.js';
import type { RunDependencies } from '../config/run-dependencies.js';
import type { OptionTable } from '../config/schema/option-spec.js';
import type { ToolSchema } from '../config/tool-schema.js';
import type { Log } from '../core/log.js';
import type { ProgressDisplay } from '../ui/progress/display.js';
import type { ProgressSignal } from '../ui/progress/progress-signal.js';

/** As the user types it. */
export type CommandName = 'asbackup' | 'asrestore' | 'aerospike-backup-service' | `asb ${string}`;

/** How many words of the command line a command takes besides its options. */
export interface OperandCount {
  readonly min: number;
  readonly max: number;
  /** How the usage calls the first of them that is missing, in their order. */
  readonly names: readonly string[];
}

/** What --help and the pages are made of. */
export interface CommandPage {
  readonly name: CommandName;
  readonly title: string;
  readonly summary: string;
  /** What follows the name in the first line of --help. */
  readonly usage: string;
  /** What for, and the command; the shortest first. */
  readonly examples: readonly (readonly [string, string])[];
  readonly options: OptionTable;
  /** Absent = every word belongs to an option. */
  readonly operands?: OperandCount;
}

/** A command: how it is described, which options it has, and what it runs. One file each in `commands/`. */
export interface Command<T extends OptionTable, Config> extends CommandPage {
  readonly options: T;
  readonly schema: ToolSchema<T>;
  /** For log lines. */
  readonly subject: 'Backup' | 'Restore' | 'Command';
  /** A signal is its ordinary end. */
  readonly runsUntilSignal?: true;
  /** It has a configuration of its own: those of the Aerospike tools are not read. */
  readonly readsConfigFiles?: false;
  /** Log level of a deprecation warning; the C tools differ. */
  readonly warningLevel: 'info' | 'error';
  readonly toConfig: (
    values: OptionValues<T>,
    dependencies: RunDependencies & { security: ConnectionSecurity; operands: readonly string[] },
  ) => Config;
  /** Login and TLS; undefined = the run connects to no cluster. */
  readonly securityValues: (values: OptionValues<T>) => SecurityValues | undefined;
  /** Standard input is what the run reads, so that a password is prompted for on the terminal. */
  readonly readsStdin: (values: OptionValues<T>) => boolean;
  readonly run: (config: Config, session: CliSession) => Promise<unknown>;
}

/** What a run reports to, and what stops it. */
export interface CliSession {
  /** What the command was asked for goes to standard output; everything else is the log's. */
  readonly stdout: (text: string) => void;
  readonly log: Log;
  /** Aborts when the user interrupts the command. */
  readonly signal: AbortSignal;
  /** Absent = nothing is drawn. */
  readonly display: ProgressDisplay | undefined;
  /** Asks for the progress out of turn. */
  readonly progressRequests: ProgressSignal;
}
