import { describe, expect, it } from 'vitest';
import { claimFileNumber, fileNumbers, hasFreeNumber } from '../../../../src/engine/backup/output/file-naming.js';

describe('file numbers of a directory backup', () => {
  it('count from 0', () => {
    const numbers = fileNumbers([]);
    expect([0, 1, 2].map(() => claimFileNumber(numbers))).toEqual([0, 1, 2]);
    expect(hasFreeNumber(numbers)).toBe(false);
  });

  it('of a continued backup fill the gaps first, so that no file of a complete backup looks lost', () => {
    const numbers = fileNumbers([1, 2, 5]);
    expect(hasFreeNumber(numbers)).toBe(true);
    expect([0, 1, 2].map(() => claimFileNumber(numbers))).toEqual([0, 3, 4]);
    expect(hasFreeNumber(numbers)).toBe(false);
    expect(claimFileNumber(numbers)).toBe(6);
  });
});
