import { Type, type Static } from 'typebox';
import { STRICT } from './keywords.js';

function count(description: string) {
  return Type.Integer({ description, minimum: 0, format: 'int64' });
}

function time(description: string) {
  return Type.String({ description, format: 'date-time' });
}

export const JobMetrics = Type.Object(
  {
    'records-per-second': count('Records in a second.'),
    'kilobytes-per-second': count('Kilobytes in a second.'),
    pipeline: count('Records that are read and not written yet.'),
  },
  { ...STRICT, title: 'JobMetrics', description: 'The speed of a job.' },
);
export type JobMetrics = Static<typeof JobMetrics>;

export const RunningJob = Type.Object(
  {
    'total-records': count('Records that the job has, as far as known.'),
    'done-records': count('Records that are done.'),
    'start-time': time('When the job started.'),
    'finish-time': Type.Optional(time('When it ended.')),
    'percentage-done': Type.Integer({ description: 'How much is done.', minimum: 0, maximum: 100 }),
    'estimated-end-time': Type.Optional(time('When it is expected to end; absent below one percent.')),
    duration: Type.Integer({ description: 'Time since the start. Seconds.', minimum: 0 }),
    metrics: Type.Optional(JobMetrics),
  },
  { ...STRICT, title: 'RunningJob', description: 'How far a job is.' },
);
export type RunningJob = Static<typeof RunningJob>;

export const RoutineState = Type.Object(
  {
    full: Type.Optional(RunningJob),
    incremental: Type.Optional(RunningJob),
    'last-full': Type.Optional(time('When the last full backup started.')),
    'last-incremental': Type.Optional(time('When the last incremental backup started.')),
    'next-full': Type.Optional(time('When the next full backup is due.')),
    'next-incremental': Type.Optional(time('When the next incremental backup is due.')),
  },
  { ...STRICT, title: 'RoutineState', description: 'What a routine does, has done and will do.' },
);
export type RoutineState = Static<typeof RoutineState>;

export const RestoreJobStatus = Type.Object(
  {
    status: Type.Enum(['running', 'success', 'failure', 'canceled'], {
      type: 'string',
      description: 'What became of the job.',
    }),
    error: Type.Optional(Type.String({ description: 'Why it failed.' })),
    'current-job': Type.Optional(RunningJob),
    'read-records': count('Records that were read.'),
    'total-bytes': count('Bytes that were read.'),
    'expired-records': count('Records whose time to live had passed.'),
    'skipped-records': count('Records of sets or bins that were not asked for.'),
    'ignored-records': count('Records that the cluster refused for good.'),
    'inserted-records': count('Records that were written.'),
    'existed-records': count('Records that existed, with unique.'),
    'fresher-records': count('Records that are newer in the cluster.'),
    'index-count': count('Secondary indexes that were created.'),
    'udf-count': count('UDF modules that were stored.'),
    'errors-in-doubt': count('Writes whose outcome is not known.'),
  },
  { ...STRICT, title: 'RestoreJobStatus', description: 'What a restore job does or has done.' },
);
export type RestoreJobStatus = Static<typeof RestoreJobStatus>;
