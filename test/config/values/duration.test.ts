import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../src/config/values/duration.js';

describe('a length of time', () => {
  it.each([
    ['4h', 14_400],
    ['90m', 5400],
    ['30s', 30],
    ['1d12h30m15s', 131_415],
    ['2d5s', 172_805],
  ])('%s, is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '4', 'h', '4H', '4 h', '-1h', '1.5h', '1m1h', '1h1h', '99999d', '1w'])('"%s", is refused', (text) => {
    expect(() => parseDuration(text)).toThrow('such as 4h');
  });

  it.each(['0s', '0h0m'])('%s, is refused', (text) => {
    expect(() => parseDuration(text)).toThrow('at least 1s');
  });
});
