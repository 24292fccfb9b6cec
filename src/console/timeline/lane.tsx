/** A namespace of the timeline: its name, what can be restored, what cannot, and each backup. */
import { formatTime } from '../format/format.js';
import { layoutBars, layoutMarks, type Mark, type TimelineLane } from './marks.js';
import type { TimeSpan } from './scale.js';
import type { Hovered } from './timeline-chart.js';

export const LANE_HEIGHT = 72;
const BAR_TOP = 36;
const BAR_HEIGHT = 20;
const MIDDLE = BAR_TOP + BAR_HEIGHT / 2;
/** Backups that are closer are drawn as one. Pixels. */
const MARK_GAP = 7;

interface LaneProps {
  readonly lane: TimelineLane;
  readonly top: number;
  readonly view: TimeSpan;
  readonly width: number;
  readonly nowMs: number;
  readonly onHover: (hovered: Hovered | undefined) => void;
}

export function Lane({ lane, top, view, width, nowMs, onHover }: LaneProps) {
  const { namespace, routine, ranges, points: moments, gaps, failures, markers } = lane;
  // A single backup is a mark, and no bar.
  const chains = ranges.filter(({ points }) => points.length > 1);
  const leave = (): void => onHover(undefined);
  const marks = [
    ...layoutMarks(moments, view, width, MARK_GAP),
    ...layoutMarks(markers, view, width, MARK_GAP),
    ...layoutMarks(failures, view, width, MARK_GAP),
  ];
  return (
    <g transform={`translate(0 ${top})`} class="lane">
      <line class="lane-line" x1={0} x2={width} y1={LANE_HEIGHT - 6} y2={LANE_HEIGHT - 6} />
      <text class="lane-name" x={2} y={19}>
        {namespace}
        {routine !== undefined && (
          <tspan class="lane-routine" dx={8}>
            {routine}
          </tspan>
        )}
      </text>
      <rect class="lane-ground" x={0} y={BAR_TOP} width={width} height={BAR_HEIGHT} rx={4} />
      {layoutBars(gaps, view, width, nowMs).map(({ x, width: length, index }) => (
        <rect
          key={`gap ${index}`}
          class="gap"
          x={x}
          y={BAR_TOP}
          width={length}
          height={BAR_HEIGHT}
          rx={3}
          onPointerMove={() =>
            onHover({ x, y: top + BAR_TOP + BAR_HEIGHT + 6, lane, points: [], text: `Gap: ${gaps[index]!.reason}` })
          }
          onPointerLeave={leave}
        />
      ))}
      {layoutBars(chains, view, width, nowMs).map(({ x, width: length, index }) => (
        <rect
          key={`range ${index}`}
          class="range"
          x={x}
          y={BAR_TOP}
          width={length}
          height={BAR_HEIGHT}
          rx={4}
          onPointerMove={() => {
            const { fromMs, toMs, points } = chains[index]!;
            const text = `${points.length} moments, from ${formatTime(fromMs)} to ${formatTime(toMs)}`;
            onHover({ x: Math.max(0, x), y: top + BAR_TOP + BAR_HEIGHT + 6, lane, points: [], text });
          }}
          onPointerLeave={leave}
        />
      ))}
      {marks.map((mark) => (
        <g
          key={`${mark.kind} ${mark.points[0]!.id}`}
          transform={`translate(${mark.x} ${MIDDLE})`}
          onPointerMove={() => onHover({ x: mark.x, y: top + BAR_TOP + BAR_HEIGHT + 6, lane, points: mark.points })}
          onPointerLeave={leave}
        >
          <rect class="mark-target" x={-6} y={-12} width={12} height={24} />
          <MarkShape mark={mark} />
          {mark.isHeld && <HoldShape />}
        </g>
      ))}
    </g>
  );
}

/** Shapes differ, too: not everybody tells the colors apart. */
function MarkShape({ mark: { kind, points } }: { mark: Mark }) {
  if (kind === 'failure') return <path class="mark-failure" d="M-4.5 -4.5 4.5 4.5M4.5 -4.5 -4.5 4.5" />;
  if (kind === 'marker') return <path class="mark-marker" d="M0 -6 5 0 0 6 -5 0Z" />;
  if (kind === 'full') return <circle class="mark-full" r={points.length > 1 ? 6 : 5} />;
  return <rect class="mark-increment" x={-1.5} y={-6} width={3} height={12} rx={1.5} />;
}

function HoldShape() {
  return (
    <g class="mark-hold" transform="translate(0 -17)">
      <rect x={-4} y={-2} width={8} height={6} rx={1} />
      <path d="M-2.5 -2v-1.5a2.5 2.5 0 0 1 5 0V-2" />
    </g>
  );
}
