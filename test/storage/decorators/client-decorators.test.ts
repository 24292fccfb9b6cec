import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../../src/core/semaphore.js';
import { limitClient } from '../../../src/storage/decorators/limit.js';
import { retryClient } from '../../../src/storage/decorators/retry.js';
import type { CallContext } from '../../../src/storage/client.js';

interface Client {
  read(input: { bytes: number }, call?: CallContext): Promise<number>;
  list(input: object, call?: CallContext): Promise<string>;
}
const METHODS = ['read', 'list'] as const;

const retry = (client: Client, budgetMs: number): Client =>
  retryClient(client, METHODS, {
    policy: () => ({ budgetMs, initialBackoffMs: 1, isTransient: (error) => error !== 'fatal' }),
    onSuccess: () => undefined,
    toError: (error, method) => new Error(`${method}: ${String(error)}`),
  });

describe('a client that retries', () => {
  it('continues after what earlier attempts have received', async () => {
    const client: Client = {
      list: () => Promise.resolve('x'),
      read({ bytes }, call = { attempt: 1, received: 0 }) {
        call.received += 3;
        return call.received < bytes ? Promise.reject(new Error('broken')) : Promise.resolve(call.attempt);
      },
    };
    expect(await retry(client, 1000).read({ bytes: 10 })).toBe(4);
  });

  it('gives the error its caller understands once its budget is used up, and at once if a retry is in vain', async () => {
    const client: Client = {
      list: () => Promise.reject('fatal'), // eslint-disable-line @typescript-eslint/prefer-promise-reject-errors
      read: () => Promise.reject(new Error('busy')),
    };
    await expect(retry(client, 5).read({ bytes: 1 })).rejects.toThrow('read: Error: busy');
    await expect(retry(client, 1e9).list({})).rejects.toThrow('list: fatal');
  });
});

describe('a client with limits', () => {
  it('makes no more calls of a method at a time than its limit, and any number of the others', async () => {
    let running = 0;
    let max = 0;
    const client: Client = {
      list: () => Promise.resolve('x'),
      async read() {
        max = Math.max(max, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        return running--;
      },
    };
    const limited = limitClient(client, METHODS, { read: new Semaphore(() => 2) });
    let listed = false;
    const reads = Array.from({ length: 9 }, () => limited.read({ bytes: 1 }));
    await limited.list({}, { attempt: 1, received: 0, onStart: () => (listed = true) });
    await Promise.all(reads);
    expect([max, listed]).toEqual([2, true]);
  });
});
