/** The main thread's side of the restore workers: hands out files, passes on what they say, ends them together. */
import { Worker } from 'node:worker_threads';
import { errorMessage, ToolError } from '../../core/errors.js';
import type { MetadataEntry } from '../../core/sindex.js';
import type { LogLevel, LogLine } from '../../core/log.js';
import { errorOf, noticeOf, type SerializedError } from './errors.js';
import type {
  FileContents,
  FileJob,
  RestoreWorkerMessage,
  ReadingLink,
  RestoreWorkerRequest,
  WorkerResult,
} from './worker-protocol.js';

export interface RestorePoolEvents {
  fileStarted(job: FileJob, worker: number): void;
  fileFailed(error: Error, worker: number): void;
  /** The worker is through with its file, or has none yet. */
  idle?(worker: number): void;
  fileChecked?(contents: FileContents, worker: number): void;
  /** Settles when the entry has been seen to. Never rejects. */
  global(entry: MetadataEntry): Promise<void>;
  log(level: LogLevel, line: LogLine, worker: number): void;
}

export interface PoolOutcome {
  /** What stopped the run before all files were done. */
  stopReason?: Error;
  findings: WorkerResult;
}

/**
 * Runs `jobs` on one worker thread per setup, of the given script. Resolves when every worker has ended; at the first failure that concerns
 * all, or when `signal` aborts, no further file is begun and all stop writing. Never rejects.
 */
export async function runRestoreJobs(
  script: URL,
  jobs: readonly FileJob[],
  setups: readonly { storage?: ReadingLink }[],
  events: RestorePoolEvents,
  signal: AbortSignal | undefined,
): Promise<PoolOutcome> {
  const queue = [...jobs];
  const findings: WorkerResult = { nullSetSeen: false, ttlsCut: 0, persistBitsCleared: 0, sorted: 0 };
  let stopReason: SerializedError | undefined;
  const workers = setups.map((setup) => {
    const transferList = setup.storage?.ports ?? [];
    return new Worker(script, { workerData: setup, transferList });
  });
  const tell = (worker: Worker, message: RestoreWorkerRequest): void =>
    worker.postMessage(message, message.type === 'file' && message.job.port !== undefined ? [message.job.port] : []);
  const stop = (reason: SerializedError): void => {
    if (stopReason !== undefined) return;
    stopReason = reason;
    for (const worker of workers) tell(worker, { type: 'stop', reason });
  };

  const handle = (message: RestoreWorkerMessage, worker: Worker, index: number): void => {
    switch (message.type) {
      case 'idle': {
        events.idle?.(index);
        const job = stopReason === undefined ? queue.shift() : undefined;
        if (job === undefined) {
          tell(worker, { type: 'finish' });
        } else {
          events.fileStarted(job, index);
          tell(worker, { type: 'file', job });
        }
        return;
      }
      case 'fileFailed':
        events.fileFailed(errorOf(message.failure), index);
        return;
      case 'fileChecked':
        events.fileChecked?.(message.contents, index);
        return;
      case 'global':
        void events.global(message.entry).then(() => tell(worker, { type: 'globalDone' }));
        return;
      case 'log':
        events.log(message.level, message.line, index);
        return;
      case 'stopped':
        stop(message.failure);
        return;
      case 'finished':
        findings.nullSetSeen ||= message.findings.nullSetSeen;
        findings.ttlsCut += message.findings.ttlsCut;
        findings.persistBitsCleared += message.findings.persistBitsCleared;
        findings.sorted += message.findings.sorted;
        return;
    }
  };
  const onAbort = (): void => {
    const reason: unknown = signal?.reason;
    const text = reason instanceof ToolError ? reason.message : 'The restore was stopped before it was complete.';
    stop({ code: 'RESTORE_INTERRUPTED', message: text });
  };
  const lives = workers.map(
    (worker, index) =>
      new Promise<void>((resolve) => {
        worker.on('message', (message: RestoreWorkerMessage) => handle(message, worker, index));
        worker.on('error', (error: unknown) => {
          const notice = noticeOf(error);
          // Thrown errors lose their class on the way, but keep what they own.
          if (error instanceof Error && 'code' in error && typeof error.code === 'string') notice.code = error.code;
          stop({ ...notice, message: `A restore thread ended early: ${errorMessage(error)}` });
        });
        worker.on('exit', () => resolve());
      }),
  );
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  await Promise.all(lives);
  signal?.removeEventListener('abort', onAbort);
  return stopReason === undefined ? { findings } : { stopReason: errorOf(stopReason), findings };
}
