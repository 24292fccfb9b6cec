/** A worker thread of a backup. */
import { workerData } from 'node:worker_threads';
import { runWorker } from '../../core/worker.js';
import { createBackupTask } from './backup-task.js';
import type {
  BackupJob,
  BackupMessage,
  BackupRequest,
  BackupWorkerData,
  BackupWorkerResult,
} from './worker-protocol.js';

runWorker<BackupJob, BackupRequest, BackupMessage, BackupWorkerResult>((link) =>
  createBackupTask(workerData as BackupWorkerData, link),
);
