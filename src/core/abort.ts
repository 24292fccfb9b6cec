/** Listening to an abort signal without leaving a listener behind: a signal often outlives what listens to it. */

/**
 * Calls `listener` when the signal aborts, at once if it has done so before. Returns what takes the listener off.
 *
 * @param signal undefined = it never aborts
 */
export function followAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Settles after `ms`, when the signal aborts, or when the work ends, however it ends. Never rejects. */
export function waitUntil(ms: number, signal: AbortSignal, work?: Promise<unknown>): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stopFollowing();
      resolve();
    };
    const timer = setTimeout(end, ms);
    const stopFollowing = followAbort(signal, end);
    work?.then(end, end);
  });
}
