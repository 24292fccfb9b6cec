/** `asb --service` against a service that runs: what it prints, and that it needs no storage of its own. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backup } from '../../src/service/v2/schema/backup.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { fill } from '../support/backup.js';

import { findFreePort, startServiceProcess, type ServiceProcess } from '../support/service-process.js';
import { run, scratch } from '../support/target.js';

const RECORDS = 500;
const folder = scratch();
const at = (name: string): string => join(folder.path, name);
let cluster: InMemoryCluster;
let service: ServiceProcess;

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ nodes: 1, namespaces: ['test', 'copy'] });
  fill(cluster, RECORDS, 'users');
  const { host, port } = cluster.seed;
  const access = { tokens: { ...(await makeToken('admin', 'admin')), ...(await makeToken('guest', 'read')) } };
  const config = {
    service: {
      http: { port: await findFreePort(), address: '127.0.0.1' },
      logger: { level: 'INFO', 'stdout-writer': true },
    },
    'aerospike-clusters': { main: { 'seed-nodes': [{ 'host-name': host, port }] } },
    storage: {
      first: { 'local-storage': { path: join(folder.path, 'first') } },
      second: { 'local-storage': { path: join(folder.path, 'second') } },
    },
    access,
  };
  const file = join(folder.path, 'service.yml');
  writeFileSync(file, JSON.stringify(config));
  service = await startServiceProcess(file);
});
afterAll(async () => {
  await service.end('SIGTERM');
  await cluster.stop();
  folder.remove();
});

/** The entry that the command prints for the configuration; the token is in a file of that name. */
async function makeToken(name: string, scope: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runAsb('service-token', name, '--scope', scope, '--token-file', at(name));
  expect(code, stderr).toBe(0);
  return (parse(stdout) as { access: { tokens: Record<string, unknown> } }).access.tokens;
}

interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function runAsb(...words: string[]): Promise<Ran> {
  const { code, stdout, stderr } = await run('asb', words);
  return { code, stdout: stdout.toString(), stderr };
}

function ask(who: 'admin' | 'guest', ...words: string[]): Promise<Ran> {
  return runAsb('--service', service.url, ...words, '--token-file', at(who));
}

async function succeed(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await ask('admin', ...words);
  expect(code, stderr).toBe(0);
  return stdout;
}

describe('asb --service', () => {
  it('life of a backup, goes through the service alone', async () => {
    expect(await succeed('backup', 'first', '--id', 'b1', '--include', 'test')).toMatch(/^b1 +COMPLETED .* 500 /m);
    expect(await succeed('list', 'first')).toMatch(/^b1 +COMPLETED/m);
    expect(await succeed('show', 'first/b1')).toContain('test');
    expect(await succeed('ranges', 'first')).toMatch(/^test .*range.* b1$/m);
    expect(await succeed('verify', 'first/b1')).toContain('500 record(s): sound');
    const plan = await succeed('restore', 'first/b1', '--rename-namespace', 'test=copy', '--dry-run');
    expect(plan).toMatch(/^test +copy .* 500 .* b1$/m);
    expect(cluster.store('copy').objects).toBe(0);
    expect(await succeed('restore', 'first/b1', '--rename-namespace', 'test=copy')).toContain('500 written');
    expect(cluster.store('copy').objects).toBe(RECORDS);
    expect(await succeed('copy', 'first/b1', 'second')).toContain('are at second/b1');
    await succeed('hold', 'first/b1', '--reason', 'audit');
    const held = await ask('admin', 'delete', 'first/b1');
    expect(held.code).toBe(1);
    expect(held.stderr).toContain('held');
    await succeed('release', 'first/b1');
    await succeed('delete', 'first/b1');
    expect(await succeed('list', 'first')).toBe('There are no backups.\n');
    expect(await succeed('list', 'first', '--state', 'DELETED')).toMatch(/^b1 +DELETED/m);
  });

  it('restore where there are records, is refused with their number', async () => {
    await succeed('backup', 'second', '--id', 'b2', '--include', 'test');
    const { code, stderr } = await ask('admin', 'restore', 'second/b2');
    expect(code).toBe(1);
    expect(stderr).toContain('500');
  });

  it('increment, begins no later than where the backup ends that it builds on', async () => {
    const read = async (...words: string[]) => JSON.parse(await succeed(...words, '--json')) as Backup;
    const full = await read('backup', 'second', '--id', 'full', '--include', 'test');
    const words = ['--id', 'increment', '--type', 'DIFFERENTIAL', '--incremental-from', 'full', '--include', 'test'];
    const increment = await read('backup', 'second', ...words);
    expect(increment).toMatchObject({ type: 'DIFFERENTIAL', parent: 'full' });
    expect(Date.parse(increment['lower-bound']!)).toBeLessThanOrEqual(Date.parse(full['upper-bound']!));
    const { details = [] } = await read('show', 'second/increment');
    expect(details.length).toBeGreaterThan(0);
    expect(details.every((detail) => detail['lower-bound'] === increment['lower-bound'])).toBe(true);
  });

  it('token without the scope, is refused, and shown nowhere', async () => {
    const { code, stdout, stderr } = await ask('guest', 'backup', 'first');
    expect(code).toBe(1);
    expect(stderr).toMatch(/scope|may/);
    expect(stdout + stderr).not.toContain(readFileSync(at('guest'), 'utf8').trim());
    expect((await ask('guest', 'list', 'second')).code).toBe(0);
  });

  it('token, is written once, into a file that its owner alone can read', async () => {
    expect(statSync(at('guest')).mode & 0o777).toBe(0o600);
    expect(readFileSync(at('service.yml'), 'utf8')).not.toContain(readFileSync(at('guest'), 'utf8').trim());
    const again = await runAsb('service-token', 'guest', '--token-file', at('guest'));
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/--token-file.*exist/);
    expect((await runAsb('service-token', 'guest')).stderr).toContain('--token-file is missing');
  });

  it('without a token, is refused', async () => {
    const { code, stderr } = await runAsb('list', 'first', '--service', service.url);
    expect(code).toBe(1);
    expect(stderr).not.toBe('');
  });
});
