import { describe, expect, it } from 'vitest';
import { selectExpired, type Retention } from '../../../src/service/routines/retention.js';

/** Full backups at 10, 20, 30, 40; after each, two increments that take one each. */
const FULLS = [10, 20, 30, 40].map((time) => ({ path: `f${time}`, timestampMs: time, finishedMs: time + 2 }));
const INCREMENTS = [13, 16, 23, 26, 33, 36].map((time) => ({
  path: `i${time}`,
  timestampMs: time,
  finishedMs: time + 1,
}));

function select(retention: Retention, increments = INCREMENTS): string[] {
  return selectExpired(FULLS, increments, retention).map(({ path }) => path);
}

describe('what a policy does not keep', () => {
  it('without numbers, nothing', () => {
    expect(select({})).toEqual([]);
  });

  it('fewer full backups than it keeps, nothing', () => {
    expect(select({ full: 4 }, [])).toEqual([]);
  });

  it('old full backups, and the increments before the oldest that stays', () => {
    expect(select({ full: 2 })).toEqual(['i26', 'i23', 'i16', 'i13', 'f10', 'f20']);
  });

  it('increments of fewer full backups than it keeps', () => {
    expect(select({ full: 3, incremental: 2 })).toEqual(['i26', 'i23', 'i16', 'i13', 'f10']);
    expect(select({ full: 3, incremental: 1 })).toEqual(['i36', 'i33', 'i26', 'i23', 'i16', 'i13', 'f10']);
    expect(select({ incremental: 3 })).toEqual(['i16', 'i13']);
  });

  it('no increments at all', () => {
    expect(select({ full: 4, incremental: 0 })).toEqual(['i36', 'i33', 'i26', 'i23', 'i16', 'i13']);
  });

  it('an increment that was under way when the oldest full backup began, stays', () => {
    expect(select({ full: 2 }, [{ path: 'long', timestampMs: 28, finishedMs: 31 }])).toEqual(['f10', 'f20']);
  });

  it('changes after the newest full backup are not lost: increments that began later stay', () => {
    expect(select({ full: 4, incremental: 0 }, [{ path: 'new', timestampMs: 41, finishedMs: 42 }])).toEqual([]);
  });
});
