import { isatty } from 'node:tty';
import { ToolError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { ProgressSignal } from '../ui/progress/progress-signal.js';

/** A terminal that closes, too, is no reason to lose what was done. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What the process offers for this; a test gives its own. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  removeListener(signal: NodeJS.Signals, listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Whether SIGHUP means that a terminal has closed. Node.js resets a SIGHUP that `nohup` has set to be ignored, so that
 * the signal counts only while one of the standard descriptors is a terminal.
 */
export function hasTerminal(): boolean {
  return [0, 1, 2].some((fd) => isatty(fd));
}

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Made by SIGUSR1. Without a listener that signal would start the debugger of Node.js. */
  readonly progressRequests: ProgressSignal;
  /** Gives the signals back. */
  release(): void;
}

/**
 * `timeout` and the like signal the process and then its group; what comes so soon after the first is no second wish.
 */
const SIGNAL_DEBOUNCE_MS = 200;

/**
 * SIGUSR1 asks how far the run is. The first of the other signals asks the run to stop in an orderly way, a later one
 * ends the process at once. `isOrdinaryEnd`: the first one is how such a run ends, and no error.
 */
export function onInterrupt(
  what: 'Backup' | 'Restore' | 'Command',
  log: Log,
  source: SignalSource,
  { canHangUp = hasTerminal, isOrdinaryEnd = false }: { canHangUp?: () => boolean; isOrdinaryEnd?: boolean } = {},
): Interrupt {
  const controller = new AbortController();
  let answer: (() => void) | undefined;
  const tell = (): void => {
    if (answer === undefined) log.info('No records are being read or written at the moment');
    else answer();
  };
  let firstAt = 0;
  const listen = (): void => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAt < SIGNAL_DEBOUNCE_MS) return;
      log.error(`${what} interrupted again, exiting at once`);
      source.exit(1);
      return;
    }
    firstAt = performance.now();
    if (!isOrdinaryEnd) log.error(`### ${what} interrupted ###`);
    controller.abort(new ToolError('INTERRUPTED', `${what} was interrupted before it was complete`));
  };
  const hangUp = (): void => {
    if (canHangUp()) listen();
  };
  for (const signal of SIGNALS) source.on(signal, signal === 'SIGHUP' ? hangUp : listen);
  source.on('SIGUSR1', tell);
  return {
    signal: controller.signal,
    progressRequests: { answerWith: (given) => (answer = given) },
    release: () => {
      for (const signal of SIGNALS) source.removeListener(signal, signal === 'SIGHUP' ? hangUp : listen);
      source.removeListener('SIGUSR1', tell);
    },
  };
}
