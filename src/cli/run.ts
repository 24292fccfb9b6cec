/** Runs a command: from the words of the command line to the exit code. */
import { errorMessage, ToolError } from '../core/errors.js';
import { type Log, logEvent, type LogEvent, warningEvent } from '../core/log.js';
import type { ConnectionSecurity } from '../config/auth/connection-security.js';
import { needsSecurity } from '../config/auth/security-values.js';
import type { Setting } from '../config/file/apply-config.js';
import { OptionError } from '../config/option-error.js';
import { type OptionText, renderText } from '../config/option-text.js';
import type { OptionValues } from '../config/option-values.js';
import { resolve } from '../config/resolve.js';
import type { OptionTable } from '../config/schema/option-spec.js';
import { Redactor } from '../config/secrets/redactor.js';
import { errorText } from '../ui/error-text.js';
import { escapeUnsafeInLines } from '../ui/unsafe-text.js';
import { ProgressBar } from '../ui/progress/bar.js';
import { jsonForm, StderrLogger, textForm } from '../ui/stderr-logger.js';
import { readOperands } from './args/operands.js';
import { findHelpOrVersion, toGiven, tokenize, type Token } from './args/tokenizer.js';
import type { Command } from './command.js';
import { barOptions, type CliContext, type CliOverrides, processContext, type ProgressMode } from './context.js';
import { isOwnCommandLine, refuseNonUtf8 } from './args/words.js';
import { setProcessTitle } from './process-title.js';
import { onInterrupt } from './signals.js';

/** What the log shares the terminal with, and what it must not show. */
interface Screen {
  bar: ProgressBar | undefined;
  readonly redactor: Redactor;
}

/** One run of a command. */
interface Invocation<T extends OptionTable, Config> {
  readonly command: Command<T, Config>;
  readonly tokens: readonly Token[];
  readonly context: CliContext;
  readonly run: Command<T, Config>['run'];
  readonly log: StderrLogger;
  readonly screen: Screen;
}

/** Never rejects. */
export async function runCommand<T extends OptionTable, Config>(
  command: Command<T, Config>,
  argv: readonly string[],
  { run = command.run, ...overrides }: CliOverrides<Config>,
): Promise<number> {
  const { name, options } = command;
  const tokens = tokenize(argv, options);
  const context = { ...processContext(), ...overrides };
  const screen: Screen = { bar: undefined, redactor: new Redactor() };
  const write = (line: string): void => (screen.bar === undefined ? context.stderr(line) : screen.bar.writeAbove(line));
  const log = new StderrLogger({ verbose: false, write, redact: (text) => screen.redactor.clean(text) });
  // Errors in the rest of the line are already in the requested form.
  if (lastFlag(tokens, 'log-json') === true) log.form = jsonForm(name);
  const invocation = { command, tokens, context, run, log, screen };
  const code = await execute(invocation, argv).catch((error: unknown) => {
    report(error, name, log, write);
    return 1;
  });
  log.verbose(logEvent('exit', `Exiting with status code ${code}`, { code }));
  screen.bar?.end();
  return code;
}

async function execute<T extends OptionTable, Config>(
  invocation: Invocation<T, Config>,
  argv: readonly string[],
): Promise<number> {
  const { command, tokens, context } = invocation;
  if (isOwnCommandLine(argv)) {
    refuseNonUtf8(argv);
    setProcessTitle(command.name, tokens);
  }
  switch (findHelpOrVersion(tokens)) {
    case 'help':
      context.stdout((await import('./help.js')).helpText(command));
      return 0;
    case 'version':
      context.stdout((await import('./version.js')).versionText(command.title));
      return 0;
    case undefined: {
      const { canonicalWords, createProgram } = await import('./program.js');
      const program = createProgram(command, (texts) => start(invocation, texts));
      await program.parseAsync(canonicalWords(tokens), { from: 'user' });
      return 0;
    }
  }
}

/** The action of the command. `texts` are the values of the options in the order of the command line. */
async function start<T extends OptionTable, Config>(
  invocation: Invocation<T, Config>,
  texts: readonly (string | undefined)[],
): Promise<void> {
  const { command, tokens, context, run, log, screen } = invocation;
  const { operands, others } = readOperands(tokens, command);
  const { values, warnings, notes, details } = await resolve(command.schema, {
    given: toGiven(others, texts),
    env: context.env,
    ...(command.readsConfigFiles === false ? {} : { configFiles: context.configFiles }),
    onSecret: (reference, text, rule) => screen.redactor.add(reference, text, rule),
    onSettings: (settings) => {
      if (lastFlag(tokens, 'log-json') ?? isSwitchedOn(settings, 'log-json')) log.form = jsonForm(command.name);
    },
  });
  const flags: { has(name: string): boolean } = values;
  const json = flags.has('log-json');
  log.verboseLines = flags.has('verbose');
  log.form = json ? jsonForm(command.name) : textForm;
  for (const detail of details) log.verbose(logEvent('option.source', detail));
  for (const warning of warnings) log[command.warningLevel](warningEvent('option.deprecated', warning));
  for (const note of notes) log.info(noteEvent(note));
  // The users of a command can do nothing about the versions of Node.js that the AWS SDK will require.
  context.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const security = await readSecurity(invocation, values, json);
  const terminal = json ? undefined : context.terminal(progressMode(values));
  if (terminal !== undefined) {
    screen.bar = await ProgressBar.on(terminal, { ...barOptions(context.env), workers: log.verboseLines });
  }
  // Only now, as help and errors need no threads; not at the end, when an upgrade may have replaced the files.
  const { collectGarbageBeforeExit } = await import('../core/worker-exit.js');
  const interrupt = onInterrupt(command.subject, log, context.signals, {
    canHangUp: context.hasTerminal,
    isOrdinaryEnd: command.runsUntilSignal === true,
  });
  try {
    const { signal, progressRequests } = interrupt;
    const config = command.toConfig(values, { log, signal, env: context.env, security, operands });
    const stdout = (text: string): void => context.stdout(escapeUnsafeInLines(text));
    await run(config, { stdout, log, signal, display: screen.bar, progressRequests });
  } finally {
    screen.bar?.stop();
    interrupt.release();
    // A run in place of the command's own does not end the process.
    if (run === command.run) collectGarbageBeforeExit();
  }
}

/** Before anything else starts: the user may have to type a password, which must not meet a progress bar. */
async function readSecurity<T extends OptionTable, Config>(
  { command, context, log }: Invocation<T, Config>,
  values: OptionValues<T>,
  json: boolean,
): Promise<ConnectionSecurity> {
  const wanted = command.securityValues(values);
  if (wanted === undefined || !needsSecurity(wanted)) return {};
  const { resolveSecurity } = await import('../config/auth/connection-security.js');
  const stderr = json ? promptAsEvent(log) : context.stderr;
  const use = { stderr, stdinTaken: command.readsStdin(values) };
  return resolveSecurity(wanted, {
    ask: (prompt) => context.askPassword(prompt, use),
    env: context.env,
    note: (text) => log.info(noteEvent(text)),
  });
}

function progressMode(values: { has(name: string): boolean; get(name: string): unknown }): ProgressMode {
  const mode = values.has('progress') ? values.get('progress') : undefined;
  return mode === 'always' || mode === 'never' ? mode : 'auto';
}

function promptAsEvent(log: Log): (text: string) => void {
  return (text) => {
    if (text.trim() !== '') log.info(logEvent('password.prompt', text.trim()));
  };
}

/** Undefined: the command line does not have the flag. */
function lastFlag(tokens: readonly Token[], name: string): boolean | undefined {
  const last = tokens.findLast((token) => token.kind === 'option' && token.spec.name === name);
  return last === undefined ? undefined : last.kind === 'option' && last.argument !== 'false';
}

function isSwitchedOn(settings: readonly Setting[], name: string): boolean {
  return settings.findLast(({ spec }) => spec.name === name)?.text === 'true';
}

function noteEvent(text: OptionText): LogEvent {
  return { ...logEvent('option.note', renderText(text, 'cli')), warning: true };
}

function report(error: unknown, name: string, log: StderrLogger, stderr: (text: string) => void): void {
  if (!(error instanceof ToolError)) {
    reportUnexpected(error, log);
    return;
  }
  const { code } = error;
  if (error instanceof OptionError && error.usage) {
    const message = error.messageFor('cli');
    if (log.form === textForm) stderr(`${name}: ${message}\nTry ${name} --help for all options.\n`);
    else log.error(logEvent('usage', `${message}; try ${name} --help for all options`, { code }));
    return;
  }
  log.error(logEvent('run.failed', errorText(error, 'cli'), { code }));
  if (error.cause !== undefined) log.verbose(logEvent('error.cause', `Cause: ${errorMessage(error.cause)}`));
}

function reportUnexpected(error: unknown, log: Log): void {
  log.error(logEvent('run.failed', `Unexpected error: ${errorMessage(error)}`, { code: 'INTERNAL' }));
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const frame of stack.split('\n').slice(1)) log.verbose(logEvent('error.stack', frame.trim()));
}
