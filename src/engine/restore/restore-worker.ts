/** A worker thread of a restore. */
import { workerData } from 'node:worker_threads';
import { runWorker } from '../../core/worker.js';
import type { FileJob } from '../input/input.js';
import { createRestoreTask } from './restore-task.js';
import type { MetadataDone, RestoreWorkerData, RestoreWorkerMessage, WorkerResult } from './worker-protocol.js';

runWorker<FileJob, MetadataDone, RestoreWorkerMessage, WorkerResult>((link) =>
  createRestoreTask(workerData as RestoreWorkerData, link),
);
