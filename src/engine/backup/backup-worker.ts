/** A worker thread of a backup. */
import { runWorker } from '../../core/worker.js';
import { createBackupTask } from './backup-task.js';

runWorker(createBackupTask);
