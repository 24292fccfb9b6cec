/**
 * What a thread does before it ends. Node 20 waits for the optimizing compiler's jobs when a thread ends, without
 * serving them: a job that needs a garbage collection just then waits for the thread, the thread for the job, and the
 * process stays for ever although everything is done (nodejs/node issue 54918). Of some hundred short runs one did.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { MessagePort } from 'node:worker_threads';

/** After a collection V8 lets the heap grow by more than this before another one is needed. */
const ROOM_BYTES = 2 * 1024 * 1024;

/** Of this thread. */
let usedAfterCollection = -Infinity;

/**
 * Collects garbage, so that the jobs still running find memory enough. Takes 10 ms, so that a thread which has to wait
 * for something shortly before its end does it then; at the end there is nothing left to do unless much was allocated.
 */
export function collectGarbageBeforeExit(): void {
  if (getHeapStatistics().used_heap_size - usedAfterCollection < ROOM_BYTES) return;
  // eslint-disable-next-line no-restricted-syntax -- a flag of V8, not an option of these programs
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  usedAfterCollection = getHeapStatistics().used_heap_size;
}

/** The end of a worker thread, after everything was said. */
export function exitWorker(port: MessagePort): void {
  collectGarbageBeforeExit();
  port.close();
}
