/** Random and damaged answers of a node, with WebAssembly and without; `scripts/torture --records N` has far more. */
import { describe, expect, it } from 'vitest';
import { fuzzTranscoder } from '../../scripts/fuzz/transcode.js';

const RECORDS = 100_000;
const SEED = 20_240_229;

describe('records with WebAssembly and without', () => {
  it('are the same text, cursors, counts and errors', async () => {
    const totals = await fuzzTranscoder(RECORDS, SEED);
    expect(totals.problems).toEqual([]);
    // The module has handled most, and some answers were refused.
    expect(totals.rows).toBeLessThan(totals.records / 2);
    expect(totals.rejected).toBeGreaterThan(3);
  });
});
