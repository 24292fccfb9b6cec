import { describe, expect, it } from 'vitest';
import {
  collectTimes,
  findMoment,
  layoutBars,
  layoutMarks,
  listMoments,
  stepMoment,
  type TimelineLane,
  type TimelinePoint,
} from '../../src/console/timeline/marks.js';
import { makeLanes } from '../../src/console/timeline/make-lanes.js';
import {
  clampSpan,
  fitSpan,
  makeTicks,
  panSpan,
  toPixels,
  toTime,
  zoomSpan,
} from '../../src/console/timeline/scale.js';
import { makeData, makeRanges } from './fake/data.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LIMITS = { fromMs: 0, toMs: 10 * DAY };

function point(timeMs: number, kind: TimelinePoint['kind'] = 'increment', isHeld = false): TimelinePoint {
  return { id: String(timeMs), timeMs, kind, isHeld };
}

describe('axis', () => {
  it('zoomSpan, an anchor, stays at its pixel', () => {
    const span = { fromMs: 2 * DAY, toMs: 6 * DAY };
    const anchor = 3 * DAY;
    const zoomed = zoomSpan(span, 0.5, anchor, LIMITS);
    expect(zoomed.toMs - zoomed.fromMs).toBe(2 * DAY);
    expect(toPixels(anchor, zoomed, 800)).toBeCloseTo(toPixels(anchor, span, 800));
  });

  it('zoomSpan, beyond the limits and below ten seconds, stops there', () => {
    expect(zoomSpan(LIMITS, 5, DAY, LIMITS)).toEqual(LIMITS);
    const closest = zoomSpan({ fromMs: DAY, toMs: DAY + 20_000 }, 1e-6, DAY, LIMITS);
    expect(closest.toMs - closest.fromMs).toBe(10_000);
  });

  it('panSpan, to the end, keeps its length', () => {
    expect(panSpan({ fromMs: 7 * DAY, toMs: 9 * DAY }, 5, LIMITS)).toEqual({ fromMs: 8 * DAY, toMs: 10 * DAY });
    expect(panSpan({ fromMs: DAY, toMs: 3 * DAY }, -5, LIMITS)).toEqual({ fromMs: 0, toMs: 2 * DAY });
  });

  it('clampSpan, longer than the limits, the limits', () => {
    expect(clampSpan({ fromMs: -DAY, toMs: 20 * DAY }, LIMITS)).toEqual(LIMITS);
  });

  it('toTime, the pixel of a time, that time', () => {
    expect(toTime(toPixels(3 * DAY, LIMITS, 777), LIMITS, 777)).toBeCloseTo(3 * DAY, 3);
  });

  it('fitSpan, no times, a span around now', () => {
    expect(fitSpan([], DAY)).toEqual({ fromMs: DAY - 300_000, toMs: DAY + 300_000 });
  });

  it.each([10_000, 60_000, HOUR, DAY, 10 * DAY, 400 * DAY, 8000 * DAY])(
    'makeTicks, a span of %d ms, a few labels that do not overlap',
    (length) => {
      const span = { fromMs: Date.UTC(2026, 2, 28, 11, 7, 3), toMs: Date.UTC(2026, 2, 28, 11, 7, 3) + length };
      const ticks = makeTicks(span, 840, 84);
      const places = ticks.map(({ timeMs }) => toPixels(timeMs, span, 840));
      expect(ticks.length).toBeGreaterThan(0);
      expect(ticks.length).toBeLessThanOrEqual(11);
      for (let i = 1; i < places.length; i++) expect(places[i]! - places[i - 1]!).toBeGreaterThan(70);
    },
  );

  it('makeTicks, days, at midnight of the zone and with a date', () => {
    const fromMs = new Date(2026, 4, 1, 7).getTime();
    const ticks = makeTicks({ fromMs, toMs: fromMs + 6 * DAY }, 840, 84);
    for (const { timeMs, isMajor, label } of ticks) {
      expect(new Date(timeMs).getHours()).toBe(0);
      expect(isMajor).toBe(true);
      expect(label).toMatch(/^\d+ May$/);
    }
  });
});

describe('marks', () => {
  it('layoutMarks, backups that lie close, one mark of the kind that matters most', () => {
    const points = [point(0, 'full'), point(1), point(2, 'increment', true), point(500), point(1000, 'full')];
    const marks = layoutMarks(points, { fromMs: 0, toMs: 1000 }, 1000, 7);
    expect(marks.map(({ kind, points: group, isHeld }) => [kind, group.length, isHeld])).toEqual([
      ['full', 3, true],
      ['increment', 1, false],
      ['full', 1, false],
    ]);
  });

  it('layoutMarks, ten thousand backups, no more marks than there is room for, all backups in them', () => {
    const points = Array.from({ length: 10_000 }, (_, index) => point(index * 60_000));
    const marks = layoutMarks(points, { fromMs: 0, toMs: 10_000 * 60_000 }, 1000, 7);
    expect(marks.length).toBeLessThanOrEqual(1000 / 7 + 1);
    expect(marks.reduce((sum, mark) => sum + mark.points.length, 0)).toBe(10_000);
  });

  it('layoutMarks, a part in view, only what is in it', () => {
    const points = Array.from({ length: 100 }, (_, index) => point(index));
    const marks = layoutMarks(points, { fromMs: 40, toMs: 50 }, 1000, 7);
    expect(marks.flatMap((mark) => mark.points.map(({ timeMs }) => timeMs))).toEqual([
      40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
    ]);
  });

  it('layoutBars, spans beyond the view, cut, left out, or wide enough to be seen', () => {
    const view = { fromMs: 100, toMs: 200 };
    const spans = [
      { fromMs: 0, toMs: 50 },
      { fromMs: 50, toMs: 150 },
      { fromMs: 160, toMs: 160 },
      { fromMs: 190, toMs: undefined },
    ];
    expect(layoutBars(spans, view, 100, 1000)).toEqual([
      { x: 0, width: 50, index: 1 },
      { x: 58.5, width: 3, index: 2 },
      { x: 90, width: 10, index: 3 },
    ]);
  });
});

describe('many marks', () => {
  it('layoutBars, ten thousand short ranges, few more than there are pixels', () => {
    const spans = Array.from({ length: 10_000 }, (_, index) => ({ fromMs: index * 100, toMs: index * 100 + 50 }));
    const bars = layoutBars(spans, { fromMs: 0, toMs: 1_000_000 }, 1000, 0);
    expect(bars.length).toBeLessThan(1000);
    expect(bars.at(-1)!.x).toBeGreaterThan(990);
  });
});

describe('moments', () => {
  const lane: TimelineLane = {
    namespace: 'orders',
    routine: undefined,
    ranges: [
      { fromMs: 100, toMs: 300, points: [point(100, 'full'), point(200), point(300)] },
      { fromMs: 600, toMs: 600, points: [point(600, 'full')] },
    ],
    points: [point(100, 'full'), point(200), point(300), point(600, 'full')],
    gaps: [{ fromMs: 400, toMs: 600, reason: '400 is not complete' }],
    failures: [point(400, 'failure')],
    markers: [],
  };

  it('findMoment, before the first backup, nothing and the first as the next', () => {
    const { state, next } = findMoment(lane, 99, 1000);
    expect(state).toBeUndefined();
    expect(next?.timeMs).toBe(100);
  });

  it('findMoment, exactly at a backup, that backup', () => {
    expect(findMoment(lane, 200, 1000)).toMatchObject({ state: { timeMs: 200 }, next: { timeMs: 300 } });
  });

  it('findMoment, in a gap, the state before it and the gap', () => {
    expect(findMoment(lane, 450, 1000)).toMatchObject({
      state: { timeMs: 300 },
      next: { timeMs: 600 },
      gap: { reason: '400 is not complete' },
    });
  });

  it('stepMoment, to both sides and at the ends, the neighbor or none', () => {
    const moments = listMoments([lane, lane]);
    expect(moments).toEqual([100, 200, 300, 600]);
    expect(stepMoment(moments, 250, 1)).toBe(300);
    expect(stepMoment(moments, 300, -1)).toBe(200);
    expect(stepMoment(moments, 600, 1)).toBeUndefined();
    expect(stepMoment(moments, 100, -1)).toBeUndefined();
  });

  it('makeLanes, a timeline of the API, ranges, gaps with reasons, failures and holds', () => {
    const data = makeData(Date.UTC(2026, 4, 2, 9, 20));
    const lanes = makeLanes(makeRanges('s3-main', data.backups));
    const orders = lanes.find(({ namespace, routine }) => namespace === 'orders' && routine === 'orders-3h')!;
    expect(orders.ranges).toHaveLength(10);
    expect(orders.failures.map(({ note }) => note)).toEqual(['The node BB9020011AC4202 did not answer within 10 s']);
    expect(orders.gaps[0]!.reason).toMatch(/^\d{13} is not complete; \d{13} builds on a backup that is not complete/);
    const catalog = lanes.find(({ routine }) => routine === 'catalog-daily')!;
    expect(catalog.ranges.flatMap(({ points }) => points).filter(({ isHeld }) => isHeld)).toHaveLength(1);
    expect(Math.min(...collectTimes(lanes))).toBe(Math.min(...lanes.flatMap((one) => one.ranges[0]!.fromMs)));
  });
});
