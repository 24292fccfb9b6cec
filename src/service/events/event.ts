/** What the service tells those who listen: the stream of events, webhooks and the console. */

export const EVENT_TYPES = [
  'backup.started',
  'backup.progress',
  'backup.completed',
  'backup.failed',
  'backup.canceled',
  'backup.skipped',
  'backup.deleted',
  'backup.held',
  'backup.released',
  'restore.started',
  'restore.progress',
  'restore.completed',
  'restore.failed',
  'restore.canceled',
  'verify.started',
  'verify.progress',
  'verify.completed',
  'verify.failed',
  'verify.canceled',
  'copy.started',
  'copy.progress',
  'copy.completed',
  'copy.failed',
  'copy.canceled',
  'clone.started',
  'clone.progress',
  'clone.completed',
  'clone.failed',
  'clone.canceled',
  'config.changed',
  'routine.rpo-missed',
  'replica.changed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** How far the work is. */
export interface EventProgress {
  /** 0–100; absent = not known. */
  readonly percent?: number;
  readonly records: number;
  readonly bytes: number;
  readonly recordsPerSecond?: number;
}

export interface ServiceEvent {
  /** Greater than that of every event before, also over restarts of the service. */
  readonly id: number;
  /** RFC 3339, UTC */
  readonly time: string;
  readonly type: EventType;
  readonly storage?: string;
  /** Id of the backup. */
  readonly backup?: string;
  readonly routine?: string;
  /** Id of the job. */
  readonly job?: string;
  readonly namespace?: string;
  readonly progress?: EventProgress;
  /** For people; without secrets. */
  readonly message?: string;
}

/** What publishers know of an event. */
export type NewEvent = Omit<ServiceEvent, 'id' | 'time'>;
