import { describe, expect, it } from 'vitest';
import { onInterrupt } from '../../src/cli/signals.js';

describe('SIGHUP', () => {
  const log = { info: () => undefined, error: () => undefined, verbose: () => undefined };

  function raise(canHangUp: boolean): boolean {
    const listeners = new Map<string, () => void>();
    const source = {
      on: (signal: string, listener: () => void) => listeners.set(signal, listener),
      removeListener: (signal: string) => listeners.delete(signal),
      exit: () => undefined,
    };
    const interrupt = onInterrupt('Backup', log, source, { canHangUp: () => canHangUp });
    listeners.get('SIGHUP')?.();
    interrupt.release();
    expect(listeners.size).toBe(0);
    return interrupt.signal.aborted;
  }

  it('does not end a backup that nohup protects: without a terminal nothing can hang up', () => {
    expect(raise(false)).toBe(false);
  });

  it('ends a run whose terminal has closed', () => {
    expect(raise(true)).toBe(true);
  });
});
