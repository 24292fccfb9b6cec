import { describe, expect, it } from 'vitest';
import { runAll } from '../../src/core/run-all.js';
import { Semaphore } from '../../src/core/semaphore.js';

const never = new AbortController().signal;

describe('runAll', () => {
  it('of items that all succeed, has no more under way than the semaphore permits', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await runAll([1, 2, 3, 4, 5], { limit: new Semaphore(() => 2), signal: never }, async (item) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      done.push(item);
    });
    expect([most, done.sort()]).toEqual([2, [1, 2, 3, 4, 5]]);
  });

  it('with a failure, begins nothing more, aborts the others and settles when they have ended', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const running = runAll([1, 2, 3, 4], { limit: new Semaphore(() => 2), signal: never }, async (item, signal) => {
      begun.push(item);
      if (item === 1) throw new Error('first');
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await Promise.resolve();
      ended.push(item);
      throw new Error('second');
    });
    await expect(running).rejects.toThrow('first');
    expect([begun, ended]).toEqual([[1, 2], [2]]);
  });

  it('that is aborted, throws the reason, not what the items threw because of it', async () => {
    const stop = new AbortController();
    const running = runAll([1, 2], { limit: new Semaphore(() => 1), signal: stop.signal }, () => {
      stop.abort(new Error('stopped'));
      return Promise.reject(new Error('closed'));
    });
    await expect(running).rejects.toThrow('stopped');
  });
});
