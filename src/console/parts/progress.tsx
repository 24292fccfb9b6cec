import { formatBytes, formatCount, formatPercent } from '../format/format.js';
import type { EventProgress } from '../api/events.js';

/** @param percent 0–100; undefined = not known */
export function ProgressBar({ percent, label }: { percent: number | undefined; label: string }) {
  return (
    <div
      class={`progress${percent === undefined ? ' progress-unknown' : ''}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span class="progress-fill" style={{ width: `${percent ?? 100}%` }} />
    </div>
  );
}

/** The bar with what is known beside it. */
export function LiveProgress({
  progress,
  percent,
  label,
}: {
  progress?: EventProgress | undefined;
  percent?: number | undefined;
  label: string;
}) {
  const shown = progress?.percent ?? percent;
  const facts = [
    ...(shown === undefined ? [] : [formatPercent(shown / 100)]),
    ...(progress === undefined || progress.records === 0 ? [] : [`${formatCount(progress.records)} records`]),
    ...(progress === undefined || progress.bytes === 0 ? [] : [formatBytes(progress.bytes)]),
    ...(progress?.recordsPerSecond === undefined ? [] : [`${formatCount(progress.recordsPerSecond)}/s`]),
  ];
  return (
    <div class="live-progress">
      <ProgressBar percent={shown} label={label} />
      <span class="live-progress-text">{facts.length === 0 ? 'Running' : facts.join(' · ')}</span>
    </div>
  );
}
