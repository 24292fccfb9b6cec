import { Type, type Static } from 'typebox';
import { STRICT } from '../../document/schema/keywords.js';
import { count, text, time, Trigger } from './values.js';
import { VerifyMode } from './verification.js';

export const JOB_STATES = ['STARTED', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELED'] as const;
export const JOB_KINDS = ['RESTORE', 'VERIFY', 'COPY', 'CLONE'] as const;

export const JobStateName = Type.Enum([...JOB_STATES], { type: 'string', description: 'What became of the job.' });
export type JobStateName = Static<typeof JobStateName>;

export const JobKind = Type.Enum([...JOB_KINDS], { type: 'string', description: 'What the job does.' });
export type JobKind = Static<typeof JobKind>;

export const JobProgress = Type.Object(
  {
    percent: Type.Optional(Type.Integer({ description: 'How much is done.', minimum: 0, maximum: 100 })),
    'total-records': Type.Optional(count('Records that the job has, as far as known.')),
    records: count('Records that are done.'),
    bytes: count('Bytes that are done.'),
    'records-per-second': Type.Optional(count('Since the start.')),
    'estimated-end': Type.Optional(time('When it is expected to end.')),
  },
  { ...STRICT, title: 'JobProgress', description: 'How far a job is.' },
);
export type JobProgress = Static<typeof JobProgress>;

export const RestoreJobResult = Type.Object(
  {
    'read-records': count('Records that were read.'),
    'total-bytes': count('Bytes that were read.'),
    'expired-records': count('Records whose time to live had passed.'),
    'skipped-records': count('Records of sets or bins that were not asked for.'),
    'ignored-records': count('Records that the cluster refused for good.'),
    'inserted-records': count('Records that were written.'),
    'existed-records': count('Records that existed and were left alone.'),
    'fresher-records': count('Records that are newer in the cluster.'),
    'index-count': count('Secondary indexes that were created.'),
    'udf-count': count('UDF modules that were stored.'),
    'errors-in-doubt': count('Writes whose outcome is not known.'),
    namespaces: Type.Array(
      Type.Object(
        {
          namespace: text('Of the backups.'),
          target: text('That was written to.'),
          'as-of': Type.Optional(time('The state that was restored.')),
          backups: Type.Array(Type.String(), { description: 'Ids, the newest first.' }),
          error: Type.Optional(text('Why it is not complete.')),
        },
        { ...STRICT, title: 'RestoredNamespace', description: 'What one namespace was restored from.' },
      ),
      { description: 'By their names.' },
    ),
  },
  { ...STRICT, title: 'RestoreJobResult', description: 'What a restore has done.' },
);
export type RestoreJobResult = Static<typeof RestoreJobResult>;

export const VerifyJobResult = Type.Object(
  {
    sound: Type.Boolean({ description: 'Whether nothing is wrong.' }),
    files: count('Files that were compared.'),
    bytes: count('Bytes that were compared with checksums.'),
    records: Type.Optional(count('Records that were read; absent = none was.')),
    problems: Type.Array(
      Type.Object(
        { path: text('File or directory.'), text: text('What is wrong with it.') },
        { ...STRICT, title: 'VerifyProblem', description: 'Something that is wrong.' },
      ),
      { description: 'All that is wrong; at most 1,000.' },
    ),
  },
  { ...STRICT, title: 'VerifyJobResult', description: 'What a verification has found.' },
);
export type VerifyJobResult = Static<typeof VerifyJobResult>;

export const CopyJobResult = Type.Object(
  {
    storage: text('Where the copy is.'),
    backup: text('Its id.'),
    files: count('Files of the copy.'),
    bytes: count('Bytes of the copy.'),
    kept: count('Files of an earlier copy that was interrupted.'),
    'missing-parent': Type.Optional(text('The backup that it builds on, if that is not there.')),
  },
  { ...STRICT, title: 'CopyJobResult', description: 'What was copied.' },
);
export type CopyJobResult = Static<typeof CopyJobResult>;

export const Job = Type.Object(
  {
    id: text('Id of the job.'),
    kind: JobKind,
    state: JobStateName,
    storage: Type.Optional(text('The storage that is read.')),
    backup: Type.Optional(text('The backup that is read, or the one that a clone makes.')),
    time: Type.Optional(time('Of a restore at a time.')),
    routine: Type.Optional(text('Of a restore at a time: whose runs are restored.')),
    cluster: Type.Optional(text('The cluster that is written to, by its name in the configuration.')),
    to: Type.Optional(text('The storage that is copied to.')),
    phase: Type.Optional(text('Of a clone: backup or restore.')),
    mode: Type.Optional(VerifyMode),
    trigger: Type.Optional(Trigger),
    created: time('When it was asked for.'),
    updated: time('When it was last changed.'),
    finished: Type.Optional(time('When it ended.')),
    progress: Type.Optional(JobProgress),
    error: Type.Optional(
      Type.Object(
        { code: text('Code of the error.'), message: text('Why it failed.') },
        { ...STRICT, title: 'JobError', description: 'Why a job failed.' },
      ),
    ),
    restore: Type.Optional(RestoreJobResult),
    verify: Type.Optional(VerifyJobResult),
    copy: Type.Optional(CopyJobResult),
    href: text('Path of this document.'),
  },
  { ...STRICT, title: 'Job', description: 'Something that takes time: a restore, a verification, a copy or a clone.' },
);
export type Job = Static<typeof Job>;
/** A job that restores. */
export type RestoreJob = Job;

export const JobPage = Type.Object(
  {
    jobs: Type.Array(Job, { description: 'The newest first.' }),
    next: Type.Optional(text('What the next page is asked for with, as `after`; absent = this is the last one.')),
  },
  { ...STRICT, title: 'JobPage', description: 'A page of a list of jobs.' },
);
export type JobPage = Static<typeof JobPage>;
