/** The main thread's side of workers, for backup, restore and validation: hands out jobs, ends all together. */
import { Worker, type MessagePort, type Transferable } from 'node:worker_threads';
import { followAbort } from './abort.js';
import { deserializeError, serializeError, ToolError, type SerializedError } from './errors.js';
import type { EmitEvent } from './events.js';
import { THREAD_LIMITS } from './prepared-threads.js';
import type { ThreadData } from './worker.js';
import type { PoolMessage, PoolRequest } from './worker-protocol.js';

/** A thread of its own, or a worker in the calling thread. */
export type WorkerSetup =
  | {
      /** What the thread is told. */
      data: unknown;
      transfer?: readonly Transferable[];
      /** Of PreparedThreads; absent = one is started. */
      thread?: Worker;
    }
  | {
      /** Of `runLocalWorker` (worker.ts). */
      start: () => MessagePort;
    };

export interface PoolOptions<Job, Message> {
  /** A module that calls `runWorker` (worker.ts). */
  script: URL;
  workers: readonly WorkerSetup[];
  /** Handed out in their order; a worker gets the next one when it is idle. */
  jobs: readonly Job[];
  emit: EmitEvent;
  /** Aborting stops all workers in an orderly way. */
  signal: AbortSignal;
  /** What the log calls the first worker; events are stamped with it. */
  firstWorkerNumber: 0 | 1;
  jobStarted?: (job: Job, worker: number) => void;
  /** The worker has no job, or none any more. */
  idle?: (worker: number) => void;
  message?: (message: Message, worker: number) => void;
  /** Called when all workers are idle and no job is left: further jobs, or none. Absent = there are never more. */
  moreJobs?: () => readonly Job[];
  /** Further jobs behind `jobs`, asked for a few in advance. Not together with `moreJobs`. */
  supply?: AsyncGenerator<Job, void>;
  /** The only worker that may do a job; undefined = any. Only for `moreJobs`: all workers are idle then. */
  workerFor?: (job: Job) => number | undefined;
  /** What a job carries that is moved to the worker instead of being copied. */
  transferOf?: (job: Job) => readonly Transferable[];
  /** The error that an aborted `signal` makes of the run. */
  stopError: (reason: unknown) => ToolError;
}

export interface PoolOutcome<Result> {
  /** Of the workers that came to their end, in no particular order. */
  results: Result[];
  /** The first failure of a worker, of `fail`, or the stop that was asked for. */
  failure?: ToolError;
}

/**
 * Runs jobs on worker threads. At the first failure, or when the signal aborts, no further job is handed out and all
 * workers are told to stop; `run` settles when every worker has ended, and never rejects.
 */
export class WorkerPool<Job, Request, Message, Result> {
  private readonly queue: Job[];
  private readonly workers: (Worker | MessagePort)[];
  private readonly results: Result[] = [];
  private failure: SerializedError | undefined;
  /** Without a job, as others may leave some. */
  private readonly waiting = new Set<number>();
  private supplyEnded: boolean;
  private awaitingSupply = false;

  constructor(private readonly options: PoolOptions<Job, Message>) {
    this.queue = [...options.jobs];
    this.supplyEnded = options.supply === undefined;
    this.workers = options.workers.map((setup) => {
      if ('start' in setup) return setup.start();
      const { data, transfer = [], thread } = setup;
      if (thread !== undefined) {
        const first: ThreadData = { data };
        thread.postMessage(first, transfer);
        return thread;
      }
      return new Worker(options.script, {
        workerData: data,
        transferList: [...transfer],
        resourceLimits: THREAD_LIMITS,
      });
    });
  }

  async run(): Promise<PoolOutcome<Result>> {
    const { signal, stopError } = this.options;
    const ended = Promise.all(this.workers.map((worker, index) => this.watch(worker, index)));
    const stopFollowing = followAbort(signal, () => this.fail(stopError(signal.reason)));
    await ended;
    await this.options.supply?.return();
    stopFollowing();
    const { results, failure } = this;
    return failure === undefined ? { results } : { results, failure: deserializeError(failure) };
  }

  /** Stops the run; only the first failure counts. */
  fail(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = serializeError(error);
    for (const worker of this.workers) this.post(worker, { type: 'stop', reason: this.failure });
    for (const index of this.waiting) this.post(this.workers[index]!, { type: 'finish' });
    this.waiting.clear();
  }

  /** Sends a request to one worker. */
  request(worker: number, request: Request, transfer: readonly Transferable[] = []): void {
    this.post(this.workers[worker]!, { type: 'request', request }, transfer);
  }

  requestAll(request: Request): void {
    for (const worker of this.workers) this.post(worker, { type: 'request', request });
  }

  private post(
    worker: Worker | MessagePort,
    request: PoolRequest<Job, Request>,
    transfer: readonly Transferable[] = [],
  ): void {
    worker.postMessage(request, [...transfer]);
  }

  /** Settles when the worker has ended. */
  private watch(worker: Worker | MessagePort, index: number): Promise<void> {
    return new Promise((resolve) => {
      let finished = false;
      const onMessage = (message: PoolMessage<Message, Result>): void => {
        if (message.type === 'finished') finished = true;
        this.handleMessage(message, worker, index);
      };
      const onError = (error: unknown): void => this.fail(endedEarly(index, error));
      const onEnd = (code: number): void => {
        // Whatever ends a worker, its job is not done unless it reports so.
        if (!finished) this.fail(new ToolError('INTERNAL', `Worker ${index} ended early (code ${code})`));
        resolve();
      };
      if (worker instanceof Worker) {
        worker.on('message', onMessage).on('messageerror', onError).on('error', onError).on('exit', onEnd);
      } else {
        worker
          .on('message', onMessage)
          .on('messageerror', onError)
          .on('close', () => onEnd(0));
      }
    });
  }

  private handleMessage(message: PoolMessage<Message, Result>, worker: Worker | MessagePort, index: number): void {
    const { options } = this;
    switch (message.type) {
      case 'idle':
        options.idle?.(index);
        this.assign(worker, index);
        break;
      case 'event':
        options.emit({ ...message.event, worker: index + options.firstWorkerNumber });
        break;
      case 'message':
        options.message?.(message.message, index);
        break;
      case 'failed':
        this.fail(deserializeError(message.error));
        break;
      case 'finished':
        this.results.push(message.result);
        break;
    }
  }

  private assign(worker: Worker | MessagePort, index: number): void {
    const { moreJobs } = this.options;
    if (this.failure === undefined && this.startNextJob(worker, index)) {
      this.askSupply();
      return;
    }
    if (this.failure !== undefined || (moreJobs === undefined && this.supplyEnded)) {
      this.post(worker, { type: 'finish' });
      return;
    }
    this.waiting.add(index);
    this.askSupply();
    if (moreJobs === undefined) return;
    if (this.waiting.size === this.workers.length) this.resumeWaiting(moreJobs());
  }

  /** Keeps as many jobs ready as there are workers. */
  private askSupply(): void {
    const { supply } = this.options;
    if (supply === undefined || this.supplyEnded || this.awaitingSupply || this.failure !== undefined) return;
    if (this.queue.length >= this.workers.length) return;
    this.awaitingSupply = true;
    supply.next().then(
      ({ done, value }) => {
        this.awaitingSupply = false;
        if (this.failure !== undefined) return;
        this.supplyEnded = done === true;
        this.resumeWaiting(value === undefined ? [] : [value]);
        this.askSupply();
      },
      (error: unknown) => this.fail(error),
    );
  }

  /** Workers without a job go on waiting: the jobs of the others may leave some. */
  private resumeWaiting(jobs: readonly Job[]): void {
    this.queue.push(...jobs);
    for (const index of [...this.waiting]) {
      const worker = this.workers[index]!;
      if (jobs.length === 0) this.post(worker, { type: 'finish' });
      else if (!this.startNextJob(worker, index)) continue;
      this.waiting.delete(index);
    }
  }

  /** False = there is no job that the worker may do. */
  private startNextJob(worker: Worker | MessagePort, index: number): boolean {
    const { workerFor, jobStarted, transferOf } = this.options;
    const at = this.queue.findIndex((job) => (workerFor?.(job) ?? index) === index);
    if (at < 0) return false;
    const [job] = this.queue.splice(at, 1) as [Job];
    jobStarted?.(job, index);
    this.post(worker, { type: 'job', job }, transferOf?.(job));
    return true;
  }
}

/** Thrown errors lose their class on the way between threads, but keep what they own. */
function endedEarly(index: number, error: unknown): ToolError {
  const { code, message, stack, details, hint } = serializeError(error);
  const own = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : code;
  const failure = new ToolError(own, `Worker ${index} failed: ${message}`, { details, hint });
  if (stack !== '') failure.stack = stack;
  return failure;
}
