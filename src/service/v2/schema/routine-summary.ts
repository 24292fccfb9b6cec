import { Type, type Static } from 'typebox';
import { STRICT } from '../../document/schema/keywords.js';
import { RunningJob } from '../../document/schema/job-status.js';
import { backupId, text, time, V2BackupType } from './values.js';
import { CopyTarget, ScheduledCheck } from './verification.js';

export const RoutineSummary = Type.Object(
  {
    name: text('Name of the routine.'),
    'source-cluster': text('The cluster that is read.'),
    storage: text('The storage that is written to.'),
    'backup-policy': Type.Optional(text('The policy.')),
    namespaces: Type.Array(Type.String(), { description: 'Its namespaces; none = all of the cluster.' }),
    'interval-cron': text('When full backups start.'),
    'incr-interval-cron': Type.Optional(text('When incremental backups start.')),
    disabled: Type.Boolean({ description: 'Whether nothing is scheduled.' }),
    full: Type.Optional(RunningJob),
    incremental: Type.Optional(RunningJob),
    'last-full': Type.Optional(time('Start of the last successful full backup.')),
    'last-incremental': Type.Optional(time('Start of the last successful incremental backup.')),
    'next-full': Type.Optional(time('When the next full backup starts.')),
    'next-incremental': Type.Optional(time('When the next incremental backup starts.')),
    rpo: Type.Optional(text('Its objective: how old the last backup may become.')),
    'rpo-missed': Type.Optional(Type.Boolean({ description: 'Whether the last backup is older than the objective.' })),
    verify: Type.Optional(
      Type.Array(ScheduledCheck, { description: 'How its backups are verified, one for each schedule.' }),
    ),
    copies: Type.Optional(Type.Array(CopyTarget, { description: 'Where its backups are copied to.' })),
    href: text('Path of this document.'),
  },
  { ...STRICT, title: 'RoutineSummary', description: 'A routine: its schedule, its last and next backups, its runs.' },
);
export type RoutineSummary = Static<typeof RoutineSummary>;

export const RoutineList = Type.Object(
  { routines: Type.Array(RoutineSummary, { description: 'By their names.' }) },
  { ...STRICT, title: 'RoutineList', description: 'All routines.' },
);
export type RoutineList = Static<typeof RoutineList>;

export const RunRoutine = Type.Object(
  {
    type: Type.Optional(V2BackupType),
    id: Type.Optional(backupId('Id of the backup, if the policy of ids lets the caller choose.')),
  },
  { ...STRICT, title: 'RunRoutine', description: 'What is run; without a type, a full backup.' },
);
export type RunRoutine = Static<typeof RunRoutine>;
