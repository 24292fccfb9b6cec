/** The skeleton of every worker: one job after another, until the pool (worker-pool.ts) has no more. */
import { MessageChannel, parentPort, workerData, type MessagePort, type Transferable } from 'node:worker_threads';
import { deserializeError, serializeError } from './errors.js';
import type { EmitEvent } from './events.js';
import { exitWorker } from './worker-exit.js';
import type { PoolMessage, PoolRequest } from './worker-protocol.js';

/** The way to the main thread. */
export interface WorkerLink<Message> {
  emit: EmitEvent;
  post(message: Message, transfer?: readonly Transferable[]): void;
  /** Reports a failure that concerns all workers, without ending this one. */
  fail(error: unknown): void;
  /** Aborts with a ToolError when the run is to end: `runJob` has to settle soon. */
  readonly signal: AbortSignal;
}

export interface WorkerTask<Job, Request, Result> {
  /** A rejection stops the whole run, this worker after `abort`. */
  runJob(job: Job): Promise<void>;
  request?(request: Request): Promise<void> | void;
  /** There are no more jobs. Closes everything. */
  finish(): Promise<Result>;
  /** Something was rejected: saves what can be saved and closes everything. Never rejects. */
  abort?(error: unknown): Promise<void>;
}

/** Makes the task of a worker, which says what happens through the link. */
export type CreateTask<Job, Request, Message, Result> = (
  link: WorkerLink<Message>,
) => Promise<WorkerTask<Job, Request, Result>>;

/** Instead of the data of a thread that gets them with its first message (prepared-threads.ts). */
export const TOLD_LATER = 'told later';

/** The first message to such a thread. */
export interface ThreadData {
  data: unknown;
}

/**
 * To be called once, by the script of a worker thread. A rejection of `create`, or of anything the task does, is
 * reported as the failure of the run.
 */
export function runWorker<Job, Request, Message, Result>(
  create: (data: never, link: WorkerLink<Message>) => Promise<WorkerTask<Job, Request, Result>>,
): void {
  const port = parentPort;
  if (port === null) throw new Error('This module runs in a worker thread only');
  const serve = (data: unknown): void =>
    serveJobs<Job, Request, Message, Result>(
      port,
      (link) => create(data as never, link),
      () => exitWorker(port),
    );
  if (workerData === TOLD_LATER) port.once('message', ({ data }: ThreadData) => serve(data));
  else serve(workerData);
}

/**
 * A worker in the thread that calls this. The port is the pool's end: it closes where a thread would end. Everything
 * is copied or transferred on the way, as between threads.
 */
export function runLocalWorker<Job, Request, Message, Result>(
  create: CreateTask<Job, Request, Message, Result>,
): MessagePort {
  const { port1, port2 } = new MessageChannel();
  serveJobs(port2, create, () => port2.close());
  return port1;
}

function serveJobs<Job, Request, Message, Result>(
  port: MessagePort,
  create: CreateTask<Job, Request, Message, Result>,
  exit: () => void,
): void {
  const send = (message: PoolMessage<Message, Result>, transfer: readonly Transferable[] = []): void =>
    port.postMessage(message, [...transfer]);
  const stopping = new AbortController();
  const link: WorkerLink<Message> = {
    emit: (event) => send({ type: 'event', event }),
    post: (message, transfer) => send({ type: 'message', message }, transfer),
    fail: (error) => send({ type: 'failed', error: serializeError(error) }),
    signal: stopping.signal,
  };
  let failed = false;
  let task: WorkerTask<Job, Request, Result> | undefined;
  const guard = (work: () => Promise<void>): void => {
    work().catch(async (error: unknown) => {
      if (failed) return;
      failed = true;
      await task?.abort?.(error);
      link.fail(error);
      exit();
    });
  };
  port.on('message', (message: PoolRequest<Job, Request>) => {
    switch (message.type) {
      case 'job':
        guard(async () => {
          await task!.runJob(message.job);
          send({ type: 'idle' });
        });
        break;
      case 'finish':
        guard(async () => {
          // Only an idle worker is told to finish, so there is a task.
          send({ type: 'finished', result: await task!.finish() });
          exit();
        });
        break;
      case 'request':
        guard(async () => task?.request?.(message.request));
        break;
      case 'stop':
        stopping.abort(deserializeError(message.reason));
        break;
    }
  });
  guard(async () => {
    task = await create(link);
    send({ type: 'idle' });
  });
}
