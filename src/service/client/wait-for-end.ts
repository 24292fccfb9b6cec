/** Waits until the service has done what it was asked for. */
import type { Backup } from '../v2/schema/backup.js';
import type { Job } from '../v2/schema/job.js';
import { ServiceClientError } from './errors.js';
import type { Query, ServiceClient } from './service-client.js';

/** The service answers when the work has ended, or after this time. */
const WAIT_S = 20;

type Work = Backup | Job;

/** Where the document of the work is. */
export interface WorkAddress {
  readonly path: string;
  readonly query?: Query;
}

/** The document once the work has ended. `onProgress` is called after each wait. Throws ServiceClientError. */
export async function waitForEnd<T extends Work>(
  client: ServiceClient,
  begun: T,
  { path, query = {} }: WorkAddress,
  onProgress: (work: T) => void,
): Promise<T> {
  let work = begun;
  while (isUnderWay(work)) {
    work = await client.request<T>('GET', path, { query: { ...query, wait: WAIT_S } });
    onProgress(work);
  }
  return work;
}

/** Throws ServiceClientError if the work has ended otherwise than it should. */
export function requireCompleted(work: Work): void {
  if (work.state === 'COMPLETED') return;
  const what = 'kind' in work ? `The job ${work.id}` : `The backup ${work.id}`;
  const reason = 'kind' in work ? work.error?.message : work.reason;
  const suffix = reason === undefined ? '' : `: ${reason}`;
  throw new ServiceClientError('SERVICE_WORK', `${what} has ended as ${work.state}${suffix}`);
}

function isUnderWay({ state }: Work): boolean {
  return state === 'STARTED' || state === 'IN_PROGRESS';
}
