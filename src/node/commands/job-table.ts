/** Queries under way and lately done, for `query-show` and for the check of task ids (wire.md 5.4, 9.4). */

export interface QueryJob {
  /** Number of the node it runs on: one task id goes to every node. */
  node: number;
  /** Task id; 0 if the client sent none. */
  trid: bigint;
  namespace: string;
  set: string;
  sindex: string;
  pids: number;
  digests: number;
  rps: number;
  from: string;
  type: 'basic' | 'background';
  startedMs: number;
  /** Undefined while it runs. */
  doneMs: number | undefined;
  result: number;
  rows: number;
  aborted: boolean;
}

/** `query-max-done`: how many finished jobs are remembered. */
const MAX_DONE = 100;

export class QueryJobTable {
  private readonly jobs: QueryJob[] = [];

  /** Undefined: the task id is in use or was lately (5.1). */
  start(job: QueryJob): QueryJob | undefined {
    if (job.trid !== 0n && this.find(job.trid, job.node) !== undefined) return undefined;
    this.jobs.push(job);
    return job;
  }

  finish(job: QueryJob, result: number, nowMs: number): void {
    job.doneMs = nowMs;
    job.result = result;
    const done = this.jobs.filter((one) => one.doneMs !== undefined);
    if (done.length > MAX_DONE) this.jobs.splice(this.jobs.indexOf(done[0]!), 1);
  }

  find(trid: bigint, node: number): QueryJob | undefined {
    return this.jobs.find((job) => job.trid === trid && job.node === node);
  }

  /** False if there is no such running job. */
  abort(trid: bigint, node: number): boolean {
    const job = this.find(trid, node);
    if (job?.doneMs !== undefined || job === undefined) return false;
    job.aborted = true;
    return true;
  }

  describeAll(node: number, nowMs: number): string {
    const own = this.jobs.filter((job) => job.node === node);
    return own.map((job) => describe(job, nowMs)).join(';');
  }

  describe(trid: bigint, node: number, nowMs: number): string | undefined {
    const job = this.find(trid, node);
    return job === undefined ? undefined : describe(job, nowMs);
  }
}

function describe(job: QueryJob, nowMs: number): string {
  const status = job.doneMs === undefined ? 'active(ok)' : job.result === 0 ? 'done(ok)' : `done(abort-${job.result})`;
  const fields: Record<string, string | number> = {
    trid: job.trid.toString(),
    ns: job.namespace,
    set: job.set,
    'sindex-name': job.sindex,
    'n-pids-requested': job.pids,
    'n-keyds-requested': job.digests,
    rps: job.rps,
    'active-threads': job.doneMs === undefined ? 1 : 0,
    status,
    'job-progress': job.doneMs === undefined ? '0.00' : '100.00',
    'run-time': (job.doneMs ?? nowMs) - job.startedMs,
    'time-since-done': job.doneMs === undefined ? 0 : nowMs - job.doneMs,
    'recs-throttled': 0,
    'recs-filtered-meta': 0,
    'recs-filtered-bins': 0,
    'recs-succeeded': job.rows,
    'recs-failed': 0,
    from: job.from.replace(':', '+'),
    'job-type': job.type,
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}=${value}`)
    .join(':');
}
