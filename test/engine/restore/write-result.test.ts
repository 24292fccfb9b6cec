import { describe, expect, it } from 'vitest';
import { classifyResultCode, WriteResult } from '../../../src/engine/restore/write-result.js';

describe('result codes', () => {
  it.each([
    [WriteResult.WRITTEN, [0]],
    [WriteResult.FRESHER, [3]],
    [WriteResult.EXISTED, [5]],
    [WriteResult.REFUSED, [10, 12, 13, 17, 19, 21, 22, 160]],
    [WriteResult.RETRY, [1, 9, 14, 18, 32, 83, 152]],
    [WriteResult.RETRY_ELSEWHERE, [7, 11]],
    [WriteResult.SMALLER_BATCH, [151]],
    [WriteResult.STOP, [4, 8, 16, 20, 25, 26, 27, 51, 52, 53, 54, 55, 56, 66, 70, 80, 81, 82, 150, 255]],
  ])('mean %s for %s', (verdict, codes) => {
    for (const code of codes) expect(classifyResultCode(code)).toBe(verdict);
  });
});
