import { describe, expect, it } from 'vitest';
import { type CostSample, toRecordCost } from '../../../src/engine/plan/record-cost.js';

const at = (records: number, cpuMicroseconds: number): CostSample => ({ records, cpuMicroseconds });

describe('the processor time of a record', () => {
  it('is that of the second half, without what the start took', () => {
    const samples = [at(0, 300_000), at(10_000, 600_000), at(100_000, 800_000), at(200_000, 900_000)];
    const cost = toRecordCost(samples, 100, {});
    expect(cost).toMatchObject({ basis: 'measured', records: 100_000 });
    expect(cost.cpuSecondsPerRecord).toBeCloseTo(1e-6, 9);
  });

  it.each<[string, CostSample[]]>([
    ['no sample', []],
    ['no record', [at(0, 1), at(0, 2)]],
    ['few records', [at(10_000, 1), at(20_000, 2), at(40_000, 3)]],
    ['one sample', [at(200_000, 3)]],
  ])('with %s, is that of another machine', (_name, samples) => {
    const plain = toRecordCost(samples, 1000, {});
    expect(plain.basis).toBe('reference');
    const compressed = toRecordCost(samples, 1000, { compression: { codec: 'zstd', level: 0 } });
    expect(compressed.cpuSecondsPerRecord).toBeGreaterThan(plain.cpuSecondsPerRecord);
  });
});
