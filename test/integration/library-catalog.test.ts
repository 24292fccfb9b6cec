/** The functions of the library for catalogs. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CatalogError,
  createBackup,
  diffBackups,
  diffWithCluster,
  exportBackup,
  listBackups,
  mergeBackups,
  OptionError,
  restoreBackup,
  serveBackup,
  showBackup,
  verifyAgainstCluster,
  verifyBackup,
  type LogEntry,
  type ProgressEvent,
} from '../../dist/index.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { fill } from '../support/backup.js';
import { scratch } from '../support/target.js';

const KEY = fileURLToPath(new URL('../fixtures/backups/key.pem', import.meta.url));
const RECORDS = 300;

const folder = scratch();
let cluster: InMemoryCluster;
let hosts = '';
let count = 0;
const newRoot = (): string => {
  const root = join(folder.path, `root${count++}`);
  mkdirSync(root);
  return root;
};

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['bar', 'copy', 'test'] });
  fill(cluster, RECORDS, 'users');
  fill(cluster, RECORDS, 'orders');
  const { host, port } = cluster.nodes[0]!;
  hosts = `${host}:${port}`;
});
afterAll(async () => {
  await cluster.stop();
  folder.remove();
});

describe('createBackup', () => {
  it('makes a backup that listBackups, showBackup and verifyBackup know', async () => {
    const root = newRoot();
    const events: LogEntry[] = [];
    const progress: ProgressEvent[] = [];
    const encrypt = { mode: 'aes256', keyFile: KEY } as const;
    const made = await createBackup({
      root,
      hosts,
      id: 'nightly-1',
      namespaces: ['test', 'bar'],
      exclude: ['test.orders'],
      compress: 'zstd',
      encrypt,
      log: (entry) => events.push(entry),
      onProgress: (event) => progress.push(event),
    });
    const path = join(root, 'nightly-1');
    expect(made).toMatchObject({ id: 'nightly-1', path, state: 'COMPLETED', type: 'full', records: RECORDS });
    expect(made.exclude).toEqual(['test.orders']);
    expect(made.namespaces.map(({ namespace, records }) => [namespace, records])).toEqual([
      ['test', RECORDS],
      ['bar', 0],
    ]);
    expect(made.finished!.getTime()).toBeGreaterThanOrEqual(made.started!.getTime());
    expect(events.filter(({ event }) => event === 'catalog.namespace').map(({ fields }) => fields.namespace)).toEqual([
      'test',
      'bar',
    ]);
    expect(progress.at(-1)).toBeDefined();
    expect(await listBackups(root)).toEqual([made]);
    const [namespace] = (await showBackup(path)).namespaces;
    expect(namespace!.selection).toMatchObject({ 'excluded-sets': 'orders', compress: 'zstd' });
    expect(namespace!.fileList).toHaveLength(1);
    expect(await verifyBackup({ path, encrypt })).toMatchObject({ id: 'nightly-1', problems: [], records: RECORDS });
  });

  it('with settings that contradict each other, or an id that was used, rejects and changes nothing', async () => {
    const root = newRoot();
    const settings = { root, hosts, namespaces: ['bar'] };
    await expect(createBackup({ root, hosts })).rejects.toThrow(OptionError);
    await expect(createBackup({ ...settings, id: 'A' })).rejects.toThrow(/^id takes 1 to 64/);
    await expect(createBackup({ ...settings, continue: true })).rejects.toThrow('continue needs id');
    await createBackup({ ...settings, id: 'x' });
    await expect(createBackup({ ...settings, id: 'x' })).rejects.toMatchObject({ code: 'CATALOG_EXISTS' });
    await expect(createBackup({ ...settings, id: 'y', incrementalFrom: 'z' })).rejects.toThrow(CatalogError);
    expect((await listBackups(root)).map(({ id }) => id)).toEqual(['x']);
  });

  it('that was aborted, is CANCELED, and is finished with `continue`', async () => {
    const root = newRoot();
    const stop = new AbortController();
    const settings = { root, hosts, id: 'x', recordsPerSecond: 1 };
    const running = createBackup({
      ...settings,
      namespaces: ['test', 'bar'],
      signal: stop.signal,
      log: ({ event }) => {
        if (event === 'target.ready') stop.abort(new Error('enough'));
      },
    });
    await expect(running).rejects.toThrow('was stopped before it was complete');
    expect(await listBackups({ root, state: 'CANCELED' })).toMatchObject([{ id: 'x', state: 'CANCELED' }]);
    expect(await listBackups({ root, state: 'COMPLETED' })).toEqual([]);
    const made = await createBackup({ ...settings, recordsPerSecond: 0, continue: true });
    expect(made).toMatchObject({ state: 'COMPLETED', records: 2 * RECORDS });
  });
});

describe('listBackups', () => {
  it('selects by the beginning of the id and by time', async () => {
    const root = newRoot();
    for (const id of ['a1', 'a2', 'b1']) await createBackup({ root, hosts, id, namespaces: ['bar'] });
    const ids = async (settings: object): Promise<string[]> =>
      (await listBackups({ root, ...settings })).map(({ id }) => id);
    expect(await ids({ prefixes: ['a'] })).toEqual(['a1', 'a2']);
    const { started } = await showBackup(join(root, 'a2'));
    expect(await ids({ from: started })).toEqual(['a2', 'b1']);
    expect(await ids({ to: started })).toEqual(['a1']);
  });
});

describe('verifyBackup', () => {
  it('of a backup with a changed byte, resolves with the problem; of none, rejects', async () => {
    const root = newRoot();
    const { path } = await createBackup({ root, hosts, id: 'x', namespaces: ['test'] });
    const file = join(path, 'test', 'test_00000.asb');
    const bytes = readFileSync(file);
    bytes[100] = bytes[100]! ^ 1;
    writeFileSync(file, bytes);
    const { problems } = await verifyBackup({ path, checksumsOnly: true });
    expect(problems).toMatchObject([{ path: file, text: expect.stringContaining('Block 0') as string }]);
    await expect(verifyBackup(join(root, 'none'))).rejects.toMatchObject({ code: 'CATALOG_NOT_FOUND' });
  });
});

describe('diffBackups, mergeBackups and exportBackup', () => {
  it('of a full backup and one of fewer sets, compare, merge and export their records', async () => {
    const root = newRoot();
    const settings = { root, hosts, namespaces: ['test'] };
    const whole = await createBackup({ ...settings, id: 'whole' });
    const part = await createBackup({ ...settings, id: 'part', include: ['test.users'] });
    const removed = new Set<string>();
    const result = await diffBackups({
      before: whole.path,
      after: part.path,
      onDifference: ({ kind, set }) => {
        removed.add(`${kind} ${set.toString()}`);
        return undefined;
      },
    });
    expect(result).toMatchObject({ added: 0, removed: RECORDS, changed: 0, equal: RECORDS });
    expect([...removed]).toEqual(['removed orders']);
    const directory = join(root, 'merged');
    const merged = await mergeBackups({ backups: [whole.path, part.path], directory });
    expect(merged).toMatchObject({ namespace: 'test', records: 2 * RECORDS, replaced: RECORDS });
    expect((await verifyBackup(directory)).problems).toEqual([]);
    const file = join(root, 'records.jsonl');
    const exported = await exportBackup({ path: directory, file, sets: ['orders'] });
    expect(exported.records).toBe(RECORDS);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(RECORDS);
    expect(JSON.parse(lines[0]!)).toMatchObject({ namespace: 'test', set: 'orders' });
  });

  it('of a backup and a cluster, or the node that serves it, find what is the same', async () => {
    const root = newRoot();
    const { path } = await createBackup({ root, hosts, id: 'b', namespaces: ['test'], include: ['test.users'] });
    const kinds = new Set<string>();
    const onDifference = ({ kind, set }: { kind: string; set: Buffer }): undefined => {
      kinds.add(`${kind} ${set.toString()}`);
      return undefined;
    };
    expect(await diffWithCluster({ path, hosts, namespace: 'test', onDifference })).toMatchObject({
      added: RECORDS,
      removed: 0,
      equal: RECORDS,
    });
    expect([...kinds]).toEqual(['added orders']);
    const served = await serveBackup({ path, port: 0 });
    try {
      expect([...served.namespaces]).toEqual([['test', RECORDS]]);
      const there = { path, hosts: `${served.host}:${served.port}` };
      expect(await diffWithCluster({ ...there, namespace: 'test' })).toMatchObject({ added: 0, equal: RECORDS });
      expect(await verifyAgainstCluster(there)).toMatchObject([{ namespace: 'test', missing: 0, equal: RECORDS }]);
    } finally {
      await served.close();
    }
    expect(await verifyAgainstCluster({ path, hosts, clusterNamespaces: { test: 'bar' } })).toMatchObject([
      { clusterNamespace: 'bar', missing: RECORDS, equal: 0 },
    ]);
  });

  it('of a backup that is not there, or to nowhere, reject', async () => {
    const none = join(folder.path, 'none');
    await expect(diffBackups({ before: none, after: none })).rejects.toMatchObject({ code: 'CATALOG_NOT_FOUND' });
    await expect(exportBackup({ path: none, file: join(none, 'x') })).rejects.toThrow(CatalogError);
    const merging = mergeBackups({ backups: [none] } as unknown as Parameters<typeof mergeBackups>[0]);
    await expect(merging).rejects.toThrow('No output specified. Use directory');
  });
});

describe('restoreBackup', () => {
  it('a backup and the state at a time, are restored into namespaces with other names', async () => {
    const root = newRoot();
    const { path, started } = await createBackup({ root, hosts, id: 'full-1', namespaces: ['test'] });
    const [restored] = await restoreBackup({ path, hosts, renamedNamespaces: { test: 'copy' } });
    expect(restored).toMatchObject({ namespace: 'test', target: 'copy', asOf: started });
    expect(restored!.backups).toMatchObject([{ id: 'full-1', type: 'full', result: { inserted: 2 * RECORDS } }]);
    expect(cluster.store('copy').objects).toBe(2 * RECORDS);
    const again = { path: root, hosts, at: new Date(), renamedNamespaces: { test: 'copy' } };
    await expect(restoreBackup(again)).rejects.toMatchObject({ code: 'CATALOG_NOT_EMPTY' });
    const [left] = await restoreBackup({ ...again, include: ['test.users'], onExisting: 'create-only' });
    expect(left!.backups[0]!.result).toMatchObject({ inserted: 0, existed: RECORDS });
  });

  it('under way, marks the backup as being read until it ends', async () => {
    const { path } = await createBackup({ root: newRoot(), hosts, id: 'x', namespaces: ['test'] });
    const listMarks = (): string[] => readdirSync(join(path, 'test')).filter((name) => name.startsWith('reading-'));
    const stop = new AbortController();
    const slow = { path, hosts, onExisting: 'create-only', recordsPerSecond: 1, signal: stop.signal } as const;
    const ended = restoreBackup(slow).catch((error: unknown) => error);
    while (listMarks().length === 0) await setImmediate();
    stop.abort(new Error('enough'));
    expect(await ended).toBeInstanceOf(Error);
    expect(listMarks()).toEqual([]);
  });

  it('settings that cannot be followed, are an OptionError', async () => {
    const settings = { path: newRoot(), hosts, onExisting: 'nothing' } as unknown as { path: string };
    await expect(restoreBackup(settings)).rejects.toBeInstanceOf(OptionError);
  });
});
