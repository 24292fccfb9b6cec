import { messageOf, ToolError } from '../errors.js';
import { makeRoomToEnd } from '../thread-end.js';
import { LineWriter, writeToStderr } from '../report/line-writer.js';
import type { Log } from '../report/log.js';
import { ProgressBar, type Terminal } from '../report/progress-bar.js';
import type { ProgressDisplay } from '../report/progress-display.js';
import type { Access, AccessValues } from './access/access.js';
import { wantsAccess } from './access/access-values.js';
import { hidePassword } from './access/process-title.js';
import type { Tool } from './command-line.js';
import { defaultLocations } from './config/locations.js';
import { onInterrupt, type SignalSource } from './interrupt.js';
import { OptionError } from './option-error.js';
import type { OptionValues } from './option-values.js';
import type { OptionTable } from './options/option-spec.js';
import { readCommandLine } from './read-command-line.js';
import { Redactor } from './secrets/redactor.js';

/** What a program touches of the outside world; a test gives its own. */
export interface Environment<Options> {
  stdout: (text: string) => void;
  stderr: (text: string) => void;
  signals: SignalSource;
  /** Where a progress bar can be drawn; undefined = nowhere. */
  terminal: Terminal | undefined;
  /** Asks for a password. */
  askPassword: (prompt: string) => Promise<string>;
  /** Where configuration files are looked for. */
  configFiles: readonly string[];
  /** The run itself, loaded only when there is one. */
  run: (options: Options) => Promise<unknown>;
}

/** What the log shares the terminal with, and what it must not show. */
interface Screen {
  bar: ProgressBar | undefined;
  readonly redactor: Redactor;
}

export interface Program<T extends OptionTable, Options> {
  readonly tool: Tool<T>;
  readonly what: 'Backup' | 'Restore';
  /** How much a deprecation warning stands out; the C tools differ. */
  readonly warningLevel: 'info' | 'error';
  /** `display` is there when a person watches; a run without use for it leaves it. */
  readonly toOptions: (
    values: OptionValues<T>,
    log: Log,
    signal: AbortSignal,
    display: ProgressDisplay | undefined,
    access: Access,
  ) => Options;
  /** What it takes to get into the cluster; undefined = the run needs none. */
  readonly accessOf?: (values: OptionValues<T>) => AccessValues | undefined;
  /** Standard input is what the run reads, so that no password can come from there unasked. */
  readonly readsStdin?: (values: OptionValues<T>) => boolean;
  readonly run: (options: Options) => Promise<unknown>;
  /** Whether runs make use of `display`. */
  readonly drawsProgress?: boolean;
}

/** From the words of a command line to the exit code. Never rejects. */
export async function runProgram<T extends OptionTable, Options>(
  program: Program<T, Options>,
  argv: readonly string[],
  environment: Partial<Environment<Options>>,
): Promise<number> {
  const { tool } = program;
  hidePassword(tool.name, tool.options, argv);
  const stderr = environment.stderr ?? writeToStderr;
  const screen: Screen = { bar: undefined, redactor: new Redactor() };
  const write = (line: string): void => (screen.bar === undefined ? stderr(line) : screen.bar.writeAbove(line));
  const log = new LineWriter({ verbose: false, write, redact: (text) => screen.redactor.clean(text) });
  const code = await execute(program, argv, environment, log, screen).catch((error: unknown) => {
    report(error, tool.name, log, write);
    return 1;
  });
  log.verbose(`Exiting with status code ${code}`);
  return code;
}

async function execute<T extends OptionTable, Options>(
  program: Program<T, Options>,
  argv: readonly string[],
  environment: Partial<Environment<Options>>,
  log: LineWriter,
  screen: Screen,
): Promise<number> {
  const { tool } = program;
  const stdout = environment.stdout ?? writeToStdout;
  const line = await readCommandLine(tool, argv, {
    configFiles: environment.configFiles ?? defaultLocations(process.env),
    keepSecret: (reference, text, rule) => screen.redactor.add(reference, text, rule),
  });
  if (line.kind === 'help') {
    stdout((await import('./help.js')).helpText(tool));
    return 0;
  }
  if (line.kind === 'version') {
    stdout((await import('./version.js')).versionText(tool.title));
    return 0;
  }
  log.verboseLines = line.values.has('verbose');
  for (const detail of line.details) log.verbose(detail);
  for (const warning of line.warnings) log[program.warningLevel](`Warning: ${warning}`);
  for (const note of tool.notes?.(line.values) ?? []) log.info(note);
  const access = await openAccess(program, line.values, environment, log);
  const terminal = 'terminal' in environment ? environment.terminal : terminalOf(process);
  if (program.drawsProgress === true && terminal !== undefined) screen.bar = await ProgressBar.on(terminal);
  const interrupt = onInterrupt(program.what, log, environment.signals ?? process);
  try {
    await (environment.run ?? program.run)(program.toOptions(line.values, log, interrupt.signal, screen.bar, access));
    return 0;
  } finally {
    screen.bar?.stop();
    interrupt.release();
    makeRoomToEnd();
  }
}

/** Before anything else is started: a person may have to type, and what is typed must not meet a progress bar. */
async function openAccess<T extends OptionTable, Options>(
  program: Program<T, Options>,
  values: OptionValues<T>,
  environment: Partial<Environment<Options>>,
  log: Log,
): Promise<Access> {
  const wanted = program.accessOf?.(values);
  if (wanted === undefined || !wantsAccess(wanted)) return {};
  const { resolveAccess } = await import('./access/access.js');
  const stdinTaken = program.readsStdin?.(values) === true;
  const stderr = environment.stderr ?? writeToStderr;
  const askPassword =
    environment.askPassword ??
    (async (prompt) => (await import('./access/prompt.js')).askPassword(prompt, { stderr, stdinTaken }));
  return resolveAccess(wanted, { ask: askPassword, env: process.env, note: (text) => log.info(text) });
}

/** Standard error, if a person looks at it and wants it drawn on. A pipe never gets a bar (asbackup.md 8.4). */
function terminalOf({ stderr, env }: NodeJS.Process): Terminal | undefined {
  const plain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return stderr.isTTY && !plain ? stderr : undefined;
}

function report(error: unknown, name: string, log: LineWriter, stderr: (text: string) => void): void {
  if (error instanceof OptionError && error.usage) {
    stderr(`${name}: ${error.message}\nTry ${name} --help for all options.\n`);
    return;
  }
  if (error instanceof ToolError) {
    log.error(error.message);
    if (error.cause !== undefined) log.verbose(`Cause: ${messageOf(error.cause)}`);
    return;
  }
  log.error(`Unexpected error: ${messageOf(error)}`);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const frame of stack.split('\n').slice(1)) log.verbose(frame.trim());
}

function writeToStdout(text: string): void {
  // `asbackup --help | head` must not end in a stack trace.
  process.stdout.on('error', () => undefined);
  process.stdout.write(text);
}
