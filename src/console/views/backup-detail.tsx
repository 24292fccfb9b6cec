/** One backup: what it has, whether it is sound, and what can be done with it. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Backup, BackupDetail } from '../../service/v2/schema/backup.js';
import { CopyDialog } from '../actions/copy-dialog.js';
import { DeleteDialog } from '../actions/delete-dialog.js';
import { HoldDialog } from '../actions/hold-dialog.js';
import { RestoreDialog } from '../actions/restore-dialog.js';
import { VerifyDialog } from '../actions/verify-dialog.js';
import { cancelBackup, listJobs, readBackup, releaseBackup, type BackupKey } from '../api/operations.js';
import { countNoun, formatBytes, formatCount, formatDuration, formatNames, parseTime } from '../format/format.js';
import { StateBadge } from '../parts/badge.js';
import { Button } from '../parts/button.js';
import { Facts } from '../parts/facts.js';
import { Icon } from '../parts/icon.js';
import { LiveProgress } from '../parts/progress.js';
import { Loaded } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { View } from '../parts/view.js';
import { formatRoute } from '../routes.js';
import { runQuietly } from '../state/action.js';
import { now } from '../state/clock.js';
import { progressByKey, touch } from '../state/connection.js';
import { goTo } from '../state/location.js';
import { useResource } from '../state/resource.js';
import { allows, explainScope } from '../state/session.js';
import { showToast } from '../state/toasts.js';
import { JobTable } from './jobs.js';
import { PartitionStrip } from './partition-strip.js';

type DialogName = 'delete' | 'hold' | 'verify' | 'copy' | 'restore';

const isRunning = ({ state }: Backup): boolean => state === 'STARTED' || state === 'IN_PROGRESS';

export function BackupDetailView({ backupKey }: { backupKey: BackupKey }) {
  const { storage, id, routine } = backupKey;
  const key = JSON.stringify([storage, id, routine]);
  const backup = useResource(key, (signal) => readBackup(backupKey, signal), ['backups']);
  const jobs = useResource(`jobs ${key}`, (signal) => listJobs({ storage, backup: id, limit: 20 }, signal), ['jobs']);
  const [dialog, setDialog] = useState<DialogName>();
  const close = (): void => setDialog(undefined);
  const changed = (): void => {
    close();
    touch(['backups', 'jobs']);
  };
  const jobStarted = (text: string) => (): void => {
    showToast('success', text);
    changed();
  };
  const { data } = backup;
  return (
    <View
      title={id}
      subtitle={
        <>
          <a href={formatRoute('backups', [], { storage })}>{storage}</a>
          {routine !== undefined && <> / {routine}</>}
        </>
      }
      actions={data !== undefined && <Actions backup={data} backupKey={backupKey} open={setDialog} />}
    >
      <Loaded of={backup}>
        {(loaded) => (
          <div class="stack">
            <Notes backup={loaded} />
            <Overview backup={loaded} />
            <Parts backup={loaded} />
            {(jobs.data?.jobs.length ?? 0) > 0 && (
              <section>
                <h2>Verifications, copies and restores</h2>
                <JobTable jobs={jobs.data!.jobs} />
              </section>
            )}
          </div>
        )}
      </Loaded>
      {data !== undefined && dialog === 'delete' && (
        <DeleteDialog
          backup={{ ...backupKey, bytes: data.bytes, dependents: data.dependents }}
          onClose={close}
          onDone={() => {
            changed();
            goTo('backups', [], { storage });
          }}
        />
      )}
      {dialog === 'hold' && <HoldDialog backup={backupKey} onClose={close} onDone={changed} />}
      {data !== undefined && dialog === 'verify' && (
        <VerifyDialog
          backup={{ ...backupKey, bytes: data.bytes }}
          onClose={close}
          onDone={jobStarted('The verification has started')}
        />
      )}
      {data !== undefined && dialog === 'copy' && (
        <CopyDialog
          backup={{ ...backupKey, bytes: data.bytes }}
          onClose={close}
          onDone={jobStarted('The copy has started')}
        />
      )}
      {dialog === 'restore' && (
        <RestoreDialog
          source={{ kind: 'backup', backup: backupKey }}
          onClose={close}
          onDone={(job) => {
            showToast('success', 'The restore has started');
            changed();
            goTo('jobs', [job.id]);
          }}
        />
      )}
    </View>
  );
}

function Actions({
  backup,
  backupKey,
  open,
}: {
  backup: Backup;
  backupKey: BackupKey;
  open: (dialog: DialogName) => void;
}) {
  const act = (work: () => Promise<unknown>, success: string): void =>
    runQuietly(work, success, () => touch(['backups']));
  if (backup.state === 'DELETED') return null;
  if (isRunning(backup)) {
    return (
      <Button
        disabled={!allows('backup')}
        title={explainScope('backup')}
        onClick={() => act(() => cancelBackup(backupKey), 'The backup is being canceled')}
      >
        Cancel the backup
      </Button>
    );
  }
  const restorable = backup.state === 'COMPLETED';
  return (
    <>
      <Button
        kind="primary"
        disabled={!restorable || !allows('restore')}
        title={explainScope('restore') ?? (restorable ? undefined : 'Only a complete backup can be restored')}
        onClick={() => open('restore')}
      >
        Restore…
      </Button>
      <Button disabled={!allows('backup')} title={explainScope('backup')} onClick={() => open('verify')}>
        Verify…
      </Button>
      <Button disabled={!allows('backup')} title={explainScope('backup')} onClick={() => open('copy')}>
        Copy…
      </Button>
      {backup.held ? (
        <Button
          icon="lock"
          disabled={!allows('admin')}
          title={explainScope('admin')}
          onClick={() => act(() => releaseBackup(backupKey), `Backup ${backup.id} is released`)}
        >
          Release
        </Button>
      ) : (
        <Button icon="lock" disabled={!allows('backup')} title={explainScope('backup')} onClick={() => open('hold')}>
          Hold…
        </Button>
      )}
      <Button
        kind="danger"
        disabled={backup.held || !allows('admin')}
        title={explainScope('admin') ?? (backup.held ? 'It is held: release it first' : undefined)}
        onClick={() => open('delete')}
      >
        Delete…
      </Button>
    </>
  );
}

function Notes({ backup }: { backup: Backup }) {
  const { state, reason, held, type } = backup;
  return (
    <>
      {reason !== undefined && (
        <div class={`note ${state === 'FAILED' ? 'note-bad' : 'note-warning'}`}>
          <Icon name={state === 'FAILED' ? 'error' : 'warning'} />
          <div class="break">{reason}</div>
        </div>
      )}
      {held && (
        <div class="note">
          <Icon name="lock" />
          <div>Held{backup['hold-reason'] === undefined ? '' : `: ${backup['hold-reason']}`}.</div>
        </div>
      )}
      {type !== undefined && type !== 'FULL' && type !== 'MARKER' && backup.parent !== undefined && (
        <div class="note">
          <Icon name="backups" />
          <div>
            Holds the changes since{' '}
            <a href={formatRoute('backups', [backup.storage, backup.parent], { routine: backup.routine })}>
              {backup.parent}
            </a>
            . To restore the whole state of this moment, choose it in the{' '}
            <a href={formatRoute('timeline', [], { storage: backup.storage })}>timeline</a>.
          </div>
        </div>
      )}
    </>
  );
}

const TYPE_TEXTS: Readonly<Record<string, string>> = {
  FULL: 'Full',
  DIFFERENTIAL: 'Differential',
  CUMULATIVE: 'Cumulative',
  MARKER: 'Marker, without data',
};

const MODE_TEXTS = { CHECKSUMS: 'Checksums', DEEP: 'Every record', TRIAL: 'Trial restore' } as const;

/** The last verification of each kind, asked for or scheduled. */
function describeChecks({ verification }: Backup): [string, ComponentChildren][] {
  if (verification === undefined) return [];
  return verification.checks.map(({ mode, time, sound, problems }) => [
    MODE_TEXTS[mode],
    <>
      <span class={sound ? undefined : 'bad'}>{sound ? 'Nothing wrong' : 'Damaged'}</span>, <Moment time={time} />
      {problems.map((problem) => (
        <div class="break">{problem}</div>
      ))}
    </>,
  ]);
}

function Overview({ backup }: { backup: Backup }) {
  const { storage, id, state, type, trigger, consistency, created, finished, compression, encryption } = backup;
  const live = progressByKey.value.get(`backup:${storage}/${id}`);
  const endMs = parseTime(finished) ?? (isRunning(backup) ? now.value : undefined);
  return (
    <section class="panel">
      {isRunning(backup) && <LiveProgress progress={live} percent={backup.progress} label={`Backup ${id}`} />}
      <Facts
        facts={[
          ['State', <StateBadge state={state} />],
          ['Type', type === undefined ? undefined : (TYPE_TEXTS[type] ?? type)],
          ['Started by', trigger === undefined ? undefined : trigger === 'SCHEDULED' ? 'the schedule' : 'a request'],
          ['Begun', <Moment time={created} />],
          ['Complete', finished === undefined ? undefined : <Moment time={finished} />],
          ['Took', endMs === undefined ? undefined : formatDuration(endMs - (parseTime(created) ?? endMs))],
          ['Records', backup.records === undefined ? undefined : formatCount(backup.records)],
          ['Size', `${formatBytes(backup.bytes)} in ${countNoun(backup.files, 'file')}`],
          ['Cluster', backup.cluster],
          ['Consistency', consistency],
          [
            'Compression',
            compression === undefined
              ? undefined
              : `${compression.mode}${compression.level === undefined ? '' : `, level ${compression.level}`}`,
          ],
          ['Encryption', encryption === 'NONE' ? 'none' : encryption],
          ['Included', backup.include === undefined ? undefined : backup.include.join(', ')],
          ['Excluded', backup.exclude === undefined ? undefined : backup.exclude.join(', ')],
          ...describeChecks(backup),
          [
            'Builds on it',
            backup.dependents === undefined || backup.dependents.length === 0
              ? undefined
              : formatNames(backup.dependents),
          ],
          ['Directory', <code class="break">{backup.path}</code>],
        ]}
      />
    </section>
  );
}

function Parts({ backup }: { backup: Backup }) {
  const details = backup.details ?? [];
  if (details.length === 0) return null;
  const namespaces = [...new Set(details.map(({ namespace }) => namespace))];
  return (
    <section class="stack">
      <h2>Namespaces</h2>
      {namespaces.map((namespace) => (
        <NamespaceParts
          key={namespace}
          namespace={namespace}
          parts={details.filter((part) => part.namespace === namespace)}
        />
      ))}
    </section>
  );
}

function NamespaceParts({ namespace, parts }: { namespace: string; parts: readonly BackupDetail[] }) {
  const [first] = parts;
  const ranged = parts.filter(({ partitions }) => partitions !== undefined);
  const nodes = [...new Set(parts.flatMap((part) => part.nodes ?? []))];
  return (
    <div class="panel" aria-label={`Namespace ${namespace}`} role="group">
      <h3>{namespace}</h3>
      <Facts
        facts={[
          ['Records', first?.records === undefined ? undefined : formatCount(first.records)],
          ['Files', first?.files === undefined ? undefined : formatCount(first.files)],
          ['Size', first?.bytes === undefined ? undefined : formatBytes(first.bytes)],
          ['Changes after', first?.['lower-bound'] === undefined ? undefined : <Moment time={first['lower-bound']} />],
          ['Changes until', first?.['upper-bound'] === undefined ? undefined : <Moment time={first['upper-bound']} />],
          ['Nodes', nodes.length === 0 ? undefined : nodes.join(', ')],
          ['Server', first?.['server-version']],
          ['Checksum', first?.checksum === undefined ? undefined : <code class="break">{first.checksum}</code>],
        ]}
      />
      {ranged.length > 0 && <PartitionStrip namespace={namespace} parts={ranged} />}
      {ranged.length > 0 && (
        <details class="more">
          <summary>{countNoun(ranged.length, 'range')} of partitions</summary>
          <div class="table-frame">
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">Partitions</th>
                  <th scope="col">State</th>
                  <th scope="col" class="align-right">
                    Done
                  </th>
                  <th scope="col">Updated</th>
                  <th scope="col">Reason</th>
                </tr>
              </thead>
              <tbody>
                {ranged.map((part) => (
                  <tr key={part.partitions}>
                    <td class="number">{part.partitions}</td>
                    <td>
                      <StateBadge state={part.state} />
                    </td>
                    <td class="align-right number">{part.done === undefined ? '–' : formatCount(part.done)}</td>
                    <td>
                      <Moment time={part.updated} />
                    </td>
                    <td class="break">{part.reason ?? ''}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </div>
  );
}
