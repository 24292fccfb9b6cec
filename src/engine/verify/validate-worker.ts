/** A worker thread of a validation. */
import { runWorker } from '../../core/worker.js';
import { createValidateTask } from './validate-task.js';

runWorker(createValidateTask);
