import { ToolError } from '../errors.js';
import type { Log } from '../report/log.js';

/** A terminal that closes, too, is no reason to lose what was done. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What the process offers for this; a test gives its own. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  removeListener(signal: NodeJS.Signals, listener: () => void): unknown;
  exit(code: number): void;
}

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives the signals back. */
  release(): void;
}

/** `timeout` and the like signal the process and then its group; what comes so soon after the first is no second wish. */
const SAME_WISH_MS = 200;

/** The first signal asks the run to stop in an orderly way, a later one ends the process at once. */
export function onInterrupt(what: 'Backup' | 'Restore', log: Log, source: SignalSource): Interrupt {
  const controller = new AbortController();
  let firstAt = 0;
  const listen = (): void => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAt < SAME_WISH_MS) return;
      log.error(`${what} interrupted again, exiting at once`);
      source.exit(1);
      return;
    }
    firstAt = performance.now();
    log.error(`### ${what} interrupted ###`);
    controller.abort(new ToolError('INTERRUPTED', `${what} was interrupted before it was complete.`));
  };
  for (const signal of SIGNALS) source.on(signal, listen);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of SIGNALS) source.removeListener(signal, listen);
    },
  };
}
