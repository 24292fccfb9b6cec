/** The lanes, drawn; zoomed and moved with wheel, pointer, buttons and keys. */
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { countNoun, formatTime } from '../format/format.js';
import { Button } from '../parts/button.js';
import { Lane, LANE_HEIGHT } from './lane.js';
import { collectTimes, type TimelineLane, type TimelinePoint } from './marks.js';
import { clampSpan, fitSpan, makeTicks, panSpan, toPixels, toTime, zoomSpan, type TimeSpan } from './scale.js';

const AXIS_HEIGHT = 28;
const ZOOM = 1.5;
const TICK_GAP = 84;
/** Of the pointer: less is a click, more a drag. Pixels. */
const DRAG_START = 4;
const DAY_MS = 86_400_000;
const PRESETS = [
  { text: 'Day', lengthMs: DAY_MS },
  { text: 'Week', lengthMs: 7 * DAY_MS },
  { text: 'Month', lengthMs: 30 * DAY_MS },
];

export interface Hovered {
  readonly x: number;
  readonly y: number;
  readonly lane: TimelineLane;
  readonly points: readonly TimelinePoint[];
  readonly text?: string;
}

interface ChartProps {
  readonly lanes: readonly TimelineLane[];
  readonly nowMs: number;
  /** What is chosen to be restored. */
  readonly momentMs: number;
  readonly onMoment: (timeMs: number) => void;
  /** Shift with an arrow key: to the backup before or after. */
  readonly onStep: (direction: -1 | 1) => void;
}

export function TimelineChart({ lanes, nowMs, momentMs, onMoment, onStep }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  const limits = useMemo(() => fitSpan(collectTimes(lanes), nowMs), [lanes, nowMs]);
  const [chosen, setChosen] = useState<TimeSpan>();
  const [hovered, setHovered] = useState<Hovered>();
  const helpId = useId();
  // Without a choice everything is shown, also what comes.
  const view = chosen === undefined ? limits : clampSpan(chosen, limits);
  const height = lanes.length * LANE_HEIGHT + AXIS_HEIGHT;
  const latest = useRef({ view, limits, width });
  latest.current = { view, limits, width };

  const zoom = (factor: number, anchorMs?: number): void => {
    const { view: span, limits: all } = latest.current;
    const isMomentInView = momentMs >= span.fromMs && momentMs <= span.toMs;
    const anchor = anchorMs ?? (isMomentInView ? momentMs : (span.fromMs + span.toMs) / 2);
    setChosen(zoomSpan(span, factor, anchor, all));
  };
  const pan = (share: number): void => setChosen(panSpan(latest.current.view, share, latest.current.limits));

  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, entry!.contentRect.width)));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = frame.current!;
    const onWheel = (event: WheelEvent): void => {
      const { view: span, limits: all, width: pixels } = latest.current;
      const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      const delta = event.deltaY === 0 || Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
      // All is in view: the wheel goes on with the page.
      if (!isSideways && delta > 0 && span.toMs - span.fromMs >= (all.toMs - all.fromMs) * 0.999) return;
      event.preventDefault();
      if (isSideways) {
        setChosen(panSpan(span, delta / pixels, all));
        return;
      }
      const x = event.clientX - element.getBoundingClientRect().left;
      setChosen(zoomSpan(span, Math.exp(delta * 0.002), toTime(x, span, pixels), all));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);

  const pointers = useRef(new Map<number, number>());
  const drag = useRef<{ x: number; view: TimeSpan; isDrag: boolean; distance: number } | undefined>(undefined);
  const toX = (event: PointerEvent): number => event.clientX - frame.current!.getBoundingClientRect().left;
  const startGesture = (): void => {
    const [first = 0, second = first] = pointers.current.values();
    drag.current = {
      x: (first + second) / 2,
      view: latest.current.view,
      isDrag: pointers.current.size > 1,
      distance: Math.abs(second - first),
    };
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (!pointers.current.has(event.pointerId) || drag.current === undefined) return;
    pointers.current.set(event.pointerId, toX(event));
    const { x, view: start, distance } = drag.current;
    const [first = 0, second = first] = pointers.current.values();
    const middle = (first + second) / 2;
    if (!drag.current.isDrag && Math.abs(middle - x) < DRAG_START) return;
    if (!drag.current.isDrag) frame.current!.setPointerCapture(event.pointerId);
    drag.current.isDrag = true;
    setHovered(undefined);
    const factor = pointers.current.size > 1 && distance > 0 ? distance / Math.max(1, Math.abs(second - first)) : 1;
    const zoomed = zoomSpan(start, factor, toTime(x, start, width), limits);
    setChosen(panSpan(zoomed, (x - middle) / width, limits));
  };
  const onPointerEnd = (event: PointerEvent): void => {
    if (!pointers.current.delete(event.pointerId)) return;
    if (event.type === 'pointerup' && drag.current?.isDrag === false) {
      onMoment(Math.min(toTime(toX(event), view, width), Date.now()));
    }
    drag.current = undefined;
    if (pointers.current.size > 0) startGesture();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => (event.shiftKey ? onStep(-1) : pan(-0.2)),
      ArrowRight: () => (event.shiftKey ? onStep(1) : pan(0.2)),
      '+': () => zoom(1 / ZOOM),
      '=': () => zoom(1 / ZOOM),
      '-': () => zoom(ZOOM),
      '0': () => setChosen(undefined),
      Home: () => pan(-1e6),
      End: () => pan(1e6),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };

  const showLatest = (lengthMs: number): void =>
    setChosen(clampSpan({ fromMs: limits.toMs - lengthMs, toMs: limits.toMs }, limits));
  const ticks = makeTicks(view, width, TICK_GAP);
  const momentX = toPixels(momentMs, view, width);
  const nowX = toPixels(nowMs, view, width);
  return (
    <div class="timeline">
      <div class="timeline-tools" role="toolbar" aria-label="Timeline">
        <Button icon="plus" label="Zoom in" isSmall onClick={() => zoom(1 / ZOOM)} />
        <Button icon="minus" label="Zoom out" isSmall onClick={() => zoom(ZOOM)} />
        <Button icon="left" label="Earlier" isSmall onClick={() => pan(-0.5)} />
        <Button icon="right" label="Later" isSmall onClick={() => pan(0.5)} />
        <span class="timeline-presets">
          {PRESETS.map(({ text, lengthMs }) => (
            <Button key={text} isSmall onClick={() => showLatest(lengthMs)}>
              {text}
            </Button>
          ))}
          <Button isSmall onClick={() => setChosen(undefined)}>
            All
          </Button>
        </span>
        <span class="timeline-span number" role="status">
          {formatTime(view.fromMs).slice(0, 16)} – {formatTime(view.toMs).slice(0, 16)}
        </span>
      </div>
      <div
        class="timeline-frame"
        ref={frame}
        tabIndex={0}
        role="group"
        aria-label={`Timeline of ${countNoun(lanes.length, 'namespace')}`}
        aria-describedby={helpId}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          pointers.current.set(event.pointerId, toX(event));
          startGesture();
        }}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerEnd}
        onPointerCancel={onPointerEnd}
        onPointerLeave={() => setHovered(undefined)}
      >
        <svg class="timeline-picture" width={width} height={height} aria-hidden="true">
          <defs>
            <pattern id="gap-pattern" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect class="gap-ground" width="7" height="7" />
              <rect class="gap-line" width="2.5" height="7" />
            </pattern>
          </defs>
          {ticks.map(({ timeMs, label, isMajor }) => {
            const x = toPixels(timeMs, view, width);
            return (
              <g key={timeMs}>
                <line class={isMajor ? 'tick tick-major' : 'tick'} x1={x} x2={x} y1={0} y2={height - AXIS_HEIGHT + 5} />
                <text class={isMajor ? 'tick-label tick-label-major' : 'tick-label'} x={x} y={height - 8}>
                  {label}
                </text>
              </g>
            );
          })}
          {lanes.map((lane, index) => (
            <Lane
              key={`${lane.routine ?? ''}/${lane.namespace}`}
              lane={lane}
              top={index * LANE_HEIGHT}
              view={view}
              width={width}
              nowMs={nowMs}
              onHover={setHovered}
            />
          ))}
          {nowX >= 0 && nowX <= width && <line class="now-line" x1={nowX} x2={nowX} y1={0} y2={height - AXIS_HEIGHT} />}
          {momentX >= 0 && momentX <= width && (
            <g class="moment">
              <line x1={momentX} x2={momentX} y1={0} y2={height - AXIS_HEIGHT} />
              <path d={`M${momentX - 6} 0h12l-6 8z`} />
            </g>
          )}
        </svg>
        {hovered !== undefined && <Tooltip hovered={hovered} width={width} />}
      </div>
      <p class="timeline-help" id={helpId}>
        Click to choose a moment. Wheel, + and − zoom; drag, ← and → move; 0 shows all; Shift with ← or → goes to the
        backup before or after.
      </p>
    </div>
  );
}

const KIND_TEXTS = { full: 'full', increment: 'increment', failure: 'not complete', marker: 'marker' } as const;
const SHOWN_POINTS = 4;

function Tooltip({ hovered: { x, y, points, text }, width }: { hovered: Hovered; width: number }) {
  const isLeft = x > width / 2;
  return (
    <div
      class="tooltip"
      style={{ top: `${y}px`, ...(isLeft ? { right: `${width - x + 10}px` } : { left: `${x + 10}px` }) }}
    >
      {text !== undefined && <p>{text}</p>}
      {points.slice(0, SHOWN_POINTS).map(({ id, timeMs, kind, isHeld, note }) => (
        <p key={id}>
          <strong>{id}</strong>
          <br />
          {formatTime(timeMs)}, {KIND_TEXTS[kind]}
          {isHeld && ', held'}
          {note !== undefined && (
            <>
              <br />
              {note}
            </>
          )}
        </p>
      ))}
      {points.length > SHOWN_POINTS && <p class="muted">and {points.length - SHOWN_POINTS} more: zoom in</p>}
    </div>
  );
}
