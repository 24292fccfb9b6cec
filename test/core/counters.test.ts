import { describe, expect, it } from 'vitest';
import { CounterBlock } from '../../src/core/counters.js';

describe('shared counters', () => {
  it('give sums and the values of each worker as they were last published', () => {
    const block = CounterBlock.allocate(['records', 'bytes'], 2);
    const ofWorker = new CounterBlock(block.keys, block.shared);
    ofWorker.publish(0, { records: 1, bytes: 10 });
    ofWorker.publish(1, { records: 2, bytes: 2 ** 50 });
    ofWorker.publish(0, { records: 5, bytes: 11 });
    expect(block.sum()).toEqual({ records: 7, bytes: 2 ** 50 + 11 });
    expect(block.byWorker()).toEqual([
      { records: 5, bytes: 11 },
      { records: 2, bytes: 2 ** 50 },
    ]);
    expect(block.workers).toBe(2);
  });
});
