import { describe, expect, it } from 'vitest';
import { checkDestination } from '../../../src/service/access/destinations.js';
import { readPathTask } from '../../../src/service/restore/restore-request.js';

function check(host: string, destinations?: string[]): boolean {
  const cluster = { 'seed-nodes': [{ 'host-name': host, port: 3000 }] };
  const document = { access: destinations === undefined ? {} : { destinations } };
  return checkDestination(cluster, document, 'destination').length === 0;
}

describe('a destination of a restore request', () => {
  it('without a list, is any host', () => {
    expect(check('anywhere.example.com')).toBe(true);
  });

  it('with a list, is a host of it, or a name below one', () => {
    const allowed = ['db1.example.net', '10.0.0.5', '*.test.example.net'];
    for (const host of ['DB1.example.net', '10.0.0.5', 'a.test.example.net', 'a.b.test.example.net.']) {
      expect([host, check(host, allowed)]).toEqual([host, true]);
    }
    for (const host of ['db2.example.net', 'test.example.net', 'eviltest.example.net', '10.0.0.50', '']) {
      expect([host, check(host, allowed)]).toEqual([host, false]);
    }
    expect(check('db1.example.net', [])).toBe(false);
  });

  it('that is not in the list, is refused by /v1 with the name of the key', async () => {
    const request = {
      'backup-data-path': 'nightly/backup/1777683600000/data/test',
      'source-name': 's1',
      destination: { 'seed-nodes': [{ 'host-name': 'evil.example', port: 3000 }] },
    };
    const document = {
      access: { destinations: ['db1.example.net'] },
      storage: { s1: { 'local-storage': { path: '/backups' } } },
    };
    await expect(readPathTask(request, document)).rejects.toMatchObject({
      code: 'SERVICE_INVALID',
      message: expect.stringContaining('"evil.example" is not in access.destinations') as string,
    });
  });
});
