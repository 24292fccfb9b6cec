/**
 * What the service keeps of a backup from its first second, beside the backups of the storage: its id, which is used
 * up for ever, and what became of it where the files of the backup do not tell.
 */
import type { V2BackupType, Trigger, V2Compression } from '../schema/values.js';

const FORMAT = 'asb-service-backup';
const VERSION = 1;

export const RECORD_STATES = ['STARTED', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELED', 'INCOMPLETE'] as const;
export type RecordState = (typeof RECORD_STATES)[number];

/** A backup that was asked for. Times are ISO 8601 in UTC. */
export interface BackupRecord {
  id: string;
  /** INCOMPLETE: the service that made it has ended; the next one goes on with it. */
  state: RecordState;
  reason?: string;
  type: V2BackupType;
  trigger: Trigger;
  created: string;
  updated: string;
  /** Of the process that works on it, or was the last to do so. */
  owner: string;
  /** Name of the cluster in the configuration. */
  cluster?: string;
  /** Name of a policy. */
  policy?: string;
  parent?: string;
  include?: readonly string[];
  exclude?: readonly string[];
  compression?: V2Compression;
  parallel?: number;
  /** Only records that were last changed before the start. */
  sealed?: boolean;
  /** The routine that makes it, and the start of its run: the name of its folder. */
  routine?: string;
  run?: string;
}

export function serializeRecord(record: BackupRecord): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, ...record }, undefined, 1)}\n`;
}

/** Undefined = it is none, or damaged. */
export function parseRecord(id: string, text: string): BackupRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { format, version, ...record } = value as Record<string, unknown>;
  if (format !== FORMAT || version !== VERSION || record.id !== id) return undefined;
  if (!(RECORD_STATES as readonly unknown[]).includes(record.state)) return undefined;
  const isTime = (time: unknown): boolean => typeof time === 'string' && !Number.isNaN(Date.parse(time));
  if (!isTime(record.created) || !isTime(record.updated) || typeof record.type !== 'string') return undefined;
  return record as unknown as BackupRecord;
}
