/** Restore jobs into a cluster in this process. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
// Worker threads run compiled files only.
import { RestoreJobs, type RestoreJobsOptions } from '../../dist/service/restore/restore-jobs.js';
import { VOID_TIME_EPOCH_S } from '../../src/core/void-time.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { checkValue } from '../../src/service/document/check-value.js';
import { RestoreJobStatus } from '../../src/service/document/schema/job-status.js';
import type { ServiceDocument } from '../../src/service/document/schema/service-document.js';
import type { Sindex } from '../../src/core/sindex.js';
import type { PlainRecord } from '../support/asb.js';
import { integerBin, SEALED, temporaryDirectory } from '../support/backup-files.js';
import { clientRecord, describeRecord, putRecord, readContents, readMetadata } from '../support/cluster-contents.js';
import { KEY_FILE } from '../support/codecs.js';
import { documentWith, STARTED_MS, writeListed, writeStored } from '../support/service-backups.js';

const MINUTE_MS = 60_000;
const NAMESPACES = ['test', 'bar', 'copy'];
const work = temporaryDirectory();
let cluster: InMemoryCluster;
let count = 0;
let root: string;
let document: ServiceDocument;
let backingUp: string[];
let locks: number;
let settleRetention: () => Promise<void>;
let finished: Map<string, () => void>;
let ended: Set<string>;
let jobs: RestoreJobs;

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ namespaces: NAMESPACES });
});
beforeEach(async () => {
  root = join(work, String(count++));
  mkdirSync(root);
  document = documentWith(root);
  const { host, port } = cluster.seed;
  document['aerospike-clusters']!.main = { 'seed-nodes': [{ 'host-name': host, port }] };
  backingUp = [];
  locks = 0;
  settleRetention = () => Promise.resolve();
  finished = new Map();
  ended = new Set();
  jobs = await open();
});
afterEach(async () => {
  await jobs.stop();
  for (const name of NAMESPACES) {
    cluster.store(name).truncate(undefined, cluster.clock.nowMs() + 1);
    cluster.store(name).truncateLutMs = 0;
  }
});
afterAll(() => cluster.stop());

function open(more: Partial<RestoreJobsOptions> = {}): Promise<RestoreJobs> {
  return RestoreJobs.open({
    config: { document },
    runner: {
      isBackingUp: (name, namespaces) => name === 'main' && namespaces.some((each) => backingUp.includes(each)),
      lockForRestore: () => {
        locks++;
        return () => {
          locks--;
        };
      },
      settleRetention: () => settleRetention(),
    },
    metrics: {
      start: () => undefined,
      progress: () => undefined,
      finish: (id) => {
        ended.add(id);
        finished.get(id)?.();
      },
    },
    log: { info: () => undefined, error: () => undefined, verbose: () => undefined },
    ...more,
  });
}

/** The status of a job that has ended. */
async function end(started: Promise<number>): Promise<RestoreJobStatus> {
  const id = String(await started);
  if (!ended.has(id)) await new Promise<void>((resolve) => finished.set(id, resolve));
  const status = jobs.status(id);
  expect(checkValue(RestoreJobStatus, status, '')).toEqual([]);
  return status;
}

function byPath(path: string, policy: object = {}, more: object = {}): Promise<RestoreJobStatus> {
  const names = { 'destination-name': 'main', 'source-name': 'disk' };
  return end(jobs.startByPath({ ...names, 'backup-data-path': path, policy, ...more }));
}

function byTime(minutes: number, policy: object = {}, more: object = {}): Promise<RestoreJobStatus> {
  return end(jobs.startByTime({ routine: 'nightly', time: STARTED_MS + minutes * MINUTE_MS, policy, ...more }));
}

const at = (minutes: number): number => STARTED_MS + minutes * MINUTE_MS;

function increment(minutes: number, fromMinutes: number, records: readonly PlainRecord[]): Promise<string> {
  const times = { startMs: at(minutes), finishedMs: at(minutes) + 1000, fromMs: at(fromMinutes) };
  return writeStored(root, { type: 'incremental', ...times, records });
}

describe('restore by path', () => {
  it('folder of a namespace, is restored and counted', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 10), clientRecord('s', 2, 20)] });
    const status = await byPath(`nightly/backup/${STARTED_MS}/data/test`);
    expect(status).toMatchObject({
      status: 'success',
      'read-records': 2,
      'inserted-records': 2,
      'current-job': { 'total-records': 2, 'done-records': 2, 'percentage-done': 100 },
    });
    expect(await readContents(cluster, 'test')).toEqual(['s/1=10', 's/2=20']);
    expect(locks).toBe(0);
  });

  it('folder of a run, has all its namespaces restored', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 10)] });
    await writeStored(root, { namespace: 'bar', records: [clientRecord('x', 1, 5, { namespace: 'bar' })] });
    expect(await byPath(`nightly/backup/${STARTED_MS}`)).toMatchObject({ status: 'success', 'inserted-records': 2 });
    expect(await readContents(cluster, 'bar')).toEqual(['x/1=5']);
  });

  it('another namespace, receives those of the one that is named', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 10)] });
    await writeStored(root, { namespace: 'bar', records: [clientRecord('x', 1, 5, { namespace: 'bar' })] });
    const namespace = { source: 'test', destination: 'copy' };
    expect(await byPath(`nightly/backup/${STARTED_MS}`, { namespace })).toMatchObject({ status: 'success' });
    expect(await readContents(cluster, 'copy')).toEqual(['s/1=10']);
    expect(cluster.store('bar').objects + cluster.store('test').objects).toBe(0);
  });

  it('compressed and encrypted backup, is restored with its key and refused without', async () => {
    const more = { compression: 'ZSTD', encryption: 'AES128' };
    await writeStored(root, { records: [clientRecord('s', 1, 10)], codecs: SEALED, more });
    const path = `nightly/backup/${STARTED_MS}`;
    expect((await byPath(path)).error).toContain('is AES128, but the restore policy says NONE');
    const encryption = { mode: 'AES128', 'key-file': KEY_FILE };
    const compression = { mode: 'NONE' };
    expect((await byPath(path, { encryption, compression })).error).toContain('is ZSTD, but the restore policy');
    expect(await byPath(path, { encryption })).toMatchObject({ status: 'success', 'inserted-records': 1 });
  });

  it('folder without its metadata, is not restored in part unless that is asked for', async () => {
    const path = await writeStored(root, { records: [clientRecord('s', 1, 10)] });
    rmSync(join(path, 'metadata.yaml'));
    for (const folder of [`nightly/backup/${STARTED_MS}`, `nightly/backup/${STARTED_MS}/data/test`]) {
      const { status, error } = await byPath(folder);
      expect([status, error]).toEqual(['failure', expect.stringContaining('it has no metadata.yaml')]);
    }
    expect(cluster.store('test').objects).toBe(0);
    expect(await byPath(`nightly/backup/${STARTED_MS}`, { 'allow-incomplete': true })).toMatchObject({
      status: 'success',
      'inserted-records': 1,
    });
  });

  it('attempt that failed beside one that is complete, is left out', async () => {
    const failed = await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    rmSync(join(failed, 'metadata.yaml'));
    await writeStored(root, { folder: 'test.2', records: [clientRecord('s', 2, 2)] });
    expect(await byPath(`nightly/backup/${STARTED_MS}`)).toMatchObject({ status: 'success', 'inserted-records': 1 });
    expect(await readContents(cluster, 'test')).toEqual(['s/2=2']);
  });

  it('backup that lost a file, is not restored in part', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 1)], more: { 'file-count': 2 } });
    expect((await byPath(`nightly/backup/${STARTED_MS}`)).error).toContain('1 file(s), but 2 were written');
    expect(cluster.store('test').objects).toBe(0);
  });

  it.each([
    ['several runs', 'nightly', 'are of several runs'],
    ['nothing', 'nightly/backup/1777683600001', 'there is no backup at'],
    ['an empty backup', `nightly/backup/${STARTED_MS}/data/bar`, 'is empty'],
  ])('path with %s, fails', async (_what, path, text) => {
    await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    const none = { 'record-count': 0, 'file-count': 0 };
    writeListed(root, { namespace: 'bar', more: none });
    await writeStored(root, { startMs: at(5), records: [clientRecord('s', 1, 1)] });
    expect(await byPath(path)).toMatchObject({ status: 'failure', error: expect.stringContaining(text) as string });
  });

  it('namespace that the cluster lacks, fails before anything is written', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    await writeStored(root, { namespace: 'gone', records: [clientRecord('s', 1, 1, { namespace: 'gone' })] });
    expect((await byPath(`nightly/backup/${STARTED_MS}`)).error).toContain('the cluster has no namespace gone');
    expect(cluster.store('test').objects).toBe(0);
  });

  it('namespace that is being backed up, is not written to', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    backingUp = ['test'];
    expect((await byPath(`nightly/backup/${STARTED_MS}`)).error).toContain('a backup of namespace test');
    expect(cluster.store('test').objects).toBe(0);
  });
});

describe('restore by time', () => {
  const ttlPast = Math.floor(Date.now() / 1000) - VOID_TIME_EPOCH_S - 3600;

  it('full backup and increments, give the state at the time and no bin that was removed', async () => {
    const old = clientRecord('s', 1, 1, { bins: [integerBin('n', 1), integerBin('z', 9)] });
    await writeStored(root, { records: [old, clientRecord('s', 2, 2)] });
    await increment(10, 0, [clientRecord('s', 1, 11, { generation: 2 })]);
    await increment(20, 10, [clientRecord('s', 1, 21, { generation: 3 }), clientRecord('s', 3, 3)]);
    expect(await byTime(15)).toMatchObject({ status: 'success', 'inserted-records': 2, 'existed-records': 1 });
    expect(await readContents(cluster, 'test')).toEqual(['s/1=11', 's/2=2']);
  });

  it.each([
    ['an empty namespace', {}, false],
    ['records that exist, merged', {}, true],
    ['records that exist, replaced', { replace: true }, true],
  ])('record whose newest version has expired, into %s, does not come back', async (_what, policy, isFilled) => {
    await writeStored(root, { records: [clientRecord('s', 1, 1), clientRecord('s', 2, 2)] });
    await increment(10, 0, [clientRecord('s', 1, 11, { generation: 2, voidTime: ttlPast })]);
    if (isFilled) putRecord(cluster, 'test', clientRecord('other', 1, 7));
    expect(await byTime(20, policy)).toMatchObject({ status: 'success', 'expired-records': 1 });
    expect((await readContents(cluster, 'test')).filter((text) => text.startsWith('s/'))).toEqual(['s/2=2']);
  });

  it('disabled reordering, writes from the oldest to the newest', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    await increment(10, 0, [clientRecord('s', 1, 11, { generation: 2 })]);
    const status = await byTime(20, {}, { 'disable-reordering': true });
    expect(status).toMatchObject({ status: 'success', 'inserted-records': 2 });
    expect(await readContents(cluster, 'test')).toEqual(['s/1=11']);
  });

  it('indexes of the full backup, are created although the increments have none', async () => {
    const names = { namespace: 'test', set: 's', name: 'by_n', bin: 'n' };
    const sindex: Sindex = { ...names, indexType: 'N', dataType: 'N', context: '', expression: '' };
    await writeStored(root, { records: [clientRecord('s', 1, 1)], sindexes: [sindex] });
    await increment(10, 0, [clientRecord('s', 1, 11, { generation: 2 })]);
    expect(await byTime(20)).toMatchObject({ status: 'success', 'index-count': 1 });
    expect(await readMetadata(cluster, 'test')).toEqual(['s/by_n']);
  });

  it('namespace that fails, does not keep the other from being restored', async () => {
    const path = await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    writeFileSync(join(path, '0_test_1.asb'), 'Version 3.1\n# namespace test\n# first-file\n+ nonsense\n');
    await writeStored(root, { namespace: 'bar', records: [clientRecord('x', 1, 5, { namespace: 'bar' })] });
    const { status, error } = await byTime(20);
    expect([status, error]).toEqual(['failure', expect.stringMatching(/^namespace test: /)]);
    expect(await readContents(cluster, 'bar')).toEqual(['x/1=5']);
  });

  it('damaged metadata, hides no other backup from the restore', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    const later = await writeStored(root, { startMs: at(5), records: [clientRecord('s', 1, 5)] });
    writeFileSync(join(later, 'metadata.yaml'), 'created: 2026');
    expect(await byTime(20)).toMatchObject({ status: 'success' });
    expect(await readContents(cluster, 'test')).toEqual(['s/1=1']);
  });

  it('deletion that had begun before, is over before the backups are chosen', async () => {
    const [kept, deleted] = [clientRecord('s', 1, 1), clientRecord('s', 2, 2)];
    await writeStored(root, { records: [kept] });
    const path = await writeStored(root, { startMs: at(5), records: [deleted] });
    settleRetention = () => {
      rmSync(path, { recursive: true });
      return Promise.resolve();
    };
    expect(await byTime(20)).toMatchObject({ status: 'success' });
    expect(await readContents(cluster, 'test')).toEqual(['s/1=1']);
  });

  it('time before the first full backup was finished, fails', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    expect((await byTime(0)).error).toContain('no full backups found');
  });

  it('full backup and fifty increments, of random changes, equal the model', async () => {
    // A linear congruential generator: the same changes in every run.
    let state = 12_345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return (state >>> 8) % below;
    };
    const model = new Map<number, PlainRecord>();
    const change = (n: number): PlainRecord => {
      const generation = (model.get(n)?.generation ?? 0) + 1;
      const voidTime = random(6) === 0 ? ttlPast : 0;
      const extra = random(2) === 0 ? [integerBin(`x${random(3)}`, random(100))] : [];
      const record = clientRecord('s', n, 0, { generation, voidTime, bins: [integerBin('n', random(1000)), ...extra] });
      model.set(n, record);
      return record;
    };
    const changeSome = (): PlainRecord[] => [...new Set(Array.from({ length: 8 }, () => random(60)))].map(change);
    await writeStored(root, { records: Array.from({ length: 40 }, (_, n) => change(n)) });
    for (let i = 1; i <= 50; i++) await increment(i * 10, (i - 1) * 10, changeSome());
    const status = await byTime(1000);
    expect(status).toMatchObject({ status: 'success' });
    const living = [...model.values()].filter(({ voidTime }) => voidTime === 0);
    expect(await readContents(cluster, 'test')).toEqual(living.map(describeRecord).sort());
    const sum = (['inserted', 'fresher', 'existed', 'ignored', 'skipped', 'expired'] as const).reduce(
      (total, name) => total + status[`${name}-records`],
      0,
    );
    expect(sum).toBe(status['read-records']);
  }, 60_000);
});

describe('restore jobs', () => {
  it('job that is canceled, ends as canceled, and one that is unknown is not found', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    const names = { 'destination-name': 'main', 'source-name': 'disk' };
    const started = jobs.startByPath({ ...names, 'backup-data-path': `nightly/backup/${STARTED_MS}` });
    jobs.cancel(String(await started));
    expect((await end(started)).status).toBe('canceled');
    expect(() => jobs.status('17')).toThrow('job 17 not found');
    expect(() => jobs.cancel('17')).toThrow('job 17 not found');
  });

  it('list, has the jobs of a status and a time', async () => {
    await byPath('nothing');
    await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    await byTime(20);
    const statuses = (list: Record<string, RestoreJobStatus>) => Object.values(list).map(({ status }) => status);
    expect(statuses(jobs.list({})).sort()).toEqual(['failure', 'success']);
    expect(statuses(jobs.list({ statuses: new Set(['failure']) }))).toEqual(['failure']);
    expect(jobs.list({ fromMs: Date.now() + MINUTE_MS })).toEqual({});
    expect(jobs.list({ toMs: 0 })).toEqual({});
    // Every parser of JSON reads their ids exactly.
    const ids = Object.keys(jobs.list({}));
    expect(ids.map((id) => String(JSON.parse(id)))).toEqual(ids);
  });

  it('jobs with a data directory, are known after a restart, and those that ran have failed', async () => {
    const dataDirectory = join(root, 'data');
    jobs = await open({ dataDirectory });
    await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    await byTime(20);
    await jobs.stop();
    const folder = join(dataDirectory, 'restore-jobs');
    const [name] = readdirSync(folder);
    expect(statSync(join(folder, name!)).mode & 0o777).toBe(0o600);
    const text = readFileSync(join(folder, name!), 'utf8');
    writeFileSync(join(folder, '4711.json'), text.replace('"status":"success"', '"status":"running"'));
    writeFileSync(join(folder, '4712.json'), '{"half');
    jobs = await open({ dataDirectory });
    expect(jobs.status(name!.replace('.json', ''))).toMatchObject({ status: 'success', 'inserted-records': 1 });
    expect(jobs.status('4711')).toMatchObject({
      status: 'failure',
      error: 'the service was restarted while the job ran',
    });
    expect(Object.keys(jobs.list({}))).toHaveLength(2);
  });

  it('jobs that have ended, are bounded in number', async () => {
    const dataDirectory = join(root, 'data');
    jobs = await open({ mostEnded: 2, dataDirectory });
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      const started = jobs.startByTime({ routine: 'nightly', time: STARTED_MS });
      ids.push(String(await started));
      await end(started);
    }
    await jobs.stop();
    expect(Object.keys(jobs.list({})).sort()).toEqual(ids.slice(1).sort());
    expect(readdirSync(join(dataDirectory, 'restore-jobs'))).toHaveLength(2);
  });

  it('job when the service stops, fails with the reason', async () => {
    await writeStored(root, { records: [clientRecord('s', 1, 1)] });
    const id = String(await jobs.startByTime({ routine: 'nightly', time: at(20) }));
    await jobs.stop();
    expect(jobs.status(id)).toMatchObject({ status: 'failure', error: 'the service was stopped while the job ran' });
  });
});
