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

/** Resolves after `delayMs`, at once if the signal aborts. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const onAbort = (): void => {
      cancel();
      resolve();
    };
    const cancel = clock.startTimer(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
