import { formatRelative, formatTime, parseTime } from '../format/format.js';
import { now } from '../state/clock.js';

/** `5 min ago`, with the exact time as its title. */
export function Ago({ time }: { time: string | undefined }) {
  const timeMs = parseTime(time);
  if (timeMs === undefined) return <span class="muted">–</span>;
  return (
    <time dateTime={time} title={formatTime(timeMs)}>
      {formatRelative(timeMs, now.value)}
    </time>
  );
}

/** The time in the zone of the browser, with that of the service (UTC) as its title. */
export function Moment({ time }: { time: string | undefined }) {
  const timeMs = parseTime(time);
  if (timeMs === undefined) return <span class="muted">–</span>;
  return (
    <time dateTime={time} title={time} class="number">
      {formatTime(timeMs)}
    </time>
  );
}
