/** A worker thread of a restore. */
import { runWorker } from '../../core/worker.js';
import { createRestoreTask } from './restore-task.js';

runWorker(createRestoreTask);
