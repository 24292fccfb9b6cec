import type { WorkerActivity } from '../../core/run.js';
import { jobText } from '../messages/backup.js';

/** What a worker does, for the display; undefined = it is idle. */
export function activityText(activity: WorkerActivity | undefined): string | undefined {
  if (activity === undefined) return undefined;
  return activity.kind === 'file' ? activity.name : jobText(activity.filter);
}
