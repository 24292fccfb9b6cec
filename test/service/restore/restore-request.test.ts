import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPathTask, readTimeTask } from '../../../src/service/restore/restore-request.js';
import { temporaryDirectory } from '../../support/backup-files.js';
import { documentWith, STARTED_MS } from '../../support/service-backups.js';

const root = temporaryDirectory();
const outside = temporaryDirectory();
const document = documentWith(root);
const NAMES = { 'destination-name': 'main', 'source-name': 'disk' };
const RUN = `nightly/backup/${STARTED_MS}`;

async function problems(task: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await task.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'SERVICE_INVALID' });
  return (error as { problems: readonly string[] }).problems;
}

describe('request of a restore by path', () => {
  it('path and names, are resolved', async () => {
    const task = await readPathTask({ ...NAMES, 'backup-data-path': `${RUN}/` }, document);
    expect(task).toMatchObject({ path: RUN, clusterName: 'main', storage: { 'local-storage': { path: root } } });
  });

  it.each(['/etc', '../other', 'nightly/../../etc', 'a\\..\\b', 's3://b/x', ' '])(
    'path %j, which leaves the storage, is refused',
    async (path) => {
      const [problem] = await problems(readPathTask({ ...NAMES, 'backup-data-path': path }, document));
      expect(problem).toMatch(/^backup-data-path: must /);
    },
  );

  it('directory of the host that is no configured storage, cannot be read by a request', async () => {
    const inline = (path: string) => ({
      'destination-name': 'main',
      source: { 'local-storage': { path } },
      'backup-data-path': 'x',
    });
    mkdirSync(join(root, 'below'));
    symlinkSync(outside, join(root, 'link'));
    for (const path of [root, join(root, 'below')]) await readPathTask(inline(path), document);
    for (const path of [outside, '/', `${root}x`, join(root, '..'), join(root, 'link')]) {
      expect(await problems(readPathTask(inline(path), document))).toEqual([
        'source.local-storage.path: must be that of a configured local storage, or below it',
      ]);
    }
  });

  it('file with a password that is not for the cluster of the request, is not sent to it', async () => {
    const password = join(outside, 'password');
    writeFileSync(password, 'hunter2');
    const main = document['aerospike-clusters']!.main!;
    const credentials = { user: 'backup', 'password-path': password };
    const request = (destination: object) => ({ 'source-name': 'disk', 'backup-data-path': RUN, destination });
    const refused = [
      'destination.credentials.password-path: must be that of a configured cluster which has the same seed nodes',
    ];
    expect(await problems(readPathTask(request({ ...main, credentials }), document))).toEqual(refused);
    const configured = { ...document, 'aerospike-clusters': { main: { ...main, credentials } } };
    await readPathTask(request({ ...main, credentials }), configured);
    const elsewhere = { 'seed-nodes': [{ 'host-name': 'elsewhere.example', port: 3000 }], credentials };
    expect(await problems(readPathTask(request(elsewhere), configured))).toEqual(refused);
    const both = { 'seed-nodes': [...main['seed-nodes'], ...elsewhere['seed-nodes']], credentials };
    expect(await problems(readPathTask(request(both), configured))).toEqual(refused);
  });

  it('secret agent that no entity of the document has, is not asked', async () => {
    const agent = { address: 'agent.example', 'connection-type': 'tcp', port: 3005 } as const;
    const credentials = { user: 'backup', password: 'secrets:db:password', 'secret-agent': agent };
    const destination = { ...document['aerospike-clusters']!.main!, credentials };
    const s3 = { bucket: 'b', 's3-region': 'eu', 'access-key-id': 'a', 'secret-access-key': 'secrets:s3:key' };
    const source = { 's3-storage': { ...s3, 'secret-agent': agent } };
    const request = { destination, source, 'backup-data-path': RUN };
    const refused = ['destination.credentials', 'source.s3-storage'].map((where) => {
      return `${where}.secret-agent: must be one of the configuration`;
    });
    expect(await problems(readPathTask(request, document))).toEqual(refused);
    const other = { ...document, 'secret-agents': { other: { ...agent, port: 3006 } } };
    expect(await problems(readPathTask(request, other))).toEqual(refused);
    for (const known of [
      { ...document, 'secret-agents': { same: agent } },
      { ...document, storage: { ...document.storage, cloud: source } },
    ]) {
      await readPathTask(request, known);
    }
  });

  it('cluster and storage that the request describes, are checked as those of the document', async () => {
    const request = {
      'backup-data-path': RUN,
      destination: {
        'seed-nodes': [{ 'host-name': 'localhost', port: 3000 }],
        credentials: { user: 'a', password: 'b', 'auth-mode': 'EXTERNAL' },
      },
      source: { 's3-storage': { bucket: 'a/b', 's3-region': 'eu', 'access-key-id': 'secrets:a:b' } },
    };
    expect(await problems(readPathTask(request, document))).toEqual([
      'destination.tls: is required by EXTERNAL',
      'source.s3-storage.bucket: must not contain slashes and spaces',
      'source.s3-storage.secret-access-key: is required with access-key-id',
      expect.stringContaining('source.s3-storage.access-key-id: ') as string,
    ]);
    const time = { ...request, routine: 'nightly', time: STARTED_MS, 'backup-data-path': undefined };
    expect(await problems(readTimeTask(JSON.parse(JSON.stringify(time)), document))).toHaveLength(4);
  });

  it('several faults, are named at once', async () => {
    const request = {
      'backup-data-path': '/x',
      'destination-name': 'none',
      policy: { replace: true, unique: true, encryption: { mode: 'AES128' } },
    };
    expect(await problems(readPathTask(request, document))).toEqual([
      'backup-data-path: must be relative to the root of the storage',
      'destination-name: cluster "none" not found',
      'source: required, or source-name',
      'policy.replace: excludes unique',
      'policy.encryption: expected exactly one of key-file, key-env, key-secret',
    ]);
  });

  it('cluster of the document that the request describes, has its name', async () => {
    const destination = document['aerospike-clusters']!.main;
    const task = await readPathTask({ destination, 'source-name': 'disk', 'backup-data-path': RUN }, document);
    expect(task.clusterName).toBe('main');
  });
});

describe('request of a restore by time', () => {
  it('routine alone, gives cluster and storage', async () => {
    const task = await readTimeTask({ routine: 'nightly', time: STARTED_MS }, document);
    expect(task).toMatchObject({ routine: 'nightly', atMs: STARTED_MS, clusterName: 'main', disableReordering: false });
  });

  it('routine that is unknown, is accepted with destination and source only', async () => {
    const request = { routine: 'old', time: STARTED_MS };
    expect((await problems(readTimeTask(request, document)))[0]).toContain('routine "old" not found');
    expect(await readTimeTask({ ...request, ...NAMES }, document)).toMatchObject({ routine: 'old' });
  });

  it.each(['../x', 'a/b', '..'])('routine %j, which leaves the storage, is refused', async (routine) => {
    const [problem] = await problems(readTimeTask({ routine, time: STARTED_MS, ...NAMES }, document));
    expect(problem).toBe('routine: must be a single path segment');
  });
});
