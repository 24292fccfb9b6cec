import { describe, expect, it } from 'vitest';
import { CounterBlock } from '../../../src/core/counters.js';
import { countAccounted, RESTORE_COUNTERS, zeroCounts } from '../../../src/engine/restore/counters.js';

describe('counters of a restore', () => {
  it('of all workers add up beyond 32 bits, and account for every record', () => {
    const block = CounterBlock.allocate(RESTORE_COUNTERS, 2);
    block.publish(0, { ...zeroCounts(), records: 6, bytes: 2 ** 40, inserted: 3, inDoubt: 1, failed: 2 });
    block.publish(1, { ...zeroCounts(), records: 2, bytes: 1, expired: 1, skipped: 1 });
    const sum = block.sum();
    expect(sum).toMatchObject({ records: 8, bytes: 2 ** 40 + 1, inserted: 3, inDoubt: 1, failed: 2 });
    expect(countAccounted(sum)).toBe(8);
  });
});
