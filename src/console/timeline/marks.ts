/** What of a namespace is drawn, and where: bars of ranges, gaps, and marks of backups that stand for several. */
import { toPixels, type TimeSpan } from './scale.js';

/** A moment that can be restored, or a backup that failed. */
export interface TimelinePoint {
  readonly id: string;
  readonly routine?: string | undefined;
  readonly timeMs: number;
  readonly kind: 'full' | 'increment' | 'failure' | 'marker';
  readonly isHeld: boolean;
  readonly note?: string | undefined;
}

/** From the first to the last backup of an unbroken chain. */
export interface TimelineRange extends TimeSpan {
  readonly points: readonly TimelinePoint[];
}

export interface TimelineGap {
  readonly fromMs: number;
  /** Absent = until now. */
  readonly toMs: number | undefined;
  readonly reason: string;
}

export interface TimelineLane {
  readonly namespace: string;
  readonly routine: string | undefined;
  readonly ranges: readonly TimelineRange[];
  /** Those of all ranges, by time. */
  readonly points: readonly TimelinePoint[];
  readonly gaps: readonly TimelineGap[];
  readonly failures: readonly TimelinePoint[];
  readonly markers: readonly TimelinePoint[];
}

/** A rectangle of the lane, in pixels; only what is in view and can be told from the one before. */
export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly index: number;
}

/** One or several backups that lie so close that they are drawn as one. */
export interface Mark {
  readonly x: number;
  readonly points: readonly TimelinePoint[];
  readonly kind: TimelinePoint['kind'];
  readonly isHeld: boolean;
}

/** A range of one backup must be seen, too. */
const MIN_BAR_WIDTH = 3;

export function layoutBars(
  spans: readonly { readonly fromMs: number; readonly toMs: number | undefined }[],
  view: TimeSpan,
  width: number,
  nowMs: number,
): Bar[] {
  const bars: Bar[] = [];
  let drawnTo = -1;
  spans.forEach(({ fromMs, toMs = nowMs }, index) => {
    if (toMs < view.fromMs || fromMs > view.toMs) return;
    const start = Math.max(0, toPixels(fromMs, view, width));
    const end = Math.min(width, toPixels(toMs, view, width));
    // Nobody sees it, and there may be thousands.
    if (end - start < 1 && end <= drawnTo) return;
    const missing = Math.max(0, MIN_BAR_WIDTH - (end - start));
    bars.push({ x: start - missing / 2, width: end - start + missing, index });
    drawnTo = end + missing / 2;
  });
  return bars;
}

/**
 * Marks at least `minGap` pixels apart, in the order of time; points must be in that order. The kind of a mark is what
 * of it matters most: a failure, then a full backup.
 */
export function layoutMarks(points: readonly TimelinePoint[], view: TimeSpan, width: number, minGap: number): Mark[] {
  const marks: Mark[] = [];
  let group: TimelinePoint[] = [];
  let groupStart = 0;
  const close = (): void => {
    if (group.length === 0) return;
    const kind =
      (['failure', 'full', 'increment', 'marker'] as const).find((one) => group.some((point) => point.kind === one)) ??
      'increment';
    const anchor = group.find((point) => point.kind === kind)!;
    marks.push({
      x: toPixels(anchor.timeMs, view, width),
      points: group,
      kind,
      isHeld: group.some(({ isHeld }) => isHeld),
    });
    group = [];
  };
  for (let index = findFirst(points, view.fromMs); index < points.length; index++) {
    const point = points[index]!;
    if (point.timeMs > view.toMs) break;
    const x = toPixels(point.timeMs, view, width);
    if (group.length > 0 && x - groupStart >= minGap) close();
    if (group.length === 0) groupStart = x;
    group.push(point);
  }
  close();
  return marks;
}

/** Index of the first point at or behind a moment. */
function findFirst(points: readonly TimelinePoint[], timeMs: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.timeMs < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What a restore of the namespace to a moment would give: the newest backup until then, and its neighbors. */
export interface RestorableMoment {
  readonly state: TimelinePoint | undefined;
  readonly next: TimelinePoint | undefined;
  /** The moment lies where newer backups exist that cannot be restored. */
  readonly gap: TimelineGap | undefined;
}

export function findMoment({ points, gaps }: TimelineLane, timeMs: number, nowMs: number): RestorableMoment {
  const behind = findFirst(points, timeMs + 1);
  const gap = gaps.find(({ fromMs, toMs = nowMs }) => fromMs <= timeMs && timeMs < toMs);
  return { state: points[behind - 1], next: points[behind], gap };
}

/** Every moment of the lanes, for the span that shows all. */
export function collectTimes(lanes: readonly TimelineLane[]): number[] {
  return lanes.flatMap(({ ranges, gaps, failures }) => [
    ...ranges.flatMap(({ fromMs, toMs }) => [fromMs, toMs]),
    ...gaps.flatMap(({ fromMs, toMs }) => (toMs === undefined ? [fromMs] : [fromMs, toMs])),
    ...failures.map(({ timeMs }) => timeMs),
  ]);
}

/** The moments that can be restored, of all lanes, each once, by time. */
export function listMoments(lanes: readonly TimelineLane[]): number[] {
  const times = new Set(lanes.flatMap(({ points }) => points.map(({ timeMs }) => timeMs)));
  return [...times].sort((left, right) => left - right);
}

/** The moment before or after another one; undefined = there is none. */
export function stepMoment(moments: readonly number[], timeMs: number, direction: -1 | 1): number | undefined {
  return direction === 1 ? moments.find((one) => one > timeMs) : moments.findLast((one) => one < timeMs);
}
