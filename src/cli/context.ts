import { defaultConfigPaths } from '../config/file/default-paths.js';
import type { BarOptions, Terminal } from '../ui/progress/bar.js';
import { systemErrorText } from '../core/errors.js';
import { writeToStderr } from '../ui/stderr-logger.js';
import type { CliSession } from './command.js';
import { hasTerminal, type SignalSource } from './signals.js';

/** The values of --progress. */
export type ProgressMode = 'auto' | 'always' | 'never';

/** Everything of the outside world that a command uses; a test gives its own. */
export interface CliContext {
  stdout: (text: string) => void;
  stderr: (text: string) => void;
  signals: SignalSource;
  /** Whether SIGHUP means that a terminal has closed. */
  hasTerminal: () => boolean;
  /** Where a progress bar is drawn; undefined = nowhere. */
  terminal: (mode: ProgressMode) => Terminal | undefined;
  env: NodeJS.ProcessEnv;
  /** Where configuration files are searched for. */
  configFiles: readonly string[];
  /** Prompts for a password. `stderr` shows the prompt. */
  askPassword: (prompt: string, use: { stderr: (text: string) => void; stdinTaken: boolean }) => Promise<string>;
}

/** A context for tests may also replace the run itself. */
export type CliOverrides<Config> = Partial<CliContext> & {
  run?: (config: Config, session: CliSession) => Promise<unknown>;
};

/** The process. */
export function processContext(): CliContext {
  return {
    stdout: writeToStdout,
    stderr: writeToStderr,
    signals: process,
    hasTerminal,
    terminal: (mode) => findTerminal(process, mode),
    env: process.env,
    configFiles: defaultConfigPaths(process.env),
    askPassword: async (prompt, use) => (await import('./prompt.js')).askPassword(prompt, use),
  };
}

/**
 * Standard error if it is a terminal that can be drawn on; with `auto` not where CI is set, whose logs keep every
 * control sequence. A pipe never gets a bar (asbackup.md 8.4).
 */
function findTerminal({ stderr, env }: NodeJS.Process, mode: ProgressMode): Terminal | undefined {
  if (mode === 'never' || !stderr.isTTY) return undefined;
  return mode === 'always' || (env.TERM !== 'dumb' && (env.CI ?? '') === '') ? stderr : undefined;
}

/** Colors unless NO_COLOR is set (no-color.org), and signs beyond ASCII where the locale has them. */
export function barOptions(env: NodeJS.ProcessEnv): BarOptions {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '') ?? '';
  return { color: (env.NO_COLOR ?? '') === '', unicode: /utf-?8/i.test(locale) };
}

let stdoutGuarded = false;

function writeToStdout(text: string): void {
  if (!stdoutGuarded) process.stdout.on('error', reportStdoutError);
  stdoutGuarded = true;
  process.stdout.write(text);
}

/** A reader that ends early, as in `asb list | head`, is no failure; a full disk is one. */
function reportStdoutError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || process.exitCode === 1) return;
  writeToStderr(`Cannot write to standard output: ${systemErrorText(error)}\n`);
  process.once('exit', () => (process.exitCode = 1));
}
