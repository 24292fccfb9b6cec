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
});

describe('the limit of uploads', () => {
  it('leaves memory for the parts that threads fill, and always admits one', () => {
    const limits = [concurrentUploads(16, 0), concurrentUploads(16, 2), concurrentUploads(16, 100)];
    expect([...limits, concurrentUploads(1, 4)]).toEqual([16, 12, 8, 1]);
  });
});
