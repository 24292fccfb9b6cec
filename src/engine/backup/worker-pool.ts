/** The main thread's side of the backup workers: hands out jobs, collects what they say, ends them together. */
import { Worker } from 'node:worker_threads';
import type { PartitionFilter } from '../../aerospike/config.js';
import { ToolError } from '../../core/errors.js';
import type { LogLevel, LogLine } from '../../core/log.js';
import type { ByteSink } from '../../core/byte-stream.js';
import type {
  FileLength,
  BackupWorkerMessage,
  JobFilter,
  BackupWorkerRequest,
  BackupWorkerData,
} from './worker-protocol.js';
import type { ProgressDelta } from './output/chunk-output.js';

export interface Job {
  filter: PartitionFilter;
  /** Undefined = all. */
  maxRecords: number | undefined;
  /** How far it has come in an earlier run. */
  cursors: Uint8Array | undefined;
}

/** Workers at work hand over what they have within milliseconds. */
const FLUSH_GRACE_MS = 250;

/** What the pool needs of the checkpoints. */
export interface Checkpoints {
  durable(stretch: ProgressDelta, file: FileLength | undefined): void;
  appended(stretch: ProgressDelta): void;
  committed(bytes: number): void;
  /** 0 = only at the end. */
  intervalMs: number;
}

export interface BackupPoolEvents {
  jobStarted(job: PartitionFilter, worker: number): void;
  jobDone(job: PartitionFilter, worker: number, records: number, bytes: number): void;
  /** The job ended before its scan did. */
  jobStopped(job: PartitionFilter, worker: number, records: number, bytes: number): void;
  log(level: LogLevel, line: LogLine, worker: number): void;
}

/** A worker failed, or the run was stopped: what it says, and the files it left behind unfinished. */
export class WorkerError extends ToolError {
  readonly openFiles: string[];

  constructor(code: string, message: string, stack: string, openFiles: string[]) {
    super(code, message);
    if (stack !== '') this.stack = stack;
    this.openFiles = openFiles;
  }
}

/**
 * Runs `jobs` on one worker thread per setup. Resolves with the files of all workers when every job is done; at the
 * first failure, or when `signal` aborts, stops the others, waits for all to close their files, and throws.
 */
export async function runBackupJobs(
  jobs: readonly Job[],
  setups: readonly BackupWorkerData[],
  output: ByteSink | undefined,
  events: BackupPoolEvents,
  signal: AbortSignal | undefined,
  checkpoints: Checkpoints | undefined,
): Promise<{ name: string; bytes: number }[]> {
  const queue = [...jobs];
  const files: { name: string; bytes: number }[] = [];
  const openFiles: string[] = [];
  let failure: { code: string; message: string; stack: string } | undefined;
  const workers = setups.map(
    (setup) =>
      new Worker(new URL('./backup-worker.js', import.meta.url), {
        workerData: setup,
        transferList: setup.storage?.ports ?? [],
        stdout: false,
        stderr: false,
      }),
  );
  const tell = (worker: Worker, message: BackupWorkerRequest, transfer: ArrayBuffer[] = []): void => {
    worker.postMessage(message, transfer);
  };
  const fail = (code: string, message: string, stack: string): void => {
    failure ??= { code, message, stack };
    for (const worker of workers) tell(worker, { type: 'stop' });
  };
  const onAbort = (): void => fail('STOPPED', 'The backup was stopped before it was complete.', '');
  signal?.addEventListener('abort', onAbort, { once: true });

  // Chunks of all workers are appended in the order of their arrival; also those that a stopped worker still hands over.
  let writing: Promise<void> = Promise.resolve();
  let outputFailed = false;
  const write = (work: (sink: ByteSink) => Promise<void>): void => {
    writing = writing.then(async () => {
      if (outputFailed || output === undefined) return;
      try {
        await work(output);
      } catch (error) {
        outputFailed = true;
        const code = error instanceof ToolError ? error.code : 'INTERNAL';
        fail(code, error instanceof Error ? error.message : String(error), '');
      }
    });
  };
  const append = (worker: Worker, memory: ArrayBuffer, length: number, stretch: ProgressDelta): void => {
    write(async (sink) => {
      await sink.write(Buffer.from(memory, 0, length));
      checkpoints?.appended(stretch);
    });
    writing = writing.then(() => tell(worker, { type: 'written', memory }, [memory]));
  };
  const commit = (): void => {
    write(async (sink) => checkpoints?.committed(await sink.sync()));
  };
  let soon: NodeJS.Timeout | undefined;
  const timer =
    checkpoints === undefined || checkpoints.intervalMs === 0
      ? undefined
      : setInterval(() => {
          for (const worker of workers) tell(worker, { type: 'checkpoint' });
          // Not at once: what the workers hand over for it would have to wait for the next time.
          soon = setTimeout(commit, Math.min(FLUSH_GRACE_MS, checkpoints.intervalMs / 2));
        }, checkpoints.intervalMs);

  const lives = workers.map(
    (worker, index) =>
      new Promise<void>((resolve) => {
        let finished = false;
        worker.on('message', (message: BackupWorkerMessage) => {
          switch (message.type) {
            case 'idle': {
              const job = failure === undefined ? queue.shift() : undefined;
              if (job === undefined) {
                tell(worker, { type: 'finish' });
              } else {
                events.jobStarted(job.filter, index);
                tell(worker, { type: 'job', filter: job.filter, maxRecords: job.maxRecords, cursors: job.cursors });
              }
              break;
            }
            case 'jobDone':
            case 'jobStopped':
              events[message.type](restoreFilter(message.filter), index, message.records, message.bytes);
              break;
            case 'chunk':
              append(worker, message.memory, message.length, stretchOf(message));
              break;
            case 'note':
              write(() => Promise.resolve(checkpoints?.appended(stretchOf(message))));
              break;
            case 'durable':
              checkpoints?.durable(stretchOf(message), message.file);
              break;
            case 'finished':
              finished = true;
              files.push(...message.files);
              break;
            case 'log':
              events.log(message.level, message.line, index);
              break;
            case 'failed':
              openFiles.push(...message.openFiles);
              fail(message.code, message.message, message.stack);
              break;
          }
        });
        worker.on('error', (error: unknown) => {
          const stack = error instanceof Error ? (error.stack ?? '') : '';
          fail('INTERNAL', `Worker ${index} failed: ${error instanceof Error ? error.message : String(error)}`, stack);
        });
        worker.on('messageerror', (error) =>
          fail('INTERNAL', `Worker ${index} was not understood: ${error.message}`, ''),
        );
        worker.on('exit', (code) => {
          // Whatever ends a thread, its job is not done unless it says so.
          if (!finished && failure === undefined) fail('INTERNAL', `Worker ${index} ended early (code ${code}).`, '');
          resolve();
        });
      }),
  );
  try {
    if (signal?.aborted === true) onAbort();
    await Promise.all(lives);
    commit();
    await writing;
  } finally {
    clearInterval(timer);
    clearTimeout(soon);
    signal?.removeEventListener('abort', onAbort);
  }
  if (failure !== undefined) throw new WorkerError(failure.code, failure.message, failure.stack, openFiles);
  return files;
}

function stretchOf({ cursors, records }: { cursors: Uint8Array; records: number }): ProgressDelta {
  return { cursors: new Uint8Array(cursors), records };
}

function restoreFilter(filter: JobFilter): PartitionFilter {
  return filter.kind === 'range' ? filter : { kind: 'digest', digest: Buffer.from(filter.digest) };
}
