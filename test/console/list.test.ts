import { describe, expect, it } from 'vitest';
import { filterBackups } from '../../src/console/list/filter-backups.js';
import { computeWindow, moveRow, revealRow } from '../../src/console/list/virtual-window.js';
import { makeData } from './fake/data.js';

describe('window of a long list', () => {
  const geometry = { count: 10_000, rowHeight: 48, viewHeight: 480, overscan: 8 };

  it('at the top, the rows in view and some below', () => {
    expect(computeWindow({ ...geometry, scrollTop: 0 })).toEqual({ first: 0, end: 18, offset: 0, height: 480_000 });
  });

  it('in the middle, some rows on both sides', () => {
    const { first, end, offset } = computeWindow({ ...geometry, scrollTop: 4800 });
    expect([first, end, offset]).toEqual([92, 118, 92 * 48]);
  });

  it('behind the end, as after a filter, the last rows', () => {
    const { first, end } = computeWindow({ ...geometry, count: 20, scrollTop: 400_000 });
    expect([first, end]).toEqual([2, 20]);
  });

  it('an empty list, no row', () => {
    expect(computeWindow({ ...geometry, count: 0, scrollTop: 0 })).toMatchObject({ first: 0, end: 0, height: 0 });
  });

  it('revealRow, above, in and below the view, the least movement', () => {
    const view = { rowHeight: 48, scrollTop: 480, viewHeight: 480 };
    expect(revealRow(5, view)).toBe(240);
    expect(revealRow(12, view)).toBe(480);
    expect(revealRow(20, view)).toBe(528);
  });

  it('moveRow, keys of a list, within its ends; other keys nowhere', () => {
    expect(moveRow('ArrowDown', 3, 10, 5)).toBe(4);
    expect(moveRow('PageDown', 8, 10, 5)).toBe(9);
    expect(moveRow('PageUp', 2, 10, 5)).toBe(0);
    expect(moveRow('End', 2, 10, 5)).toBe(9);
    expect(moveRow('Home', 2, 10, 5)).toBe(0);
    expect(moveRow('Enter', 2, 10, 5)).toBeUndefined();
    expect(moveRow('ArrowDown', 0, 0, 5)).toBeUndefined();
  });
});

describe('filter of backups', () => {
  const { backups } = makeData(Date.UTC(2026, 4, 2, 9, 20));

  it('no query, the same list', () => {
    expect(filterBackups(backups, {})).toBe(backups);
    expect(filterBackups(backups, { q: '  ' })).toBe(backups);
  });

  it('several words in any case, backups that have all of them', () => {
    const found = filterBackups(backups, { q: 'PRE- catalog' });
    expect(found.map(({ id }) => id)).toEqual(['pre-release-7']);
  });

  it('state, type and routine, backups that have all of them', () => {
    const found = filterBackups(backups, { state: 'FAILED', routine: 'orders-3h', type: 'DIFFERENTIAL' });
    expect(found).toHaveLength(1);
    expect(filterBackups(backups, { state: 'FAILED', routine: 'orders-3h', type: 'FULL' })).toHaveLength(0);
  });

  it('the word held, backups that are held', () => {
    expect(filterBackups(backups, { q: 'held' }).every(({ held }) => held)).toBe(true);
    expect(filterBackups(backups, { q: 'held' })).toHaveLength(2);
  });
});
