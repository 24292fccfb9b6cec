import { describe, expect, it } from 'vitest';
import { CounterBlock } from '../../src/core/counters.js';
import { ToolError } from '../../src/core/errors.js';
import type { EngineEvent } from '../../src/core/events.js';
import { PreparedThreads } from '../../src/core/prepared-threads.js';
import { runLocalWorker } from '../../src/core/worker.js';
import { WorkerPool, type PoolOptions } from '../../src/core/worker-pool.js';
import { createPoolTask } from '../fixtures/pool-task.js';

const KEYS = ['jobs', 'ended'] as const;

type Place = 'threads' | 'prepared threads' | 'the calling thread';

const SCRIPT = new URL('../fixtures/pool-worker.js', import.meta.url);

function setUp(
  workers: number,
  jobs: string[],
  more: Partial<PoolOptions<string, string>> = {},
  { refuse = false, place = 'threads' }: { refuse?: boolean; place?: Place } = {},
) {
  const counters = CounterBlock.allocate(KEYS, workers);
  const events: EngineEvent[] = [];
  const controller = new AbortController();
  const prepared = new PreparedThreads(SCRIPT, place === 'prepared threads' ? workers : 0, workers + 1);
  const pool = new WorkerPool<string, string, string, string[]>({
    script: SCRIPT,
    workers: Array.from({ length: workers }, (_, index) => {
      const data = { index, keys: KEYS, counters: counters.shared, refuse };
      const create = createPoolTask(data, { CounterBlock, ToolError });
      if (place === 'the calling thread') return { start: () => runLocalWorker(create) };
      const thread = prepared.takeThread();
      return thread === undefined ? { data } : { data, thread };
    }),
    jobs,
    emit: (event) => void events.push(event),
    signal: controller.signal,
    firstWorkerNumber: 1,
    stopError: () => new ToolError('STOPPED', 'The run was stopped'),
    ...more,
  });
  return { counters, events, controller, pool };
}

describe.each<Place>(['threads', 'prepared threads', 'the calling thread'])('a worker pool in %s', (place) => {
  it('runs every job once, collects the results and stamps events with the number of the worker', async () => {
    const jobs = ['a', 'bb', 'ccc', 'dddd', 'eeeee'];
    const started: string[] = [];
    const { counters, events, pool } = setUp(2, jobs, { jobStarted: (job) => void started.push(job) }, { place });
    const { results, failure } = await pool.run();
    expect(failure).toBeUndefined();
    expect(results.flat().sort()).toEqual(jobs);
    expect(started).toEqual(jobs);
    expect(events.map((event) => (event.type === 'cluster.nodes' ? event.nodes : 0)).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(events.every(({ worker }) => worker === 1 || worker === 2)).toBe(true);
    expect(counters.sum()).toEqual({ jobs: 5, ended: 2 });
    expect(counters.byWorker()).toHaveLength(2);
  });

  it('hands jobs that are left when all are idle to the worker that they name, and ends without a further one', async () => {
    const done: [job: string, worker: number][] = [];
    const rounds = [['x:1', 'y:1', 'z:0'], ['w:1'], []];
    const { pool } = setUp(
      3,
      ['a', 'b'],
      {
        jobStarted: (job, worker) => void done.push([job, worker]),
        workerFor: (job) => (job.includes(':') ? Number(job.split(':')[1]) : undefined),
        moreJobs: () => rounds.shift()!,
      },
      { place },
    );
    const { failure } = await pool.run();
    expect(failure).toBeUndefined();
    expect(rounds).toEqual([]);
    expect(done.map(([job]) => job).sort()).toEqual(['a', 'b', 'w:1', 'x:1', 'y:1', 'z:0']);
    for (const [job, worker] of done) if (job.includes(':')) expect(job.endsWith(`:${worker}`), job).toBe(true);
  });

  it('runs jobs that are supplied one after another, lets workers wait for them, and ends when there are no more', async () => {
    let supplied = 0;
    async function* supply(): AsyncGenerator<string, void> {
      for (; supplied < 6; supplied++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield 'j'.repeat(supplied + 1);
      }
    }
    const { pool } = setUp(3, [], { supply: supply() });
    const { results, failure } = await pool.run();
    expect(failure).toBeUndefined();
    expect(results.flat().sort()).toEqual(['j', 'jj', 'jjj', 'jjjj', 'jjjjj', 'jjjjjj']);
  });

  it('ends the supply of jobs when a job fails, and fails when the supply does', async () => {
    let ended = false;
    async function* supply(): AsyncGenerator<string, void> {
      try {
        yield await Promise.resolve('throw');
        for (;;) yield 'never';
      } finally {
        ended = true;
      }
    }
    expect((await setUp(1, [], { supply: supply() }).pool.run()).failure).toMatchObject({ code: 'JOB' });
    expect(ended).toBe(true);
    const broken = new Error('no supply');
    // eslint-disable-next-line require-yield
    async function* fail(): AsyncGenerator<string, void> {
      await Promise.reject(broken);
    }
    expect((await setUp(2, [], { supply: fail() }).pool.run()).failure).toMatchObject({ message: 'no supply' });
  });

  it('stops at a rejected job, keeps code and hint of its error, and hands out no further job', async () => {
    const { pool, counters } = setUp(1, ['throw', 'never'], {}, { place });
    const { failure, results } = await pool.run();
    expect(failure).toMatchObject({ code: 'JOB', message: 'The job is impossible', hint: 'check-seeds' });
    expect(results).toEqual([]);
    expect(counters.sum()).toEqual({ jobs: 0, ended: 1 });
  });

  it('lets a worker that reports a failure end with its result', async () => {
    const { pool } = setUp(1, ['report-failure', 'never'], {}, { place });
    const { failure, results } = await pool.run();
    expect(failure).toMatchObject({ message: 'The job failed, and others have to stop' });
    expect(results).toEqual([['report-failure']]);
  });

  it('stops all workers when the signal aborts', async () => {
    let waiting = 0;
    const { pool, controller } = setUp(
      2,
      ['wait-for-stop', 'wait-for-stop', 'never'],
      {
        message: () => {
          if (++waiting === 2) controller.abort();
        },
      },
      { place },
    );
    const { failure, results } = await pool.run();
    expect(failure).toMatchObject({ code: 'STOPPED' });
    expect(results).toEqual([]);
  });

  it('fails with the error of a worker that cannot start', async () => {
    const { failure } = await setUp(2, ['a'], {}, { refuse: true, place }).pool.run();
    expect(failure).toMatchObject({ code: 'SETUP', message: 'The worker cannot start' });
  });

  it('passes requests to workers and their answers back', async () => {
    const answers: string[] = [];
    const { pool, controller } = setUp(
      1,
      ['wait-for-stop'],
      {
        message: (message) => {
          answers.push(message);
          if (message === 'waiting') pool.requestAll('x');
          else controller.abort();
        },
      },
      { place },
    );
    await pool.run();
    expect(answers).toEqual(['waiting', 'answer to x']);
  });
});

describe('a worker pool of threads', () => {
  it('fails when a thread ends without a result', async () => {
    const { failure } = await setUp(1, ['crash']).pool.run();
    expect(failure).toMatchObject({ code: 'INTERNAL', message: 'Worker 0 ended early (code 3)' });
  });
});
