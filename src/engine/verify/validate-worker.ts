/** A worker thread of a validation. */
import { workerData } from 'node:worker_threads';
import { runWorker } from '../../core/worker.js';
import type { FileJob } from '../input/input.js';
import { createValidateTask } from './validate-task.js';
import type { FileChecked, ValidateWorkerData } from './worker-protocol.js';

runWorker<FileJob, never, FileChecked, null>((link) => createValidateTask(workerData as ValidateWorkerData, link));
