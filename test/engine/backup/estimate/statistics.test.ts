import { describe, expect, it } from 'vitest';
import {
  backupSizeBound,
  recordSizeBound,
  SizeStatistics,
  upperQuantile,
} from '../../../../src/engine/backup/estimate/statistics.js';

function sizes(...list: number[]): SizeStatistics {
  const statistics = new SizeStatistics();
  for (const size of list) statistics.add(size);
  return statistics;
}

describe('the quantile of an estimate', () => {
  it.each([
    [0.999999, 1, 4.753424308822899],
    [0.999, 1, 3.090232306167813],
    [0.999, 1000, 4.753424308822899],
    [0.5, 1, 0],
    [0.975, 1, 1.959963984540054],
    [0.999, 1e9, 7.034484],
  ])('of %f over %i parts is %f', (confidence, parts, expected) => {
    expect(upperQuantile(confidence, parts)).toBeCloseTo(expected, 5);
  });
});

describe('an estimate', () => {
  it('has mean and standard error of its samples', () => {
    const statistics = sizes(2, 4, 4, 4, 5, 5, 7, 9);
    expect(statistics.mean).toBe(5);
    expect(statistics.total).toBe(40);
    // Variance with n - 1: 32 / 7.
    expect(statistics.standardError).toBeCloseTo(Math.sqrt(32 / 7 / 8), 12);
  });

  it('is exact when all records are of one size', () => {
    const statistics = sizes(100, 100, 100);
    expect(recordSizeBound(statistics)).toBe(100);
    expect(backupSizeBound(statistics, 45, 1000)).toBe(100_045);
  });

  it('is above the mean when they differ', () => {
    const statistics = sizes(100, 200, 300);
    expect(recordSizeBound(statistics)).toBe(Math.ceil(200 + 4.753424308822899 * Math.sqrt(10_000 / 3)));
    const total = backupSizeBound(statistics, 45, 1000);
    expect(total).toBe(45 + Math.ceil(1000 * (200 + 4.753424308822899 * Math.sqrt(10_000 / 3))));
  });

  it('applies compression to the spread as well', () => {
    const statistics = sizes(100, 200, 300);
    const full = backupSizeBound(statistics, 0, 1000);
    expect(backupSizeBound(statistics, 0, 1000, 0.5)).toBeCloseTo(full / 2, -1);
  });
});
