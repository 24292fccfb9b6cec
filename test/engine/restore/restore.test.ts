import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/asb/decoder.js';
import { errorOf, noticeOf, RestoreFailure } from '../../../src/engine/restore/errors.js';
import { missingFiles } from '../../../src/engine/input/missing-files.js';
import type { FileHeader } from '../../../src/engine/input/header-scan.js';
import { countAccounted, createCounters, sumCounters, RestoreCounters } from '../../../src/engine/restore/counters.js';
import { backoffMs } from '../../../src/engine/restore/batch-writer.js';
import { WriteResult, verdictOf } from '../../../src/engine/restore/write-result.js';

describe('the pause before a retry', () => {
  it('is nothing, then doubles (asrestore.md 6.3)', () => {
    expect([1, 2, 3, 4, 5].map((retry) => backoffMs(retry, 150_000))).toEqual([0, 150, 300, 600, 1200]);
  });

  it('never becomes more than a timer can hold', () => {
    expect(backoffMs(1000, 150_000)).toBe(0x7fffffff);
    expect(backoffMs(1000, 0)).toBe(0);
  });
});

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
    for (const code of codes) expect(verdictOf(code)).toBe(verdict);
  });
});

describe('files that a whole backup would have', () => {
  const first: FileHeader = { globals: [], firstFile: true, marked: true };
  const other: FileHeader = { globals: [], firstFile: false, marked: true };

  it('are not missed when all are there', () => {
    expect(missingFiles(['/b/test_00000.asb', '/b/test_00001.asb'], [other, first])).toEqual([]);
    expect(missingFiles(['/b/0_test_1.asb', '/b/3_test_9(1).asb'], [other, first])).toEqual([]);
  });

  it('are named when a number is left out', () => {
    const paths = ['/b/test_00001.asb', '/b/test_00003.asb', '/b/more_00000.asb', '/b/test_100000.asb'];
    const warnings = missingFiles(paths, [first, other, other, other]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('lacks test_00000.asb, test_00002.asb, test_00004.asb');
  });

  it('include the one with the globals', () => {
    expect(missingFiles(['/b/a.asb'], [other])[0]).toContain('"# first-file"');
    // Version 3.0 has no marks.
    expect(missingFiles(['/b/a.asb'], [{ ...other, marked: false }])).toEqual([]);
    expect(missingFiles(['/b/a.asb'], [])).toEqual([]);
  });
});

describe('errors on their way between threads', () => {
  it('keep code, sentence and place', () => {
    const format = new FormatError('ASB_NUMBER', '/b/x_y.asb', { line: 7, column: 3, offset: 99 }, 'expected a digit');
    const there = errorOf(noticeOf(format));
    expect(there).toBeInstanceOf(FormatError);
    expect(there).toMatchObject({ code: 'ASB_NUMBER', message: format.message, line: 7, column: 3, offset: 99 });
    expect(errorOf(noticeOf(new RestoreFailure('IO_EIO', 'Cannot read.')))).toMatchObject({ code: 'IO_EIO' });
    expect(errorOf(noticeOf(new TypeError('oops')))).toMatchObject({ code: 'RESTORE_INTERNAL', message: 'oops' });
  });
});

describe('counters', () => {
  it('of all workers add up, beyond 32 bits', () => {
    const shared = createCounters(2);
    const one = new RestoreCounters(shared, 0);
    const two = new RestoreCounters(shared, 1);
    one.records = 5;
    one.bytes = 2 ** 40;
    one.inserted = 3;
    one.inDoubt = 1;
    one.failed = 2;
    two.records = 2;
    two.bytes = 1;
    two.expired = two.skipped = 1;
    one.publish();
    two.publish();
    const sum = sumCounters(shared);
    expect(sum).toMatchObject({ records: 7, bytes: 2 ** 40 + 1, inserted: 3, inDoubt: 1, failed: 2 });
    expect(countAccounted(sum)).toBe(7);
  });
});
