/** Worker threads that load their code while a run is still being prepared, and are told later what they have to do. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { TOLD_LATER } from './worker.js';

/**
 * Memory of a thread for new objects. It would grow to 12 MiB while the thread loads its code, and a worker makes no
 * use of so much: it allocates little for a record.
 */
const YOUNG_GENERATION_MIB = 3;

export const THREAD_LIMITS = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB };

export class PreparedThreads {
  private readonly threads: Worker[];

  /**
   * @param script a module that calls `runWorker` (worker.ts)
   * @param wanted at most; no more are started than processors are idle while the main thread prepares the run
   */
  constructor(script: URL, wanted: number, processors = availableParallelism()) {
    const count = Math.max(0, Math.min(wanted, processors - 1));
    this.threads = Array.from({ length: count }, () => startThread(script));
  }

  /** The thread is the caller's. undefined = there is none left. */
  takeThread(): Worker | undefined {
    for (;;) {
      const thread = this.threads.shift();
      // One that has ended already has a negative number.
      if (thread === undefined || thread.threadId >= 0) return thread;
    }
  }

  /** Ends those that nobody has taken. */
  async close(): Promise<void> {
    await Promise.all(this.threads.splice(0).map((thread) => thread.terminate()));
  }
}

function startThread(script: URL): Worker {
  const thread = new Worker(script, { workerData: TOLD_LATER, resourceLimits: THREAD_LIMITS });
  // Who takes it listens for itself; until then it ends without a word, and is not taken.
  thread.on('error', () => undefined);
  return thread;
}
