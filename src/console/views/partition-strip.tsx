import type { BackupDetail } from '../../service/v2/schema/backup.js';
import { countNoun, formatCount } from '../format/format.js';

const PARTITIONS = 4096;

/** The partitions of a namespace as one line, colored by what became of each range. */
export function PartitionStrip({ namespace, parts }: { namespace: string; parts: readonly BackupDetail[] }) {
  const ranges = parts.flatMap((part) => {
    const [first, last = first] = (part.partitions ?? '').split('-').map(Number);
    return first === undefined || Number.isNaN(first) ? [] : [{ first, count: last! - first + 1, part }];
  });
  const complete = ranges.reduce(
    (sum, { count, part }) => sum + (part.state === 'COMPLETED' ? count : (part.done ?? 0)),
    0,
  );
  const covered = ranges.reduce((sum, { count }) => sum + count, 0);
  return (
    <figure class="strip">
      <svg
        class="strip-picture"
        viewBox={`0 0 ${PARTITIONS} 10`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${formatCount(complete)} of ${countNoun(covered, 'partition')} of ${namespace} are complete`}
      >
        {ranges.map(({ first, count, part }) => {
          const gap = count > 24 ? 10 : 0;
          const share = part.state === 'IN_PROGRESS' ? Math.min(1, (part.done ?? 0) / count) : 1;
          return (
            <g key={first}>
              <title>{`${part.partitions!}: ${part.state}`}</title>
              <rect class="strip-empty" x={first} y={0} width={count - gap} height={10} />
              <rect
                class={`strip-${part.state.toLowerCase()}`}
                x={first}
                y={0}
                width={(count - gap) * share}
                height={10}
              />
            </g>
          );
        })}
      </svg>
      <figcaption class="muted">
        {formatCount(complete)} of {countNoun(covered, 'partition')} complete
      </figcaption>
    </figure>
  );
}
