/** Something that a button does: one at a time, with its error beside it. */
import { useState } from 'preact/hooks';
import { showToast } from './toasts.js';

export interface Action {
  readonly isBusy: boolean;
  readonly error: Error | undefined;
  /** Does it; `done` follows if it succeeds. */
  readonly run: <T>(work: () => Promise<T>, done?: (result: T) => void) => void;
  readonly clear: () => void;
}

export function useAction(): Action {
  const [state, setState] = useState<{ isBusy: boolean; error?: Error }>({ isBusy: false });
  return {
    isBusy: state.isBusy,
    error: state.error,
    run: (work, done) => {
      setState({ isBusy: true });
      work().then(
        (result) => {
          setState({ isBusy: false });
          done?.(result);
        },
        (error: unknown) => {
          setState({ isBusy: false, error: error instanceof Error ? error : new Error(String(error)) });
        },
      );
    },
    clear: () => setState({ isBusy: false }),
  };
}

/** For buttons without a dialog: an error becomes a message with its code. */
export function describeError(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return `${message ?? String(error)}${code === undefined ? '' : ` (${code})`}`;
}

export function runQuietly(work: () => Promise<unknown>, success: string, done?: () => void): void {
  work().then(
    () => {
      showToast('success', success);
      done?.();
    },
    (error: unknown) => showToast('error', describeError(error)),
  );
}
