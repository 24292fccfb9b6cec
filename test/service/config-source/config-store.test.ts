import { expect, test } from 'vitest';
import { logText, type LogLine } from '../../../src/core/log.js';
import { ConfigStore } from '../../../src/service/config-source/config-store.js';
import { MemorySource, SILENT, sampleDocument } from './memory-source.js';

const open = async (source = new MemorySource(sampleDocument())): Promise<[ConfigStore, MemorySource]> => [
  await ConfigStore.open({ source, log: SILENT }),
  source,
];

test('an empty source is an empty document', async () => {
  const [store] = await open(new MemorySource(''));
  expect(store.document).toEqual({});
});

test('an entity that is added is written before it is seen, and listeners get both documents', async () => {
  const [store, source] = await open();
  const changes: boolean[] = [];
  store.onChange(({ before, after }) => changes.push(before === after, after === store.document));
  await store.add('backup-policies', 'weekly', { parallel: 2 });
  expect(store.document['backup-policies']?.weekly).toEqual({ parallel: 2 });
  expect(changes).toEqual([false, true]);
  expect(source.text).toContain('weekly:');
  expect(source.text).toMatch(/^# /);
});

test('a policy by the name of a merge in YAML is one of its own after a restart', async () => {
  const [store, source] = await open();
  await store.add('backup-policies', '<<', { parallel: 2, retention: { full: 9 } });
  const [restarted] = await open(source);
  expect(restarted.document).toEqual(store.document);
});

test('a setting without effect is in the log once, however often something else is changed', async () => {
  const lines: string[] = [];
  const log = { ...SILENT, info: (line: LogLine): void => void lines.push(logText(line)) };
  const store = await ConfigStore.open({ source: new MemorySource(sampleDocument()), log });
  const before = lines.length;
  await store.add('backup-policies', 'fast', { 'use-scan-compression': true });
  await store.add('backup-policies', 'other', {});
  expect(lines.slice(before)).toEqual([
    'Warning: backup-policies.fast.use-scan-compression has no effect: nodes send what they read as it is',
  ]);
  await store.remove('backup-policies', 'fast');
  await store.add('backup-policies', 'fast', { 'use-scan-compression': true });
  expect(lines.slice(before)).toHaveLength(2);
});

test('an entity that exists cannot be added, and one that does not cannot be changed, removed or switched', async () => {
  const [store] = await open();
  await expect(store.add('storage', 's1', { 'local-storage': { path: '/x' } })).rejects.toMatchObject({
    code: 'SERVICE_CONFLICT',
    message: 'storage "s1" already exists',
  });
  for (const change of [
    store.update('backup-routines', 'none', {}),
    store.remove('backup-routines', 'none'),
    store.setDisabled('none', true),
  ]) {
    await expect(change).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND', message: 'routine "none" not found' });
  }
});

test('an entity that is in use cannot be removed, and the error names who uses it', async () => {
  const [store, source] = await open();
  await expect(store.remove('backup-policies', 'p1')).rejects.toMatchObject({
    code: 'SERVICE_CONFLICT',
    message: 'policy "p1" is in use: routine "nightly"',
  });
  expect(source.writes).toBe(0);
  await store.remove('backup-routines', 'nightly');
  await store.remove('backup-policies', 'p1');
  expect(store.document['backup-policies']).toEqual({});
});

test('a name that is not one part of a path is refused', async () => {
  const [store] = await open();
  for (const name of ['', '  ', '..', 'a/b', 'a\\b', 'a\nb']) {
    await expect(store.add('backup-policies', name, {})).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  }
});

test('a source that cannot be written to leaves everything as it was', async () => {
  const [store, source] = await open();
  const before = store.document;
  source.fail = new Error('the disk is full');
  await expect(store.setDisabled('nightly', true)).rejects.toMatchObject({
    code: 'SERVICE_NOT_WRITABLE',
    message: 'failed to write configuration: the disk is full',
  });
  expect(store.document).toBe(before);
  source.fail = undefined;
  await store.setDisabled('nightly', true);
  expect(store.document['backup-routines']?.nightly?.disabled).toBe(true);
});

test('a write that takes too long is given up, and undone when it succeeds later', async () => {
  const source = new MemorySource(sampleDocument());
  const store = await ConfigStore.open({ source, log: SILENT, writeTimeoutMs: 1 });
  let finish = (): void => undefined;
  source.hold = new Promise((resolve) => (finish = resolve));
  await expect(store.add('backup-policies', 'late', {})).rejects.toMatchObject({ code: 'SERVICE_NOT_WRITABLE' });
  source.hold = undefined;
  const reloaded = store.reload();
  finish();
  await reloaded;
  expect(source.text).not.toContain('late');
  expect(store.document['backup-policies']).not.toHaveProperty('late');
});

test('changes at the same time are made one after another, and none is lost', async () => {
  const [store] = await open();
  await Promise.all(['a', 'b', 'c'].map((name) => store.add('backup-policies', name, {})));
  expect(Object.keys(store.document['backup-policies'] ?? {})).toEqual(['p1', 'a', 'b', 'c']);
});

test('the static part cannot be changed, neither by a request nor at the source', async () => {
  const [store, source] = await open();
  const changed = { ...store.redacted(), service: { http: { port: 9000 } } };
  const refusal = {
    code: 'SERVICE_INVALID',
    message: expect.stringContaining('service.http: cannot be changed') as string,
  };
  await expect(store.replace(changed)).rejects.toMatchObject(refusal);
  source.text = 'service: { http: { port: 9000 } }';
  await expect(store.reload()).rejects.toMatchObject(refusal);
});

test('a source that was edited is in use after a reload', async () => {
  const [store, source] = await open();
  source.text = 'backup-policies: { only: { compact: yes } }';
  await store.reload();
  expect(store.document).toEqual({ 'backup-policies': { only: { compact: true } } });
});

test('a document without secrets that is sent back keeps the secrets', async () => {
  const [store, source] = await open();
  const shown = store.redacted();
  expect(JSON.stringify(shown)).not.toContain('hunter2');
  expect(shown['aerospike-clusters']?.c1?.credentials?.password).toBe('[secret]');
  await store.replace(shown);
  expect(store.document['aerospike-clusters']?.c1?.credentials?.password).toBe('hunter2');
  expect(source.text).toContain('hunter2');
});

test('what is shown in place of a secret is refused where no secret is stored', async () => {
  const [store] = await open();
  const cluster = {
    'seed-nodes': [{ 'host-name': 'h', port: 3000 }],
    credentials: { user: 'u', password: '[secret]' },
  };
  await expect(store.add('aerospike-clusters', 'c2', cluster)).rejects.toMatchObject({
    code: 'SERVICE_INVALID',
    message: expect.stringContaining('aerospike-clusters.c2.credentials.password') as string,
  });
});

test('a source that is read only refuses every change', async () => {
  const source = new MemorySource(sampleDocument());
  const store = await ConfigStore.open({
    source: { description: 'http://h/c.yml', read: () => source.read() },
    log: SILENT,
  });
  await expect(store.setDisabled('nightly', true)).rejects.toMatchObject({ code: 'SERVICE_NOT_WRITABLE' });
});

test('the document cannot be changed from outside', async () => {
  const [store] = await open();
  expect(() => Object.assign(store.document['backup-policies']?.p1 ?? {}, { parallel: 1 })).toThrow(TypeError);
});

test('a storage with an agent and without keys keeps its agent when it is sent back as it is shown', async () => {
  const [store] = await open();
  const agent = { address: 'localhost', 'connection-type': 'tcp' };
  const storage = { 's3-storage': { bucket: 'b', 's3-region': 'r', 'secret-agent': agent } };
  await store.add('storage', 's3', storage);
  await store.update('storage', 's3', store.redacted().storage?.s3);
  expect(store.document.storage?.s3).toEqual(storage);
});

test('references to the secret agent are shown as they are', async () => {
  const [store] = await open();
  await store.add('storage', 'g', {
    'gcp-storage': {
      'bucket-name': 'b',
      key: 'secrets:a:b',
      'secret-agent': { address: 'h', 'connection-type': 'tcp' },
    },
  });
  expect(store.redacted().storage?.g?.['gcp-storage']?.key).toBe('secrets:a:b');
});
