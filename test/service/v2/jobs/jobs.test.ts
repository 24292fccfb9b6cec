/** Jobs of a service with a directory of data. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NO_EVENTS } from '../../../../src/service/events/event-bus.js';
import { Jobs, type JobHandle } from '../../../../src/service/v2/jobs/jobs.js';
import { scratch } from '../../../support/target.js';

const silent = (): void => undefined;
const log = { info: silent, error: silent, verbose: silent };
const metrics = { start: silent, progress: silent, finish: silent };
const folder = scratch();
afterAll(() => folder.remove());

function openJobs(name: string): Promise<Jobs> {
  const dataDirectory = join(folder.path, name);
  mkdirSync(dataDirectory, { recursive: true });
  return Jobs.open({ metrics, events: NO_EVENTS, log, now: Date.now, dataDirectory });
}

/** Runs until its signal aborts. */
function endless({ signal }: JobHandle): Promise<object> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

describe('a job that runs when its process ends', () => {
  for (const kind of ['COPY', 'VERIFY'] as const) {
    const facts = { storage: 's', backup: 'b', ...(kind === 'COPY' ? { to: 't' } : {}) };

    it(`${kind}, killed, has failed with a reason after the restart`, async () => {
      const killed = await openJobs(kind);
      const { id } = await killed.start(kind, facts, endless);
      const restarted = await openJobs(kind);
      const error = { code: 'stopping', message: 'The service was restarted while the job ran' };
      const failed = { kind, state: 'FAILED', error, ...facts };
      expect(await restarted.read(id)).toMatchObject(failed);
      // It is kept as it was answered.
      expect(await (await openJobs(kind)).read(id)).toMatchObject(failed);
      await killed.stop();
    });

    it(`${kind}, stopped, has failed with a reason after the restart`, async () => {
      const stopped = await openJobs(`${kind}-stopped`);
      const { id } = await stopped.start(kind, facts, endless);
      await stopped.stop();
      const error = { code: 'stopping', message: 'The service was stopped while the job ran' };
      expect(await (await openJobs(`${kind}-stopped`)).read(id)).toMatchObject({ kind, state: 'FAILED', error });
    });
  }
});
