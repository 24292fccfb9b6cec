/** The axis of the timeline: what is in view, and where a moment is drawn. Pure geometry; times in milliseconds. */

export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Tick {
  readonly timeMs: number;
  readonly label: string;
  /** Begins a day: drawn stronger. */
  readonly isMajor: boolean;
}

/** Nobody needs to see less than a second of it. */
const MIN_SPAN_MS = 10_000;
const MIN_MARGIN_MS = 300_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS_MS = [
  SECOND,
  5 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  30 * DAY,
  91 * DAY,
  365 * DAY,
  5 * 365 * DAY,
];

export function toPixels(timeMs: number, { fromMs, toMs }: TimeSpan, width: number): number {
  return ((timeMs - fromMs) / (toMs - fromMs)) * width;
}

export function toTime(pixels: number, { fromMs, toMs }: TimeSpan, width: number): number {
  return fromMs + (pixels / width) * (toMs - fromMs);
}

/** All that there is, with a margin, so that nothing lies on the edge. */
export function fitSpan(times: readonly number[], nowMs: number): TimeSpan {
  let first = nowMs;
  let last = nowMs;
  for (const time of times) {
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  const margin = Math.max((last - first) * 0.03, MIN_MARGIN_MS);
  return { fromMs: first - margin, toMs: last + margin };
}

/**
 * Larger (`factor` < 1) or smaller, with `anchorMs` where it is. Never less than 10 seconds, never beyond `limits`.
 */
export function zoomSpan(span: TimeSpan, factor: number, anchorMs: number, limits: TimeSpan): TimeSpan {
  const length = span.toMs - span.fromMs;
  const wanted = Math.min(Math.max(length * factor, MIN_SPAN_MS), limits.toMs - limits.fromMs);
  const share = (anchorMs - span.fromMs) / length;
  const fromMs = anchorMs - share * wanted;
  return clampSpan({ fromMs, toMs: fromMs + wanted }, limits);
}

/** Moved by a part of its length: 0.5 = half a view towards the future. */
export function panSpan(span: TimeSpan, share: number, limits: TimeSpan): TimeSpan {
  const shift = (span.toMs - span.fromMs) * share;
  return clampSpan({ fromMs: span.fromMs + shift, toMs: span.toMs + shift }, limits);
}

/** Moved so far that it lies within the limits; its length stays, unless it is longer than they are. */
export function clampSpan({ fromMs, toMs }: TimeSpan, limits: TimeSpan): TimeSpan {
  const length = Math.min(toMs - fromMs, limits.toMs - limits.fromMs);
  const first = Math.min(Math.max(fromMs, limits.fromMs), limits.toMs - length);
  return { fromMs: first, toMs: first + length };
}

const pad = (value: number): string => String(value).padStart(2, '0');

/**
 * Moments at round times of the local zone, at least `minGap` pixels apart. Steps of a day and more begin at midnight,
 * also where a day has 23 or 25 hours.
 */
export function makeTicks(span: TimeSpan, width: number, minGap: number): Tick[] {
  const perPixel = (span.toMs - span.fromMs) / width;
  const step = STEPS_MS.find((candidate) => candidate / perPixel >= minGap) ?? STEPS_MS.at(-1)!;
  const ticks: Tick[] = [];
  const start = new Date(span.fromMs);
  if (step < DAY) {
    start.setHours(0, 0, 0, 0);
    const midnight = start.getTime();
    const skipped = Math.floor((span.fromMs - midnight) / step);
    for (let time = midnight + skipped * step; time <= span.toMs; time += step) {
      if (time >= span.fromMs) ticks.push(labelTick(time, step));
    }
    return ticks;
  }
  const days = Math.round(step / DAY);
  // Counted from a fixed day: ticks stay where they are while the view moves.
  const epochDay = Math.floor((start.getTime() - start.getTimezoneOffset() * MINUTE) / DAY);
  start.setDate(start.getDate() - (epochDay % days));
  start.setHours(0, 0, 0, 0);
  while (start.getTime() <= span.toMs) {
    if (start.getTime() >= span.fromMs) ticks.push(labelTick(start.getTime(), step));
    start.setDate(start.getDate() + days);
  }
  return ticks;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function labelTick(timeMs: number, stepMs: number): Tick {
  const date = new Date(timeMs);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  const day = `${date.getDate()} ${MONTHS[date.getMonth()]!}`;
  const label =
    stepMs >= 91 * DAY
      ? `${MONTHS[date.getMonth()]!} ${date.getFullYear()}`
      : isMidnight
        ? day
        : stepMs < MINUTE
          ? `${clock}:${pad(date.getSeconds())}`
          : clock;
  return { timeMs, label, isMajor: isMidnight };
}
