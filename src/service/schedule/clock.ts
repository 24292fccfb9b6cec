import { followAbort } from '../../core/abort.js';

/** The time, and waits: those of the machine, or of a test that lets time pass by itself. */
export interface Clock {
  /** Milliseconds since 1970. The clock of a machine may be set, forward and back. */
  nowMs(): number;
  /** Calls `onEnd` once, `delayMs` (at most 2^31 - 1) from now. Returns what cancels that. */
  startTimer(delayMs: number, onEnd: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  nowMs: () => Date.now(),
  startTimer(delayMs, onEnd) {
    const timer = setTimeout(onEnd, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Node calls a timer that is longer at once. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** Resolves after `delayMs`, at once if the signal aborts. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = startLongTimer(clock, delayMs, () => {
      stopFollowing();
      resolve();
    });
    const stopFollowing = followAbort(signal, () => {
      cancel();
      resolve();
    });
  });
}

/** As `startTimer`, of any length. Returns what cancels it. */
export function startLongTimer(clock: Clock, delayMs: number, onEnd: () => void): () => void {
  let cancel: () => void = () => undefined;
  const wait = (leftMs: number): void => {
    const partMs = Math.min(LONGEST_TIMER_MS, Math.max(0, leftMs));
    cancel = clock.startTimer(partMs, () => (leftMs > partMs ? wait(leftMs - partMs) : onEnd()));
  };
  wait(delayMs);
  return () => cancel();
}
