import { Type, type Static } from 'typebox';
import { STRICT } from '../../document/schema/keywords.js';
import { BackupStateName, CAPTURES_DELETES, text, time, Trigger, V2BackupType } from './values.js';
import { ScheduledCheck } from './verification.js';

export const StatePoint = Type.Object(
  {
    id: text('Id of the backup.'),
    type: Type.Optional(V2BackupType),
    trigger: Type.Optional(Trigger),
    created: time('When it was begun: the moment that it can be restored to.'),
    'lower-bound': Type.Optional(time('Records that were not changed after it are in an earlier backup.')),
    'upper-bound': Type.Optional(time('Changes after it may be missing.')),
  },
  { ...STRICT, title: 'StatePoint', description: 'A moment of a namespace.' },
);
export type StatePoint = Static<typeof StatePoint>;

export const StateRange = Type.Object(
  { start: StatePoint, end: StatePoint },
  {
    ...STRICT,
    title: 'StateRange',
    description: 'A full backup and what builds on it without a gap: each moment in between can be restored.',
  },
);
export type StateRange = Static<typeof StateRange>;

export const NamespaceState = Type.Object(
  {
    namespace: text('The namespace.'),
    storage: text('The storage.'),
    routine: Type.Optional(text('The routine; absent = backups that were made without one.')),
    checkpoint: Type.Optional(StatePoint),
    backup: Type.Optional(StatePoint),
    ranges: Type.Array(StateRange, { description: 'By their start.' }),
  },
  {
    ...STRICT,
    title: 'NamespaceState',
    description: 'The newest moment, the newest backup and ranges of a namespace.',
  },
);
export type NamespaceState = Static<typeof NamespaceState>;

export const RuntimeState = Type.Object(
  {
    namespaces: Type.Array(NamespaceState, { description: 'By storage, routine and namespace.' }),
    running: Type.Array(
      Type.Object(
        {
          storage: text('The storage.'),
          id: text('Id of the backup.'),
          routine: Type.Optional(text('The routine.')),
          href: text('Path of the backup.'),
        },
        { ...STRICT, title: 'RunningBackup', description: 'A backup that is being made.' },
      ),
      { description: 'Backups that are being made.' },
    ),
    unreachable: Type.Array(
      Type.Object(
        { storage: text('The storage.'), message: text('Why it was not read.') },
        { ...STRICT, title: 'UnreachableStorage', description: 'A storage that could not be read.' },
      ),
      { description: 'Storages that could not be read.' },
    ),
    'captures-deletes': CAPTURES_DELETES,
  },
  { ...STRICT, title: 'RuntimeState', description: 'What can be restored of each namespace.' },
);
export type RuntimeState = Static<typeof RuntimeState>;

export const TimelinePoint = Type.Object(
  {
    id: text('Id of the backup.'),
    created: time('When it was begun.'),
    finished: Type.Optional(time('When it was complete.')),
    type: Type.Optional(V2BackupType),
    state: BackupStateName,
    reason: Type.Optional(text('Why it is not complete.')),
    held: Type.Boolean({ description: 'Whether it must not be deleted.' }),
    href: text('Path of the backup.'),
  },
  { ...STRICT, title: 'TimelinePoint', description: 'A backup on the timeline of a namespace.' },
);
export type TimelinePoint = Static<typeof TimelinePoint>;

export const NamespaceTimeline = Type.Object(
  {
    namespace: text('The namespace.'),
    routine: Type.Optional(text('The routine; absent = backups that were made without one.')),
    ranges: Type.Array(
      Type.Object(
        {
          from: time('The first moment.'),
          to: time('The last moment. A later one is restored to this state.'),
          base: text('Id of the full backup.'),
          points: Type.Array(TimelinePoint, { description: 'The moments, by their time.' }),
        },
        { ...STRICT, title: 'TimelineRange', description: 'A full backup and all that builds on it.' },
      ),
      { description: 'By their start.' },
    ),
    gaps: Type.Array(
      Type.Object(
        {
          from: time('The first backup that cannot be restored.'),
          to: Type.Optional(time('The next one that can; absent = there is none.')),
          broken: Type.Array(
            Type.Object(
              {
                id: text('Id of the backup.'),
                reason: text('Why: NOT_COMPLETED, PARENT_MISSING, PARENT_DELETED and so on.'),
                at: text('Id of the backup that is the reason.'),
              },
              { ...STRICT, title: 'BrokenBackup', description: 'A backup whose chain is broken.' },
            ),
            { description: 'By their time.' },
          ),
        },
        { ...STRICT, title: 'TimelineGap', description: 'A moment of a gap is restored to the state before it.' },
      ),
      { description: 'By their start.' },
    ),
    failures: Type.Array(TimelinePoint, { description: 'Backups that are not complete, by their time.' }),
    markers: Type.Array(TimelinePoint, { description: 'Marked moments, by their time.' }),
  },
  { ...STRICT, title: 'NamespaceTimeline', description: 'What can be restored of a namespace, and when.' },
);
export type NamespaceTimeline = Static<typeof NamespaceTimeline>;

export const StorageRanges = Type.Object(
  {
    storage: text('Name of the storage.'),
    namespaces: Type.Array(NamespaceTimeline, { description: 'By routine and namespace.' }),
    'captures-deletes': CAPTURES_DELETES,
  },
  { ...STRICT, title: 'StorageRanges', description: 'The timeline of a storage.' },
);
export type StorageRanges = Static<typeof StorageRanges>;

export const StorageSummary = Type.Object(
  {
    name: text('Name of the storage.'),
    kind: Type.Enum(['local', 's3', 'gcs', 'azure'], { type: 'string', description: 'What kind of storage it is.' }),
    root: text('Directory or URL of the backups, without credentials.'),
    source: Type.Enum(['configuration', 'environment'], { type: 'string', description: 'Where it is defined.' }),
    warnings: Type.Array(Type.String(), { description: 'What to know before it is used.' }),
    verify: Type.Optional(
      Type.Array(ScheduledCheck, {
        description: 'How its backups that no routine has made are verified by schedules.',
      }),
    ),
  },
  { ...STRICT, title: 'StorageSummary', description: 'A storage.' },
);
export type StorageSummary = Static<typeof StorageSummary>;
