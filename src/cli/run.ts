import { errorMessage, ToolError } from '../core/errors.js';
import { collectGarbageBeforeExit } from '../core/worker-exit.js';
import { errorText } from '../ui/error-text.js';
import { jsonForm, StderrLogger, textForm, writeToStderr } from '../ui/stderr-logger.js';
import { errorEvent, type Log, logEvent, type LogEvent, warningEvent } from '../core/log.js';
import { type BarOptions, ProgressBar, type Terminal } from '../ui/progress/bar.js';
import type { ProgressDisplay } from '../ui/progress/display.js';
import type { ProgressSignal } from '../ui/progress/progress-signal.js';
import type { ConnectionSecurity, SecurityValues } from '../config/auth/connection-security.js';
import { wantsAccess } from '../config/auth/security-values.js';
import { hidePassword } from './process-title.js';
import type { Tool } from './args/parse.js';
import { defaultConfigPaths } from '../config/file/default-paths.js';
import { onInterrupt, type SignalSource } from './signals.js';
import { OptionError } from '../config/option-error.js';
import type { OptionValues } from '../config/option-values.js';
import type { OptionTable } from '../config/schema/option-spec.js';
import { readCommandLine } from './args/resolve-options.js';
import { Redactor } from '../config/secrets/redactor.js';
import { type OptionToken, tokenize } from './args/tokenizer.js';

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
  run: (options: Options, progressRequests: ProgressSignal) => Promise<unknown>;
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
    access: ConnectionSecurity,
  ) => Options;
  /** What it takes to get into the cluster; undefined = the run needs none. */
  readonly accessOf?: (values: OptionValues<T>) => SecurityValues | undefined;
  /** Standard input is what the run reads, so that no password can come from there unasked. */
  readonly readsStdin?: (values: OptionValues<T>) => boolean;
  readonly run: (options: Options, progressRequests: ProgressSignal) => Promise<unknown>;
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
  const log = new StderrLogger({ verbose: false, write, redact: (text) => screen.redactor.clean(text) });
  // Whatever is wrong with the rest of the line is said in the way that was asked for.
  if (wantsJson(tokenize(argv, tool.options))) log.form = jsonForm(tool.name);
  const code = await execute(program, argv, environment, log, screen).catch((error: unknown) => {
    report(error, tool.name, log, write);
    return 1;
  });
  log.verbose(logEvent('exit', `Exiting with status code ${code}`, { code }));
  screen.bar?.end();
  return code;
}

async function execute<T extends OptionTable, Options>(
  program: Program<T, Options>,
  argv: readonly string[],
  environment: Partial<Environment<Options>>,
  log: StderrLogger,
  screen: Screen,
): Promise<number> {
  const { tool } = program;
  const stdout = environment.stdout ?? writeToStdout;
  const line = await readCommandLine(tool, argv, {
    configFiles: environment.configFiles ?? defaultConfigPaths(process.env),
    keepSecret: (reference, text, rule) => screen.redactor.add(reference, text, rule),
    settingsRead: (settings) => {
      const inFile = settings.findLast(({ spec }) => spec.name === 'log-json');
      const said = tokenize(argv, tool.options).some((word) => word.kind === 'option' && word.spec.name === 'log-json');
      if (!said && inFile?.text === 'true') log.form = jsonForm(tool.name);
    },
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
  const json = line.values.has('log-json');
  log.form = json ? jsonForm(tool.name) : textForm;
  for (const detail of line.details) log.verbose(logEvent('option.source', detail));
  for (const warning of line.warnings) log[program.warningLevel](warningEvent('option.deprecated', warning));
  for (const note of tool.notes?.(line.values) ?? []) log.info(noteEvent(note));
  const access = await openAccess(program, line.values, environment, log, json);
  const terminal = 'terminal' in environment ? environment.terminal : terminalOf(process);
  if (program.drawsProgress === true && terminal !== undefined && !json) {
    screen.bar = await ProgressBar.on(terminal, { ...lookOf(process.env), workers: log.verboseLines });
  }
  const interrupt = onInterrupt(program.what, log, environment.signals ?? process);
  try {
    const options = program.toOptions(line.values, log, interrupt.signal, screen.bar, access);
    await (environment.run ?? program.run)(options, interrupt.progressRequests);
    return 0;
  } finally {
    screen.bar?.stop();
    interrupt.release();
    collectGarbageBeforeExit();
  }
}

/** Before anything else is started: a person may have to type, and what is typed must not meet a progress bar. */
async function openAccess<T extends OptionTable, Options>(
  program: Program<T, Options>,
  values: OptionValues<T>,
  environment: Partial<Environment<Options>>,
  log: Log,
  json: boolean,
): Promise<ConnectionSecurity> {
  const wanted = program.accessOf?.(values);
  if (wanted === undefined || !wantsAccess(wanted)) return {};
  const { resolveSecurity: resolveAccess } = await import('../config/auth/connection-security.js');
  const stdinTaken = program.readsStdin?.(values) === true;
  const direct = environment.stderr ?? writeToStderr;
  const asEvent = (text: string): void => {
    if (text.trim() !== '') log.info(logEvent('password.prompt', text.trim()));
  };
  const stderr = json ? asEvent : direct;
  const askPassword =
    environment.askPassword ??
    (async (prompt) => (await import('./prompt.js')).askPassword(prompt, { stderr, stdinTaken }));
  return resolveAccess(wanted, { ask: askPassword, env: process.env, note: (text) => log.info(noteEvent(text)) });
}

/** Standard error, if a person looks at it and wants it drawn on. A pipe never gets a bar (asbackup.md 8.4). */
function terminalOf({ stderr, env }: NodeJS.Process): Terminal | undefined {
  return stderr.isTTY && env.TERM !== 'dumb' ? stderr : undefined;
}

/** Colours unless NO_COLOR is set (no-color.org), and signs beyond ASCII where the locale has them. */
function lookOf(env: NodeJS.ProcessEnv): BarOptions {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '') ?? '';
  return { colour: (env.NO_COLOR ?? '') === '', unicode: /utf-?8/i.test(locale) };
}

function wantsJson(words: ReturnType<typeof tokenize>): boolean {
  const said = words.filter((word): word is OptionToken => word.kind === 'option' && word.spec.name === 'log-json');
  return said.length > 0 && said.at(-1)?.argument !== 'false';
}

function noteEvent(text: string): LogEvent {
  return { ...logEvent('option.note', text), warning: true };
}

function report(error: unknown, name: string, log: StderrLogger, stderr: (text: string) => void): void {
  if (error instanceof OptionError && error.usage) {
    if (log.form === textForm) stderr(`${name}: ${error.message}\nTry ${name} --help for all options.\n`);
    else log.error(errorEvent(error, 'usage', `; try ${name} --help for all options`));
    return;
  }
  if (error instanceof ToolError) {
    log.error(logEvent('run.failed', errorText(error, 'cli'), { code: error.code }));
    if (error.cause !== undefined) log.verbose(logEvent('error.cause', `Cause: ${errorMessage(error.cause)}`));
    return;
  }
  log.error(logEvent('run.failed', `Unexpected error: ${errorMessage(error)}`, { code: 'INTERNAL' }));
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const frame of stack.split('\n').slice(1)) log.verbose(logEvent('error.stack', frame.trim()));
}

function writeToStdout(text: string): void {
  // `asbackup --help | head` must not end in a stack trace.
  process.stdout.on('error', () => undefined);
  process.stdout.write(text);
}
