/** What can be restored of each namespace, and when. */
import { useMemo, useState } from 'preact/hooks';
import type { StorageRanges } from '../../service/v2/schema/runtime-state.js';
import { RestoreDialog } from '../actions/restore-dialog.js';
import { listStorages, readRanges } from '../api/operations.js';
import { countNoun, formatCount, formatDuration, formatLocalInput, formatTime } from '../format/format.js';
import { Button } from '../parts/button.js';
import { SelectField, TextField } from '../parts/field.js';
import { EmptyState, Loaded } from '../parts/states.js';
import { View } from '../parts/view.js';
import { formatRoute } from '../routes.js';
import { now } from '../state/clock.js';
import { goTo, replaceQuery, route } from '../state/location.js';
import { useResource } from '../state/resource.js';
import { allows, explainScope } from '../state/session.js';
import { showToast } from '../state/toasts.js';
import { makeLanes } from '../timeline/make-lanes.js';
import { findMoment, listMoments, stepMoment, type TimelineLane, type TimelinePoint } from '../timeline/marks.js';
import { TimelineChart } from '../timeline/timeline-chart.js';

export function TimelineView() {
  const storages = useResource('storages', listStorages, ['configuration']);
  const storage = route.value.query.storage ?? storages.data?.[0]?.name;
  const ranges = useResource(
    storage === undefined ? undefined : `ranges:${storage}`,
    (signal) => readRanges(storage!, signal),
    ['backups'],
  );
  return (
    <View
      title="Timeline"
      subtitle="What can be restored of each namespace, and when."
      actions={
        storages.data !== undefined &&
        storage !== undefined && (
          <SelectField
            label="Storage"
            value={storage}
            choices={storages.data.map(({ name }) => ({ value: name, text: name }))}
            onChange={(name) => replaceQuery({ storage: name })}
          />
        )
      }
    >
      <Loaded of={storages}>
        {(list) =>
          list.length === 0 || storage === undefined ? (
            <EmptyState title="No storage is configured">
              <p>
                Add one to <code>storage</code> of the configuration.
              </p>
            </EmptyState>
          ) : (
            <Loaded of={ranges}>
              {(data) =>
                data.namespaces.length === 0 ? (
                  <EmptyState title="Nothing can be restored yet">
                    <p>
                      The first full backup begins the timeline: start one under{' '}
                      <a href={formatRoute('backups', [], { storage })}>Backups</a>.
                    </p>
                  </EmptyState>
                ) : (
                  <Timeline storage={storage} ranges={data} key={storage} />
                )
              }
            </Loaded>
          )
        }
      </Loaded>
    </View>
  );
}

function Timeline({ storage, ranges }: { storage: string; ranges: StorageRanges }) {
  const nowMs = now.value;
  const lanes = useMemo(() => makeLanes(ranges), [ranges]);
  const moments = useMemo(() => listMoments(lanes), [lanes]);
  const [chosen, setChosen] = useState<number>();
  const momentMs = chosen ?? moments.at(-1) ?? nowMs;
  const [restored, setRestored] = useState<{ routine: string | undefined }>();
  const step = (direction: -1 | 1): void => {
    const next = stepMoment(moments, momentMs, direction);
    if (next !== undefined) setChosen(next);
  };
  const routines = [...new Set(lanes.map(({ routine }) => routine))];
  return (
    <div class="stack">
      <section class="panel panel-timeline" aria-label="Timeline">
        <TimelineChart lanes={lanes} nowMs={nowMs} momentMs={momentMs} onMoment={setChosen} onStep={step} />
        <Legend />
      </section>
      <section class="panel" aria-labelledby="moment-title">
        <h2 id="moment-title">Restore to a moment</h2>
        <div class="moment-choice">
          <TextField
            label="Moment, in your time zone"
            type="datetime-local"
            value={formatLocalInput(momentMs)}
            onInput={(text) => {
              const timeMs = Date.parse(text);
              if (!Number.isNaN(timeMs)) setChosen(timeMs);
            }}
          />
          <div class="button-row">
            <Button icon="left" onClick={() => step(-1)} disabled={stepMoment(moments, momentMs, -1) === undefined}>
              Backup before
            </Button>
            <Button icon="right" onClick={() => step(1)} disabled={stepMoment(moments, momentMs, 1) === undefined}>
              Backup after
            </Button>
          </div>
        </div>
        <div class="table-frame" role="region" aria-label="What would be restored" aria-live="polite">
          <table class="table table-stacked">
            <thead>
              <tr>
                <th scope="col">Namespace</th>
                <th scope="col">State that is restored</th>
                <th scope="col">Next state</th>
              </tr>
            </thead>
            <tbody>
              {lanes.map((lane) => (
                <MomentRow
                  key={`${lane.routine ?? ''}/${lane.namespace}`}
                  storage={storage}
                  lane={lane}
                  timeMs={momentMs}
                  nowMs={nowMs}
                />
              ))}
            </tbody>
          </table>
        </div>
        <div class="button-row">
          {routines.map((routine) => (
            <Button
              key={routine}
              kind={routines.length === 1 ? 'primary' : 'plain'}
              disabled={!allows('restore')}
              title={explainScope('restore')}
              onClick={() => setRestored({ routine })}
            >
              {routines.length === 1 ? 'Restore…' : `Restore ${routine ?? 'backups without a routine'}…`}
            </Button>
          ))}
        </div>
      </section>
      <TextualTimeline storage={storage} lanes={lanes} />
      {restored !== undefined && (
        <RestoreDialog
          source={{ kind: 'time', storage, timeMs: momentMs, routine: restored.routine }}
          onClose={() => setRestored(undefined)}
          onDone={(job) => {
            setRestored(undefined);
            showToast('success', 'The restore has started');
            goTo('jobs', [job.id]);
          }}
        />
      )}
    </div>
  );
}

function MomentRow({
  storage,
  lane,
  timeMs,
  nowMs,
}: {
  storage: string;
  lane: TimelineLane;
  timeMs: number;
  nowMs: number;
}) {
  const { state, next, gap } = findMoment(lane, timeMs, nowMs);
  return (
    <tr>
      <td class="break">
        {lane.namespace}
        {lane.routine !== undefined && <span class="cell-note">{lane.routine}</span>}
      </td>
      <td data-label="Restored:">
        {state === undefined ? (
          <span class="bad">Nothing: the first backup is later</span>
        ) : (
          <>
            <PointLink storage={storage} point={state} />
            {timeMs - state.timeMs >= 1000 && (
              <span class="cell-note">{formatDuration(timeMs - state.timeMs)} before the moment</span>
            )}
            {gap !== undefined && <span class="cell-note warning">In a gap: {gap.reason}</span>}
          </>
        )}
      </td>
      <td data-label="Next:">
        {next === undefined ? <span class="muted">none</span> : <PointLink storage={storage} point={next} />}
      </td>
    </tr>
  );
}

function PointLink({ storage, point: { id, routine, timeMs } }: { storage: string; point: TimelinePoint }) {
  return (
    <>
      <span class="number">{formatTime(timeMs)}</span>{' '}
      <a class="break" href={formatRoute('backups', [storage, id], { routine })}>
        {id}
      </a>
    </>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-hidden="true">
      <li>
        <span class="legend-range" /> can be restored
      </li>
      <li>
        <span class="legend-gap" /> gap
      </li>
      <li>
        <svg width="14" height="14" viewBox="-7 -7 14 14">
          <circle class="mark-full" r="5" />
        </svg>
        full
      </li>
      <li>
        <svg width="14" height="14" viewBox="-7 -7 14 14">
          <rect class="mark-increment" x="-1.5" y="-6" width="3" height="12" rx="1.5" />
        </svg>
        increment
      </li>
      <li>
        <svg width="14" height="14" viewBox="-7 -7 14 14">
          <path class="mark-failure" d="M-4.5 -4.5 4.5 4.5M4.5 -4.5 -4.5 4.5" />
        </svg>
        not complete
      </li>
      <li>
        <svg width="14" height="14" viewBox="-7 -9 14 14">
          <g class="mark-hold">
            <rect x="-4" y="-2" width="8" height="6" rx="1" />
            <path d="M-2.5 -2v-1.5a2.5 2.5 0 0 1 5 0V-2" />
          </g>
        </svg>
        held
      </li>
    </ul>
  );
}

const SHOWN_RANGES = 100;

/** The same, for those who do not see the picture. */
function TextualTimeline({ storage, lanes }: { storage: string; lanes: readonly TimelineLane[] }) {
  return (
    <details class="panel more">
      <summary>The timeline as text</summary>
      {lanes.map((lane) => (
        <section key={`${lane.routine ?? ''}/${lane.namespace}`}>
          <h3>
            {lane.namespace}
            {lane.routine !== undefined && `, ${lane.routine}`}
          </h3>
          <ul class="text-list">
            {lane.ranges.length > SHOWN_RANGES && (
              <li>
                The newest {SHOWN_RANGES} of {formatCount(lane.ranges.length)} ranges:
              </li>
            )}
            {lane.ranges.slice(-SHOWN_RANGES).map(({ fromMs, toMs, points }) => (
              <li key={fromMs}>
                Range from {formatTime(fromMs)} to {formatTime(toMs)}: {countNoun(points.length, 'moment')}
                {points.some(({ isHeld }) => isHeld) &&
                  `, held: ${points
                    .filter(({ isHeld }) => isHeld)
                    .map(({ id }) => id)
                    .join(', ')}`}
              </li>
            ))}
            {lane.gaps.slice(-SHOWN_RANGES).map(({ fromMs, toMs, reason }) => (
              <li key={`gap ${fromMs}`}>
                Gap from {formatTime(fromMs)} {toMs === undefined ? 'until now' : `to ${formatTime(toMs)}`}: {reason}
              </li>
            ))}
            {lane.failures.slice(-SHOWN_RANGES).map((point) => (
              <li key={`failure ${point.id}`}>
                Not complete: <PointLink storage={storage} point={point} />
                {point.note !== undefined && `, ${point.note}`}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </details>
  );
}
