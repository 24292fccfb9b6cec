/** How jobs of /v2 begin. */
import { createProcessLimits, type RunContext } from '../../../core/run-context.js';
import { createRunId } from '../../../core/run.js';
import type { CatalogView, V2Context } from '../context.js';
import type { Job } from '../schema/job.js';
import type { JobFacts, JobHandle, Jobs } from './jobs.js';

export interface StartedJob {
  job: Job;
  /** Resolves when the work has settled. */
  ended: Promise<unknown>;
}

/** Keeps the storage open from what is checked now to the end of the job. */
export async function startWithView(
  context: V2Context,
  storage: string,
  begin: (view: CatalogView) => Promise<StartedJob>,
): Promise<Job> {
  return new Promise<Job>((resolve, reject) => {
    context
      .view(storage, async (view) => {
        const { job, ended } = await begin(view);
        resolve(job);
        await ended;
      })
      .catch(reject);
  });
}

export async function startJob(
  jobs: Jobs,
  kind: Job['kind'],
  facts: JobFacts,
  work: (handle: JobHandle) => Promise<Partial<Job>>,
): Promise<StartedJob> {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const job = await jobs.start(kind, facts, async (handle) => {
    try {
      return await work(handle);
    } finally {
      end();
    }
  });
  return { job, ended };
}

export function toRunContext({ signal }: Pick<JobHandle, 'signal'>): RunContext {
  return { runId: createRunId(), signal, limits: createProcessLimits(), emit: () => undefined };
}
