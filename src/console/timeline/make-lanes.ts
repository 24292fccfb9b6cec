/** The timeline of the API as lanes to draw. */
import type {
  NamespaceTimeline,
  StorageRanges,
  TimelinePoint as ApiPoint,
} from '../../service/v2/schema/runtime-state.js';
import { parseTime } from '../format/format.js';
import type { TimelineLane, TimelinePoint } from './marks.js';

const REASONS: Readonly<Record<string, string>> = {
  NOT_COMPLETED: 'is not complete',
  PARENT_UNNAMED: 'does not say what it builds on',
  PARENT_MISSING: 'builds on a backup that is missing',
  PARENT_DELETED: 'builds on a backup that was deleted',
  PARENT_NOT_COMPLETED: 'builds on a backup that is not complete',
  PARENT_WITHOUT_NAMESPACE: 'builds on a backup without the namespace',
  PARENT_OTHER_SELECTION: 'builds on a backup of other sets, bins or partitions',
  PARENT_NEWER: 'builds on a newer backup',
  CYCLE: 'builds on itself',
};

const byTime = (left: TimelinePoint, right: TimelinePoint): number => left.timeMs - right.timeMs;

export function makeLanes({ namespaces }: StorageRanges): TimelineLane[] {
  return namespaces.map(makeLane);
}

function makeLane({ namespace, routine, ranges, gaps, failures, markers }: NamespaceTimeline): TimelineLane {
  const toPoint = (point: ApiPoint, kind?: TimelinePoint['kind']): TimelinePoint => ({
    id: point.id,
    routine,
    timeMs: parseTime(point.created) ?? 0,
    kind: kind ?? (point.type === 'FULL' ? 'full' : 'increment'),
    isHeld: point.held,
    note: point.reason,
  });
  const drawn = ranges
    .map(({ from, to, points }) => ({
      fromMs: parseTime(from) ?? 0,
      toMs: parseTime(to) ?? 0,
      points: points.map((point) => toPoint(point)).sort(byTime),
    }))
    .sort((left, right) => left.fromMs - right.fromMs);
  return {
    namespace,
    routine,
    ranges: drawn,
    points: drawn.flatMap(({ points }) => points).sort(byTime),
    gaps: gaps.map(({ from, to, broken }) => ({
      fromMs: parseTime(from) ?? 0,
      toMs: parseTime(to),
      reason: broken.map(({ id, reason }) => `${id} ${REASONS[reason] ?? reason}`).join('; '),
    })),
    failures: failures.map((point) => toPoint(point, 'failure')).sort(byTime),
    markers: markers.map((point) => toPoint(point, 'marker')).sort(byTime),
  };
}
