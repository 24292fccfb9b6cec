import { describe, expect, it } from 'vitest';
import {
  countNoun,
  formatBytes,
  formatCount,
  formatDuration,
  formatLocalInput,
  formatNames,
  formatPercent,
  formatRelative,
  formatTime,
  parseTime,
} from '../../src/console/format/format.js';

const NOW = Date.UTC(2026, 4, 2, 9, 0, 0);

describe('numbers', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1023, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [10_485_760, '10.0 MiB'],
    [1_073_741_824 * 250, '250 GiB'],
    [2 ** 62, '4096 PiB'],
  ])('formatBytes, %d bytes, %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('formatCount and countNoun, large and single counts, separated thousands and the right noun', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect(formatCount(999)).toBe('999');
    expect(countNoun(1, 'file')).toBe('1 file');
    expect(countNoun(2000, 'entry', 'entries')).toBe('2,000 entries');
  });

  it('formatPercent, just below the end, not 100', () => {
    expect(formatPercent(0.9999)).toBe('99 %');
    expect(formatPercent(1)).toBe('100 %');
  });

  it('formatNames, more than the limit, the first and how many more', () => {
    expect(formatNames(['a', 'b', 'c'])).toBe('a, b, c');
    expect(formatNames(['a', 'b', 'c', 'd'])).toBe('a, b and 2 more');
  });
});

describe('times', () => {
  it.each([
    [42_400, '42 s'],
    [185_000, '3 min 5 s'],
    [7_200_000, '2 h'],
    [7_800_000, '2 h 10 min'],
    [4 * 86_400_000 + 3 * 3_600_000, '4 d 3 h'],
    [-5, '0 s'],
  ])('formatDuration, %d ms, %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it.each([
    [NOW - 2000, 'just now'],
    [NOW + 2000, 'in a moment'],
    [NOW - 45_000, '45 s ago'],
    [NOW - 300_000, '5 min ago'],
    [NOW + 7_200_000, 'in 2 h'],
    [NOW - 47 * 3_600_000, '47 h ago'],
    [NOW - 72 * 3_600_000, '3 d ago'],
  ])('formatRelative, %d, %s', (timeMs, text) => {
    expect(formatRelative(timeMs, NOW)).toBe(text);
  });

  it('formatTime, any zone, the local time in the order of ISO 8601', () => {
    const date = new Date(2026, 0, 3, 4, 5, 6);
    expect(formatTime(date.getTime())).toBe('2026-01-03 04:05:06');
  });

  it('formatLocalInput, a part of a second, the next second: the backup of this moment is not after it', () => {
    const date = new Date(2026, 0, 3, 4, 5, 6, 1);
    expect(formatLocalInput(date.getTime())).toBe('2026-01-03T04:05:07');
    expect(formatLocalInput(date.getTime() - 1)).toBe('2026-01-03T04:05:06');
  });

  it('parseTime, no time, undefined', () => {
    expect(parseTime(undefined)).toBeUndefined();
    expect(parseTime('soon')).toBeUndefined();
    expect(parseTime('2026-05-02T09:00:00Z')).toBe(NOW);
  });
});
