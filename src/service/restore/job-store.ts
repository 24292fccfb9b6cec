/** How restore jobs of /v1 are kept. */
import { checkValue } from '../document/check-value.js';
import { RestoreJobStatus } from '../document/schema/job-status.js';
import type { JobForm } from './job-directory.js';

/** Holds no settings: neither addresses nor secrets. */
export interface StoredJob {
  id: string;
  /** Absent = a restore of a path. */
  routine?: string;
  startedMs: number;
  status: RestoreJobStatus;
}

export const RESTORE_JOBS: JobForm<StoredJob> = {
  directory: 'restore-jobs',
  id: /^\d{1,16}$/,
  what: 'restore job',
  maxBytes: 1 << 16,
  parse: (id, text) => {
    const { routine, startedMs, status } = JSON.parse(text) as Record<string, unknown>;
    const problems = checkValue(RestoreJobStatus, status, 'status');
    if (problems.length > 0) throw new Error(problems[0]);
    if (!Number.isSafeInteger(startedMs)) throw new Error('its start is missing');
    return {
      id,
      ...(typeof routine === 'string' ? { routine } : {}),
      startedMs: startedMs as number,
      status: status as RestoreJobStatus,
    };
  },
  readStart: ({ startedMs }) => startedMs,
};
