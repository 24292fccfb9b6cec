/** How jobs of /v2 are kept. They hold neither addresses nor secrets. */
import { checkValue } from '../../document/check-value.js';
import type { JobForm } from '../../restore/job-directory.js';
import { Job } from '../schema/job.js';

export const V2_JOBS: JobForm<Job> = {
  directory: 'v2-jobs',
  id: /^[a-z0-9-]{1,80}$/,
  what: 'job',
  maxBytes: 1 << 20,
  parse: (id, text) => {
    const value: unknown = JSON.parse(text);
    const problems = checkValue(Job, value, '');
    if (problems.length > 0) throw new Error(problems[0]);
    const job = value as Job;
    if (job.id !== id) throw new Error('it has another id');
    return job;
  },
  readStart: ({ created }) => Date.parse(created),
};
