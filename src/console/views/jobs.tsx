/** Restores, verifications, copies and clones: the list, and one of them. */
import type { Job } from '../../service/v2/schema/job.js';
import { cancelJob, listJobs, readJob } from '../api/operations.js';
import { countNoun, formatBytes, formatCount, formatDuration, parseTime } from '../format/format.js';
import { StateBadge } from '../parts/badge.js';
import { Button } from '../parts/button.js';
import { Facts } from '../parts/facts.js';
import { Icon } from '../parts/icon.js';
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

const SHOWN_JOBS = 200;
const KINDS = { RESTORE: 'Restore', VERIFY: 'Verification', COPY: 'Copy', CLONE: 'Clone' } as const;

const isRunning = ({ state }: Job): boolean => state === 'STARTED' || state === 'IN_PROGRESS';

export function describeJob(job: Job): string {
  const { kind, backup, time, to } = job;
  const what = backup ?? (time === undefined ? '' : `state at ${time}`);
  return `${KINDS[kind]} of ${what}${to === undefined ? '' : ` to ${to}`}`;
}

export function JobsView() {
  const jobs = useResource('jobs', (signal) => listJobs({ limit: SHOWN_JOBS }, signal), ['jobs']);
  return (
    <View title="Jobs" subtitle="Restores, verifications, copies and clones, the newest first.">
      <Loaded of={jobs}>
        {({ jobs: list, next }) =>
          list.length === 0 ? (
            <EmptyState title="No job has run yet">
              <p>
                Verify, copy or restore a backup: open it under <a href={formatRoute('backups')}>Backups</a>.
              </p>
            </EmptyState>
          ) : (
            <>
              <JobTable jobs={list} />
              {next !== undefined && <p class="muted">Older jobs are not shown.</p>}
            </>
          )
        }
      </Loaded>
    </View>
  );
}

export function JobTable({ jobs }: { jobs: readonly Job[] }) {
  return (
    <div class="table-frame">
      <table class="table table-stacked">
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col">Progress</th>
            <th scope="col">Started</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.id}>
              <td class="break">
                <a href={formatRoute('jobs', [job.id])}>{describeJob(job)}</a>
              </td>
              <td>
                <StateBadge state={job.state} />
              </td>
              <td>
                <JobSummary job={job} />
              </td>
              <td data-label="Started">
                <Ago time={job.created} />
              </td>
              <td class="number" data-label="Took">
                {formatDuration((parseTime(job.finished) ?? now.value) - (parseTime(job.created) ?? 0))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function JobSummary({ job }: { job: Job }) {
  if (isRunning(job)) return <JobProgress job={job} />;
  const { error, verify, restore, copy } = job;
  if (error !== undefined) return <span class="bad break">{error.message}</span>;
  if (verify !== undefined) {
    return verify.sound ? (
      <span>nothing is wrong</span>
    ) : (
      <span class="bad">{countNoun(verify.problems.length, 'problem')}</span>
    );
  }
  if (restore !== undefined) return <span>{countNoun(restore['inserted-records'], 'record')} written</span>;
  if (copy !== undefined) return <span>{formatBytes(copy.bytes)} copied</span>;
  return <span class="muted">–</span>;
}

function JobProgress({ job }: { job: Job }) {
  const { progress } = job;
  const live = progressByKey.value.get(`job:${job.id}`);
  return (
    <LiveProgress
      progress={
        live ??
        (progress === undefined
          ? undefined
          : {
              records: progress.records,
              bytes: progress.bytes,
              ...(progress.percent === undefined ? {} : { percent: progress.percent }),
            })
      }
      label={describeJob(job)}
    />
  );
}

export function JobView({ id }: { id: string }) {
  const job = useResource(`job:${id}`, (signal) => readJob(id, signal), ['jobs']);
  const data = job.data;
  return (
    <View
      title={data === undefined ? `Job ${id}` : describeJob(data)}
      subtitle={<a href={formatRoute('jobs')}>All jobs</a>}
      actions={
        data !== undefined &&
        isRunning(data) && (
          <Button
            disabled={!allows('restore')}
            title={explainScope('restore')}
            onClick={() =>
              runQuietly(
                () => cancelJob(id),
                'The job is being canceled',
                () => touch(['jobs']),
              )
            }
          >
            Cancel the job
          </Button>
        )
      }
    >
      <Loaded of={job}>{(loaded) => <JobDetail job={loaded} />}</Loaded>
    </View>
  );
}

function JobDetail({ job }: { job: Job }) {
  const { storage, backup, routine, error } = job;
  return (
    <div class="stack">
      {error !== undefined && (
        <div class="note note-bad" role="alert">
          <Icon name="error" />
          <p class="error-message">
            {error.message}
            <code class="error-code">{error.code}</code>
          </p>
        </div>
      )}
      <section class="panel">
        {isRunning(job) && <JobProgress job={job} />}
        <Facts
          facts={[
            ['State', <StateBadge state={job.state} />],
            [
              'Backup',
              backup === undefined || storage === undefined ? (
                backup
              ) : (
                <a href={formatRoute('backups', [storage, backup], { routine })}>{backup}</a>
              ),
            ],
            ['State at', job.time === undefined ? undefined : <Moment time={job.time} />],
            ['Storage', storage],
            ['Copied to', job.to],
            ['Cluster', job.cluster],
            ['Phase', job.phase],
            ['Started', <Moment time={job.created} />],
            ['Ended', job.finished === undefined ? undefined : <Moment time={job.finished} />],
            ['Id', <code>{job.id}</code>],
          ]}
        />
      </section>
      <JobResult job={job} />
    </div>
  );
}

function JobResult({ job: { restore, verify, copy } }: { job: Job }) {
  if (verify !== undefined) {
    return (
      <section class="panel">
        <h2>{verify.sound ? 'Nothing is wrong' : countNoun(verify.problems.length, 'problem')}</h2>
        <Facts
          facts={[
            ['Files', formatCount(verify.files)],
            ['Bytes compared', formatBytes(verify.bytes)],
            ['Records read', verify.records === undefined ? 'none' : formatCount(verify.records)],
          ]}
        />
        {verify.problems.length > 0 && (
          <ul class="problems">
            {verify.problems.map(({ path, text }) => (
              <li key={path + text}>
                <code class="break">{path}</code>
                <span>{text}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
    );
  }
  if (restore !== undefined) {
    return (
      <section class="panel">
        <h2>What was restored</h2>
        <Facts
          facts={[
            ['Written', formatCount(restore['inserted-records'])],
            ['Read', `${formatCount(restore['read-records'])}, ${formatBytes(restore['total-bytes'])}`],
            ['Existed, left alone', formatCount(restore['existed-records'])],
            ['Newer in the cluster', formatCount(restore['fresher-records'])],
            ['Expired', formatCount(restore['expired-records'])],
            ['Not asked for', formatCount(restore['skipped-records'])],
            ['Refused by the cluster', formatCount(restore['ignored-records'])],
            ['Outcome not known', formatCount(restore['errors-in-doubt'])],
            ['Indexes', formatCount(restore['index-count'])],
            ['UDF modules', formatCount(restore['udf-count'])],
          ]}
        />
        <ul class="problems">
          {restore.namespaces.map(({ namespace, target, backups, error }) => (
            <li key={namespace} class={error === undefined ? '' : 'bad'}>
              {namespace}
              {target === namespace ? '' : ` → ${target}`}: {backups.join(', ')}
              {error !== undefined && ` – ${error}`}
            </li>
          ))}
        </ul>
      </section>
    );
  }
  if (copy !== undefined) {
    return (
      <section class="panel">
        <h2>What was copied</h2>
        <Facts
          facts={[
            [
              'Copy',
              <a href={formatRoute('backups', [copy.storage, copy.backup])}>{`${copy.storage} / ${copy.backup}`}</a>,
            ],
            ['Files', formatCount(copy.files)],
            ['Bytes', formatBytes(copy.bytes)],
            ['Kept of an earlier copy', copy.kept === 0 ? undefined : countNoun(copy.kept, 'file')],
            [
              'Builds on',
              copy['missing-parent'] === undefined ? undefined : `${copy['missing-parent']}, which is not there`,
            ],
          ]}
        />
      </section>
    );
  }
  return null;
}
