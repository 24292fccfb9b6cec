import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/service/errors.js';
import { createApp } from '../../../src/service/http/app.js';
import { Readiness } from '../../../src/service/http/readiness.js';
import { createServices } from './fakes.js';

const never = (): Promise<void> => new Promise(() => undefined);

describe('readiness', () => {
  it('asks each storage and each cluster once, and is given if they answer', async () => {
    const services = createServices();
    const readiness = new Readiness(services.config, services.probes);
    expect(await Promise.all([readiness.check(), readiness.check()])).toEqual([[], []]);
    expect(await readiness.check()).toEqual([]);
    expect(services.calls.sort()).toEqual(['probeCluster("c1")', 'probeStorage("s1")']);
  });

  it('names everything that fails, and why', async () => {
    const { config } = createServices();
    const readiness = new Readiness(config, {
      storage: () => Promise.reject(new ServiceError('SERVICE_FAILED', 'Access denied')),
      cluster: () => Promise.reject(new TypeError('password is hunter2')),
    });
    expect(await readiness.check()).toEqual(['storage "s1": Access denied', 'cluster "c1": unexpected error']);
  });

  it('waits no longer than its limit, and names what did not answer by then', async () => {
    const { config } = createServices();
    const readiness = new Readiness(config, { storage: never, cluster: () => Promise.resolve() }, 20);
    expect(await readiness.check()).toEqual(['storage "s1": no answer within 20 ms']);
  });

  it('is not given for what there was no time to ask', async () => {
    const { config } = createServices();
    const storage = config.document.storage as Record<string, unknown>;
    for (let i = 0; i < 20; i++) storage[`more${i}`] = {};
    const problems = await new Readiness(config, { storage: never, cluster: never }, 20).check();
    expect(problems).toHaveLength(22);
    expect(problems.at(-1)).toBe('cluster "c1": not asked in time');
  });

  it('does not ask again what has not answered yet, so that questions do not pile up', async () => {
    const { config } = createServices();
    let questions = 0;
    const storage = (): Promise<void> => (questions++, never());
    const readiness = new Readiness(config, { storage, cluster: () => Promise.resolve() }, 5, 0);
    for (let i = 0; i < 5; i++) expect(await readiness.check()).toEqual(['storage "s1": no answer within 5 ms']);
    expect(questions).toBe(1);
  });

  it('is answered with 503 and one line, and without deep=true with Ok', async () => {
    const services = createServices();
    const storage = () => Promise.reject(new ServiceError('SERVICE_FAILED', 'Access\ndenied'));
    const readiness = new Readiness(services.config, { ...services.probes, storage });
    const app = createApp({ services, readiness });
    expect((await app.inject({ url: '/ready' })).body).toBe('Ok');
    const answer = await app.inject({ url: '/ready?deep=true' });
    expect([answer.statusCode, answer.body]).toEqual([503, 'not ready: storage "s1": Access denied\n']);
  });
});
