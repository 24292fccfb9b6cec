import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../src/core/semaphore.js';
import { concurrentUploads } from '../../src/storage/limits.js';

describe('a semaphore', () => {
  it('bounds the operations under way, and admits the next one also after a failure', async () => {
    const semaphore = new Semaphore(() => 2);
    let running = 0;
    let max = 0;
    const work = async (i: number): Promise<void> => {
      max = Math.max(max, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (i % 3 === 0) throw new Error('no');
    };
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => semaphore.run(() => work(i))));
    expect(max).toBe(2);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(7);
  });

  it('admits in the order of arrival', async () => {
    const semaphore = new Semaphore(() => 1);
    const order: number[] = [];
    const runs = [0, 1, 2, 3].map((i) => semaphore.run(() => Promise.resolve(), () => order.push(i))); // prettier-ignore
    await Promise.all(runs);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('whose caller gives up while it waits, rejects at once and admits the next one', async () => {
    const semaphore = new Semaphore(() => 1);
    const giving = new AbortController();
    await semaphore.acquire();
    const given = semaphore.acquire(giving.signal);
    const next = semaphore.acquire(new AbortController().signal);
    giving.abort(new Error('canceled'));
    await expect(given).rejects.toThrow('canceled');
    semaphore.release();
    await next;
    semaphore.release();
    await semaphore.acquire();
  });

  it('whose caller has given up before, is not acquired', async () => {
    const semaphore = new Semaphore(() => 1);
    await expect(semaphore.acquire(AbortSignal.abort(new Error('canceled')))).rejects.toThrow('canceled');
    await semaphore.acquire();
  });

  it('whose caller gives up after it was admitted, is released by that caller', async () => {
    const semaphore = new Semaphore(() => 1);
    const giving = new AbortController();
    await semaphore.acquire(giving.signal);
    const next = semaphore.acquire(giving.signal);
    semaphore.release();
    await next;
    giving.abort(new Error('canceled'));
    semaphore.release();
    await semaphore.acquire();
  });
});

describe('the limit of uploads', () => {
  it('leaves memory for the parts that threads fill, and always admits one', () => {
    const limits = [concurrentUploads(16, 0), concurrentUploads(16, 2), concurrentUploads(16, 100)];
    expect([...limits, concurrentUploads(1, 4)]).toEqual([16, 12, 8, 1]);
  });
});
