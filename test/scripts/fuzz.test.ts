/** Damaged files of every kind that is read; `scripts/torture --mutations N` gives them far more. */
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../scripts/fuzz/run.js';
import { createReaders } from '../../scripts/fuzz/readers.js';

const INPUTS = 10_000;
const SEED = 20_240_229;

describe('fuzzing', () => {
  it.each(createReaders())('$name reads a damaged file or rejects it with a position', async (reader) => {
    try {
      const totals = await fuzz(reader, Math.round(INPUTS * reader.share), SEED);
      expect(totals.problems).toEqual([]);
      // Damage shows, mostly, and not everything is rejected.
      expect(totals.rejected).toBeGreaterThan(totals.inputs / 4);
      expect(totals.read).toBeGreaterThan(0);
    } finally {
      reader.close?.();
    }
  });
});
