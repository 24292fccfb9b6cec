import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { followAbort, waitUntil } from '../../src/core/abort.js';

const countListeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('a listener of an abort', () => {
  it('is called once, and leaves nothing behind', () => {
    const controller = new AbortController();
    const listener = vi.fn();
    const stopFollowing = followAbort(controller.signal, listener);
    expect(listener).not.toHaveBeenCalled();
    controller.abort();
    expect(listener).toHaveBeenCalledOnce();
    stopFollowing();
    expect(countListeners(controller.signal)).toBe(0);
  });

  it('is called at once if the signal has aborted', () => {
    const listener = vi.fn();
    followAbort(AbortSignal.abort(), listener)();
    expect(listener).toHaveBeenCalledOnce();
  });

  it('is not called when it was taken off', () => {
    const controller = new AbortController();
    const listener = vi.fn();
    followAbort(controller.signal, listener)();
    controller.abort();
    expect(listener).not.toHaveBeenCalled();
    expect(countListeners(controller.signal)).toBe(0);
  });

  it('needs no signal', () => {
    const stopFollowing = followAbort(undefined, () => expect.fail());
    expect(stopFollowing).not.toThrow();
  });
});

describe('a wait', () => {
  const LONG_MS = 1_000_000;

  it.each<[string, (controller: AbortController) => Promise<void>]>([
    ['the time is over', ({ signal }) => waitUntil(1, signal)],
    ['the signal has aborted', () => waitUntil(LONG_MS, AbortSignal.abort())],
    ['the work is done', ({ signal }) => waitUntil(LONG_MS, signal, Promise.resolve(1))],
    ['the work has failed', ({ signal }) => waitUntil(LONG_MS, signal, Promise.reject(new Error('failed')))],
    [
      'the signal aborts',
      (controller) => {
        const waiting = waitUntil(LONG_MS, controller.signal, new Promise(() => undefined));
        controller.abort();
        return waiting;
      },
    ],
  ])('ends when %s, without a listener', async (_, wait) => {
    const controller = new AbortController();
    await expect(wait(controller)).resolves.toBeUndefined();
    expect(countListeners(controller.signal)).toBe(0);
  });
});
