import { describe, expect, it } from 'vitest';
import { selectExpired, withoutHeld, type Retention } from '../../../src/service/routines/retention.js';

/** Full backups at 10, 20, 30, 40; after each, two increments that take one each. */
const FULLS = [10, 20, 30, 40].map((time) => ({ path: `f${time}`, timestampMs: time, finishedMs: time + 2 }));
const INCREMENTS = [13, 16, 23, 26, 33, 36].map((time) => ({
  path: `i${time}`,
  timestampMs: time,
  finishedMs: time + 1,
}));

function select(retention: Retention, increments = INCREMENTS): string[] {
  return selectExpired(FULLS, increments, retention, 50).map(({ path }) => path);
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

describe('limits of age and size', () => {
  const sized = <Run>(runs: readonly Run[]): (Run & { bytes: number })[] => runs.map((run) => ({ ...run, bytes: 10 }));
  const choose = (retention: Retention, increments = INCREMENTS, nowMs = 50, running: number[] = []): string[] =>
    selectExpired(sized(FULLS), sized(increments), retention, nowMs, running).map(({ path }) => path);

  it('of age, keep what each state since then needs', () => {
    expect(choose({ maxAgeMs: 20 })).toEqual(['i26', 'i23', 'i16', 'i13', 'f10', 'f20']);
    expect(choose({ maxAgeMs: 21 })).toEqual(['i16', 'i13', 'f10']);
    expect(choose({ maxAgeMs: 100 })).toEqual([]);
  });

  it('of age, keep the newest full backup with its increments, however old', () => {
    expect(choose({ maxAgeMs: 1 }, [{ path: 'i41', timestampMs: 41, finishedMs: 42 }], 9000)).toEqual([
      'f10',
      'f20',
      'f30',
    ]);
  });

  it('of size, delete the oldest full backups with their increments, and never the newest', () => {
    // f40 10, f30 with two increments 30, f20 with two 30.
    expect(choose({ maxBytes: 70 })).toEqual(['i16', 'i13', 'f10']);
    expect(choose({ maxBytes: 69 })).toEqual(['i26', 'i23', 'i16', 'i13', 'f10', 'f20']);
    expect(choose({ maxBytes: 1 })).toEqual(['i36', 'i33', 'i26', 'i23', 'i16', 'i13', 'f10', 'f20', 'f30']);
  });

  it('delete nothing that an increment builds on which ran, or runs, beside the next full backup', () => {
    expect(choose({ maxBytes: 1 }, [{ path: 'long', timestampMs: 38, finishedMs: 41 }])).toEqual(['f10', 'f20']);
    expect(choose({ maxAgeMs: 1 }, [], 50, [38])).toEqual(['f10', 'f20']);
  });

  it('beside a number, delete what one of them does not keep', () => {
    expect(choose({ full: 3, maxAgeMs: 20 })).toEqual(['i26', 'i23', 'i16', 'i13', 'f10', 'f20']);
    expect(choose({ full: 1, maxAgeMs: 20 })).toHaveLength(9);
  });

  it('leave what is held with all that it builds on', () => {
    const expired = selectExpired(FULLS, INCREMENTS, { full: 1 }, 50);
    const held = INCREMENTS.filter(({ path }) => path === 'i23');
    const left = withoutHeld(expired, held, { fulls: FULLS, incrementals: INCREMENTS });
    expect(left.map(({ path }) => path)).toEqual(['i36', 'i33', 'i26', 'i16', 'i13', 'f10', 'f30']);
  });
});
