import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { ToolError } from '../../src/core/errors.js';
import { PreparedThreads } from '../../src/core/prepared-threads.js';
import { WorkerPool } from '../../src/core/worker-pool.js';

const SCRIPT = new URL('../fixtures/pool-worker.js', import.meta.url);
const MISSING = new URL('../fixtures/no-such-worker.js', import.meta.url);

describe('prepared threads', () => {
  it('are no more than are wanted, nor than processors beside the one of the main thread', async () => {
    for (const [wanted, processors, expected] of [
      [2, 8, 2],
      [8, 3, 2],
      [4, 1, 0],
      [0, 8, 0],
    ] as const) {
      const threads = new PreparedThreads(SCRIPT, wanted, processors);
      const taken = Array.from({ length: 9 }, () => threads.takeThread()).filter((thread) => thread !== undefined);
      expect(taken).toHaveLength(expected);
      await Promise.all(taken.map((thread) => thread.terminate()));
    }
  });

  it('end when they are closed, but for those that were taken', async () => {
    const threads = new PreparedThreads(SCRIPT, 2, 3);
    const taken = threads.takeThread()!;
    await threads.close();
    expect(threads.takeThread()).toBeUndefined();
    expect(taken.threadId).toBeGreaterThan(0);
    await taken.terminate();
  });

  it('are not taken when they have ended', async () => {
    const created = once(process, 'worker');
    const threads = new PreparedThreads(MISSING, 1, 2);
    const [worker] = (await created) as [Worker];
    await new Promise((resolve) => worker.once('exit', resolve));
    expect(threads.takeThread()).toBeUndefined();
  });

  it('end the run if they cannot load their code', async () => {
    const thread = new PreparedThreads(MISSING, 1, 2).takeThread()!;
    const pool = new WorkerPool({
      script: SCRIPT,
      workers: [{ data: undefined, thread }],
      jobs: ['a'],
      emit: () => undefined,
      signal: new AbortController().signal,
      firstWorkerNumber: 0,
      stopError: () => new ToolError('STOPPED', 'The run was stopped'),
    });
    const { failure } = await pool.run();
    expect(failure?.message).toMatch(/^Worker 0 failed: Cannot find module/);
  });
});
