/**
 * What a thread does before it ends. Node 20 waits for the optimizing compiler's jobs when a thread ends, without
 * serving them: a job that needs a garbage collection just then waits for the thread, the thread for the job, and the
 * process stays for ever although everything is done (nodejs/node issue 54918). Of some hundred short runs one did.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { MessagePort } from 'node:worker_threads';

/** Collects garbage, so that the jobs still running find memory enough. Takes a few milliseconds. */
export function collectGarbageBeforeExit(): void {
  // eslint-disable-next-line no-restricted-syntax -- a flag of V8, not an option of these programs
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}

/** The end of a worker thread, after everything was said. */
export function exitWorker(port: MessagePort): void {
  collectGarbageBeforeExit();
  port.close();
}
