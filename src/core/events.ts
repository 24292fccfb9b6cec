/**
 * What runs report while they work: data for programs, never sentences. `src/ui/messages` turns events into the lines
 * of the log, `src/ui/machine-format.ts` into those of `--machine`. The types are the `event` codes of the JSON log
 * (docs/reference/log-events.md), so they are stable. Events cross threads, so they hold only what can be cloned:
 * errors are serialized.
 */
import type { BackupEvent } from './events/backup.js';
import type { CommonEvent } from './events/common.js';
import type { RestoreEvent } from './events/restore.js';

export type { BackupEvent } from './events/backup.js';
export type { CommonEvent } from './events/common.js';
export type { RestoreEvent } from './events/restore.js';

/** The number of the worker thread that an event is of, as the log shows it; absent = the main thread. */
export interface EventOrigin {
  worker?: number;
}

export type EngineEvent = (CommonEvent | BackupEvent | RestoreEvent) & EventOrigin;

export type EventType = EngineEvent['type'];

/** An event of one type. */
export type EventOf<Type extends EventType> = Extract<EngineEvent, { type: Type }>;

export type EmitEvent = (event: EngineEvent) => void;
