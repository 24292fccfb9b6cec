import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/service/errors.js';
import {
  parseBounds,
  parseDeep,
  parseDelay,
  parseJobFilter,
  parseJobId,
  parseTimestamp,
} from '../../../src/service/http/parameters.js';

const MAX_TIME_MS = 8_640_000_000_000_000;

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'SERVICE_INVALID') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('time bounds', () => {
  it('are whole milliseconds, each optional, and the first of several', () => {
    expect(parseBounds({})).toEqual({});
    expect(parseBounds({ from: '', to: '' })).toEqual({});
    expect(parseBounds({ from: '0' })).toEqual({ fromMs: 0 });
    expect(parseBounds({ from: '1777683600000', to: '1777683600000' })).toEqual({
      fromMs: 1_777_683_600_000,
      toMs: 1_777_683_600_000,
    });
    expect(parseBounds({ from: ['1', 'x'], to: '+2' })).toEqual({ fromMs: 1, toMs: 2 });
  });

  it('beyond what a date can hold are the latest date', () => {
    expect(parseBounds({ to: '9223372036854775807' })).toEqual({ toMs: MAX_TIME_MS });
  });

  for (const text of ['-1', 'x', '1.5', '1e3', ' 1', '0x10', '9223372036854775808', '9'.repeat(1000)]) {
    it(`that are ${text.slice(0, 20)} are refused`, () => {
      expect(refusal(() => parseBounds({ from: text }))).toMatch(/^invalid query param time bounds: from must be/);
      expect(refusal(() => parseBounds({ to: text }))).toMatch(/^invalid query param time bounds: to must be/);
    });
  }

  it('in the wrong order are refused', () => {
    expect(refusal(() => parseBounds({ from: '2', to: '1' }))).toBe(
      'invalid query param time bounds: from must not be after to',
    );
  });
});

describe('delay', () => {
  it('is a count of milliseconds, 0 if it is absent', () => {
    expect(parseDelay({})).toBe(0);
    expect(parseDelay({ delay: '5000' })).toBe(5000);
    expect(parseDelay({ delay: '9223372036854' })).toBe(9_223_372_036_854);
  });

  for (const text of ['-1', '1.5', 'soon', '9223372036855']) {
    it(`of ${text} is refused`, () => {
      expect(refusal(() => parseDelay({ delay: text }))).toMatch(/^invalid query param delay: must be a number/);
    });
  }
});

describe('status filter', () => {
  const statuses = (status: string): string[] => [...(parseJobFilter({ status }).statuses ?? [])].sort();

  it('lists what is wanted, or with exclamation marks what is not', () => {
    expect(parseJobFilter({})).toEqual({});
    expect(statuses('running,success')).toEqual(['running', 'success']);
    expect(statuses('!success')).toEqual(['canceled', 'failure', 'running']);
    expect(statuses('running,failure,!failure')).toEqual(['running']);
    expect(statuses('!running,!success,!failure,!canceled')).toEqual([]);
  });

  it('knows upper case and the names of ABS before 3.6', () => {
    expect(statuses('Running, DONE ,!Failed')).toEqual(['running', 'success']);
  });

  for (const text of ['x', 'running,', '!', 'constructor', '!!running']) {
    it(`of ${text} is refused with the names that are allowed`, () => {
      expect(refusal(() => statuses(text))).toMatch(/^invalid query param status: .* is none of running, success/);
    });
  }

  it('goes along with time bounds', () => {
    expect(parseJobFilter({ from: '1', status: 'running' })).toEqual({ fromMs: 1, statuses: new Set(['running']) });
  });
});

describe('ids, timestamps and flags', () => {
  it('are integers of 64 bits', () => {
    expect(parseJobId('007')).toBe('7');
    expect(parseJobId('-5')).toBe('-5');
    expect(parseJobId('9223372036854775807')).toBe('9223372036854775807');
    expect(parseTimestamp('1777683600000')).toBe(1_777_683_600_000);
    for (const text of ['', 'x', '1.0', '9223372036854775808']) {
      expect(refusal(() => parseJobId(text))).toBe(`invalid job id: "${text}" is not an integer`);
      expect(refusal(() => parseTimestamp(text))).toMatch(/^invalid timestamp: .* is not a number of milliseconds/);
    }
    expect(refusal(() => parseTimestamp('-1'))).toMatch(/^invalid timestamp/);
  });

  it('are true or false', () => {
    expect([parseDeep({}), parseDeep({ deep: 'false' }), parseDeep({ deep: 'true' })]).toEqual([false, false, true]);
    expect(refusal(() => parseDeep({ deep: '1' }))).toMatch(/must be true or false/);
  });
});
