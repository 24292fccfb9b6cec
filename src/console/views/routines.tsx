/** The routines: whether each does what it should, at a glance. */
import { listRoutines, listStorages, runRoutine, switchRoutine } from '../api/operations.js';
import type { ComponentChildren } from 'preact';
import type { RoutineSummary } from '../../service/v2/schema/routine-summary.js';
import type { CopyTarget, ScheduledCheck } from '../../service/v2/schema/verification.js';
import { formatNames, formatRelative, formatTime, parseTime } from '../format/format.js';
import { Badge } from '../parts/badge.js';
import { Button } from '../parts/button.js';
import { Facts } from '../parts/facts.js';
import { LiveProgress } from '../parts/progress.js';
import { EmptyState, Loaded } from '../parts/states.js';
import { Ago, Moment } from '../parts/time.js';
import { View } from '../parts/view.js';
import { formatRoute } from '../routes.js';
import { runQuietly } from '../state/action.js';
import { now } from '../state/clock.js';
import { progressByKey, touch } from '../state/connection.js';
import { useResource } from '../state/resource.js';
import { allows, explainScope } from '../state/session.js';

export function RoutinesView() {
  const routines = useResource('routines', listRoutines, ['routines']);
  return (
    <View title="Routines" subtitle="What is backed up by schedule, and how it goes.">
      <div class="stack">
        <Loaded of={routines}>
          {(list) =>
            list.length === 0 ? (
              <EmptyState title="No routine is configured">
                <p>
                  Add one to <code>backup-routines</code> of the configuration. Backups without a routine are started
                  under <a href={formatRoute('backups')}>Backups</a>.
                </p>
              </EmptyState>
            ) : (
              <ul class="cards" aria-label="Routines">
                {list.map((routine) => (
                  <RoutineCard key={routine.name} routine={routine} />
                ))}
              </ul>
            )
          }
        </Loaded>
        <StorageChecks />
      </div>
    </View>
  );
}

/** Schedules that no routine has: nothing is shown without any, or while they are not known. */
function StorageChecks() {
  const storages = useResource('storages', listStorages, ['configuration', 'routines']);
  const checked = (storages.data ?? []).filter(({ verify }) => verify !== undefined);
  if (checked.length === 0) return null;
  return (
    <section aria-labelledby="storage-checks">
      <h2 id="storage-checks">Verification of backups without a routine</h2>
      <ul class="cards">
        {checked.map(({ name, verify }) => (
          <li key={name} class="card" aria-label={name}>
            <header class="card-header">
              <h3 class="break">
                <a href={formatRoute('backups', [], { storage: name })}>{name}</a>
              </h3>
            </header>
            <Facts facts={verify!.map(describeCheck)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function describeCheck({ mode, last, next, sound, problem }: ScheduledCheck): [string, ComponentChildren] {
  return [
    CHECK_TEXTS[mode],
    <>
      <span class={sound === false ? 'bad' : undefined}>
        {last === undefined ? 'not yet' : sound === true ? 'nothing wrong' : 'damaged'}
      </span>
      {last !== undefined && (
        <>
          , <Moment time={last} />
        </>
      )}
      {next !== undefined && (
        <>
          , next <Moment time={next} />
        </>
      )}
      {problem !== undefined && <div class="break">{problem}</div>}
    </>,
  ];
}

const CHECK_TEXTS = { CHECKSUMS: 'Checksums', DEEP: 'Every record read', TRIAL: 'Restored on trial' } as const;

function describeCopies({ storage, pending = 0, last, problem }: CopyTarget): [string, ComponentChildren] {
  return [
    `Copied to ${storage}`,
    <>
      {last === undefined ? 'not yet' : <Moment time={last} />}
      {pending > 0 && `, ${pending} to come`}
      {problem !== undefined && <div class="bad break">{problem}</div>}
    </>,
  ];
}

function RoutineCard({ routine }: { routine: RoutineSummary }) {
  const { name, storage, disabled, full, incremental, rpo } = routine;
  const running = full ?? incremental;
  const progress = progressByKey.value.get(`routine:${name}`);
  const may = allows('backup');
  const title = explainScope('backup');
  const lastFull = routine['last-full'];
  const act = (work: () => Promise<unknown>, success: string): void =>
    runQuietly(work, success, () => touch(['routines', 'backups']));
  return (
    <li class="card" aria-label={name}>
      <header class="card-header">
        <div>
          <h2 class="break">{name}</h2>
          <p class="muted break">
            {routine['source-cluster']} → <a href={formatRoute('backups', [], { storage, routine: name })}>{storage}</a>
            {routine.namespaces.length > 0 && `, ${formatNames(routine.namespaces)}`}
          </p>
        </div>
        <RoutineBadge routine={routine} />
      </header>
      {running !== undefined && (
        <LiveProgress
          progress={progress ?? { percent: running['percentage-done'], records: running['done-records'], bytes: 0 }}
          label={`${full === undefined ? 'Incremental' : 'Full'} backup of ${name}`}
        />
      )}
      <Facts
        facts={[
          ['Last full', <LastRun storage={storage} routine={name} time={lastFull} />],
          ['Last incremental', <LastRun storage={storage} routine={name} time={routine['last-incremental']} />],
          ['Next full', <NextRun time={routine['next-full']} isDisabled={disabled} />],
          ['Next incremental', <NextRun time={routine['next-incremental']} isDisabled={disabled} />],
          ['Objective', rpo === undefined ? undefined : `never older than ${rpo}`],
          ...(routine.verify ?? []).map(describeCheck),
          ...(routine.copies ?? []).map(describeCopies),
        ]}
      />
      <footer class="card-footer">
        {running !== undefined ? (
          <Button
            disabled={!may}
            title={title}
            onClick={() => act(() => switchRoutine(name, 'cancel'), `The run of ${name} is being canceled`)}
          >
            Cancel the run
          </Button>
        ) : (
          <>
            <Button
              kind="primary"
              disabled={!may}
              title={title}
              onClick={() => act(() => runRoutine(name, 'FULL'), `A full backup of ${name} has started`)}
            >
              Back up now
            </Button>
            <Button
              disabled={!may || lastFull === undefined}
              title={title ?? (lastFull === undefined ? 'An increment needs a full backup before it' : undefined)}
              onClick={() =>
                act(() => runRoutine(name, 'DIFFERENTIAL'), `An incremental backup of ${name} has started`)
              }
            >
              Incremental
            </Button>
          </>
        )}
        <span class="spacer" />
        <Button
          kind="quiet"
          disabled={!allows('admin')}
          title={explainScope('admin')}
          onClick={() =>
            act(
              () => switchRoutine(name, disabled ? 'enable' : 'disable'),
              disabled ? `${name} is on its schedule again` : `${name} is off its schedule`,
            )
          }
        >
          {disabled ? 'Enable' : 'Disable'}
        </Button>
      </footer>
    </li>
  );
}

function RoutineBadge({ routine }: { routine: RoutineSummary }) {
  if (routine.full !== undefined || routine.incremental !== undefined) return <Badge tone="active">Running</Badge>;
  if (routine['rpo-missed'] === true) return <Badge tone="bad">Objective missed</Badge>;
  if (routine.disabled) return <Badge tone="quiet">Disabled</Badge>;
  if (routine['last-full'] === undefined) return <Badge tone="warning">No backup yet</Badge>;
  return <Badge tone="good">On schedule</Badge>;
}

/** The folder of a run has its start for a name, and is found by it. */
function LastRun({ storage, routine, time }: { storage: string; routine: string; time: string | undefined }) {
  const timeMs = parseTime(time);
  if (timeMs === undefined) return <span class="muted">none</span>;
  return (
    <a href={formatRoute('backups', [storage, String(timeMs)], { routine })}>
      <Ago time={time} />
    </a>
  );
}

function NextRun({ time, isDisabled }: { time: string | undefined; isDisabled: boolean }) {
  const timeMs = parseTime(time);
  if (isDisabled || timeMs === undefined) return <span class="muted">{isDisabled ? 'disabled' : 'not scheduled'}</span>;
  return (
    <time dateTime={time} title={formatTime(timeMs)}>
      {timeMs <= now.value ? 'due' : formatRelative(timeMs, now.value)}
    </time>
  );
}
