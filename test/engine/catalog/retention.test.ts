import fc from '../../support/property.js';
import { describe, expect, it } from 'vitest';
import {
  applyRetention,
  hasKeepRule,
  subtractAge,
  type Age,
  type RetainableBackup,
  type RetentionRules,
} from '../../../src/engine/catalog/retention.js';

const NOW = Date.parse('2026-03-15T12:00:00Z');
const NO_AGE: Age = { years: 0, months: 0, days: 0, hours: 0 };

function backup(key: string, time: string, more: Partial<RetainableBackup> = {}): RetainableBackup {
  return { key, group: 'test', startMs: Date.parse(time), bases: [], kind: 'usable', ...more };
}

function kept(backups: readonly RetainableBackup[], rules: RetentionRules): string[] {
  const decisions = applyRetention(backups, rules, NOW);
  return backups.filter(({ key }) => decisions.get(key)!.keep).map(({ key }) => key);
}

describe('applyRetention', () => {
  it('the last ones, are those that began last, in each group', () => {
    const backups = [
      backup('b', '2026-03-02T00:00:00Z'),
      backup('a', '2026-03-03T00:00:00Z'),
      backup('c', '2026-03-01T00:00:00Z'),
      backup('other', '2026-01-01T00:00:00Z', { group: 'bar' }),
    ];
    expect(kept(backups, { last: 2 })).toEqual(['b', 'a', 'other']);
    expect(kept(backups, { last: 1 })).toEqual(['a', 'other']);
  });

  it.each([
    ['hourly', ['2026-03-14T10:59:00Z', '2026-03-14T10:01:00Z', '2026-03-14T09:59:00Z', '2026-03-14T08:00:00Z']],
    ['daily', ['2026-03-14T23:59:00Z', '2026-03-14T00:00:00Z', '2026-03-13T23:59:00Z', '2026-03-12T00:00:00Z']],
    // 2025-12-29 is the Monday of the first week of 2026.
    ['weekly', ['2026-01-04T23:59:00Z', '2025-12-29T00:00:00Z', '2025-12-28T23:59:00Z', '2025-12-15T00:00:00Z']],
    ['monthly', ['2026-02-28T23:59:00Z', '2026-02-01T00:00:00Z', '2026-01-31T23:59:00Z', '2025-12-01T00:00:00Z']],
    ['yearly', ['2026-02-28T23:59:00Z', '2026-01-01T00:00:00Z', '2025-12-31T23:59:00Z', '2024-12-01T00:00:00Z']],
  ] as const)('%s, is the newest of each period that has one', (rule, times) => {
    const backups = times.map((time, i) => backup(String(i), time));
    expect(kept(backups, { [rule]: 2 })).toEqual(['0', '2']);
    expect(kept(backups, { [rule]: 3 })).toEqual(['0', '2', '3']);
  });

  it('the oldest, is kept while a rule of periods has some left', () => {
    const backups = [backup('new', '2026-03-14T20:00:00Z'), backup('old', '2026-03-14T10:00:00Z')];
    expect(kept(backups, { daily: 1 })).toEqual(['new']);
    expect(kept(backups, { daily: 2 })).toEqual(['new', 'old']);
    expect(applyRetention(backups, { daily: 2 }, NOW).get('old')!.reasons).toEqual(['oldest, daily']);
  });

  it('within an age, is counted from the newest backup that is not in the future', () => {
    const backups = [
      backup('future', '2030-01-01T00:00:00Z'),
      backup('newest', '2026-02-01T00:00:00Z'),
      backup('edge', '2026-01-31T00:00:00Z'),
      backup('older', '2026-01-30T23:59:59Z'),
    ];
    expect(kept(backups, { within: { ...NO_AGE, days: 1 } })).toEqual(['future', 'newest', 'edge']);
  });

  it('several rules, keep what any of them keeps, and say why', () => {
    const backups = [backup('a', '2026-03-14T10:00:00Z'), backup('b', '2026-02-14T10:00:00Z')];
    const decisions = applyRetention(backups, { last: 1, daily: 1, monthly: 2 }, NOW);
    expect(decisions.get('a')!.reasons).toEqual(['last', 'daily 2026-03-14', 'monthly 2026-03']);
    expect(decisions.get('b')!.reasons).toEqual(['monthly 2026-02']);
  });

  it('the bases of what is kept, are kept, through the whole chain', () => {
    const backups = [
      backup('full', '2026-03-01T00:00:00Z'),
      backup('i1', '2026-03-02T00:00:00Z', { bases: ['full'] }),
      backup('i2', '2026-03-03T00:00:00Z', { bases: ['i1'] }),
      backup('side', '2026-03-02T12:00:00Z', { bases: ['full'] }),
    ];
    expect(kept(backups, { last: 1 })).toEqual(['full', 'i1', 'i2']);
    expect(applyRetention(backups, { last: 1 }, NOW).get('full')!.reasons).toEqual(['base of i1']);
  });

  it('what cannot be restored, is neither counted nor removed, unless it is older than the limit', () => {
    const backups = [
      backup('failed', '2026-03-14T00:00:00Z', { kind: 'unusable', bases: ['base'] }),
      backup('abandoned', '2026-03-01T00:00:00Z', { kind: 'unusable' }),
      backup('good', '2026-03-02T00:00:00Z'),
      backup('base', '2026-02-02T00:00:00Z'),
    ];
    expect(kept(backups, { last: 1 })).toEqual(['failed', 'abandoned', 'good', 'base']);
    const unusableAfter = { ...NO_AGE, days: 7 };
    expect(kept(backups, { last: 1, unusableAfter })).toEqual(['failed', 'good', 'base']);
    expect(applyRetention(backups, { last: 1, unusableAfter }, NOW).get('abandoned')!.reasons).toEqual([
      'cannot be restored',
    ]);
  });

  it('what is kept for a reason of its own, or of which no time is known, stays', () => {
    const backups = [
      backup('held', '2020-01-01T00:00:00Z', { kind: { kept: 'held' } }),
      backup('timeless', '', { startMs: undefined }),
      backup('new', '2026-03-02T00:00:00Z'),
    ];
    expect(kept(backups, { last: 1 })).toEqual(['held', 'timeless', 'new']);
  });

  it('any backups and rules: bases stay, more rules never remove more, and no group is left without', () => {
    const count = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
    const age = fc.record({
      years: fc.constant(0),
      months: fc.integer({ min: 0, max: 2 }),
      days: fc.integer({ min: 0, max: 40 }),
      hours: fc.integer({ min: 1, max: 30 }),
    });
    const parseRules = fc
      .record({
        last: count,
        hourly: count,
        daily: count,
        weekly: count,
        monthly: count,
        yearly: count,
        within: fc.option(age, { nil: undefined }),
      })
      .filter(hasKeepRule);
    const oneBackup = fc.record({
      hoursAgo: fc.integer({ min: -48, max: 24 * 900 }),
      group: fc.constantFrom('test', 'bar', 'test,bar'),
      isUsable: fc.boolean(),
      isHeld: fc.boolean(),
      base: fc.integer({ min: -3, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(oneBackup, { maxLength: 30 }), parseRules, parseRules, (specs, rules, others) => {
        const backups = specs.map(({ hoursAgo, group, isUsable, isHeld, base }, i): RetainableBackup => ({
          key: String(i),
          group,
          startMs: NOW - hoursAgo * 3_600_000,
          bases: base >= 0 && base < i ? [String(base)] : [],
          kind: isHeld ? { kept: 'held' } : isUsable ? 'usable' : 'unusable',
        }));
        const unusableAfter = { ...NO_AGE, days: 30 };
        const decisions = applyRetention(backups, { ...rules, unusableAfter }, NOW);
        for (const { key, bases, group, kind } of backups) {
          const { keep, reasons } = decisions.get(key)!;
          expect(reasons.length).toBeGreaterThan(0);
          if (keep) for (const base of bases) expect(decisions.get(base)!.keep).toBe(true);
          if (typeof kind === 'object') expect(keep).toBe(true);
          if (kind !== 'usable') continue;
          const usable = backups.filter((each) => each.group === group && each.kind === 'usable');
          const newest = Math.max(...usable.map(({ startMs }) => startMs!));
          expect(usable.some((each) => each.startMs === newest && decisions.get(each.key)!.keep)).toBe(true);
        }
        const more = applyRetention(backups, { ...others, ...withoutAbsent(rules), unusableAfter }, NOW);
        for (const [key, { keep }] of decisions) if (keep) expect(more.get(key)!.keep).toBe(true);
        // What is left is the same for who comes second: the same rules remove nothing more.
        const left = backups.filter(({ key }) => decisions.get(key)!.keep);
        if (rules.within === undefined && left.every(({ bases }) => bases.length === 0)) {
          const again = applyRetention(left, { ...rules, unusableAfter }, NOW);
          expect([...again.values()].every(({ keep }) => keep)).toBe(true);
        }
      }),
    );
  });
});

function withoutAbsent(rules: RetentionRules): RetentionRules {
  return Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));
}

describe('subtractAge', () => {
  it('months, end at their last day', () => {
    expect(new Date(subtractAge(Date.parse('2026-03-31T05:00:00Z'), { ...NO_AGE, months: 1 })).toISOString()).toBe(
      '2026-02-28T05:00:00.000Z',
    );
    expect(
      new Date(
        subtractAge(Date.parse('2024-02-29T05:00:00Z'), { years: 1, months: 0, days: 1, hours: 5 }),
      ).toISOString(),
    ).toBe('2023-02-27T00:00:00.000Z');
  });
});
