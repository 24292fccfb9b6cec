import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { beforeEach, describe, expect, it } from 'vitest';
import { logText } from '../../../src/core/log.js';
import { BackupListing } from '../../../src/service/backups/backup-listing.js';
import { checkValue } from '../../../src/service/document/check-value.js';
import { BackupDetails } from '../../../src/service/document/schema/backup-details.js';
import type { ServiceDocument } from '../../../src/service/document/schema/service-document.js';
import { temporaryDirectory } from '../../support/backup-files.js';
import { documentWith, openLocal, STARTED_MS, writeListed } from '../../support/service-backups.js';

const HOUR_MS = 3_600_000;
const work = temporaryDirectory();
let count = 0;
let root: string;
let document: ServiceDocument;
let warnings: string[];
let listing: BackupListing;

beforeEach(() => {
  root = join(work, String(count++));
  mkdirSync(root);
  document = documentWith(root);
  warnings = [];
  listing = createListing();
});

function createListing(openStorage = openLocal): BackupListing {
  const line = (said: Parameters<typeof logText>[0]): void => void warnings.push(logText(said));
  return new BackupListing({
    config: {
      get document() {
        return document;
      },
      redacted: () => document,
    },
    log: { info: line, error: line, verbose: () => undefined },
    openStorage,
  });
}

async function keys(bounds = {}, type: 'full' | 'incremental' = 'full'): Promise<string[]> {
  return (await listing.list('nightly', type, bounds)).map(({ key }) => key);
}

describe('list of backups', () => {
  it('full backup, of ABS, has all fields of its metadata', async () => {
    writeListed(root, { more: { compression: 'ZSTD', encryption: 'AES256', 'udf-count': 4 } });
    const found = await listing.list('nightly', 'full', {});
    expect(found).toEqual([
      {
        created: '2026-05-02T01:00:00Z',
        timestamp: STARTED_MS,
        finished: '2026-05-02T01:01:00Z',
        'finished-timestamp': STARTED_MS + 60_000,
        duration: 60,
        namespace: 'test',
        'record-count': 3,
        'byte-count': 9120,
        'file-count': 2,
        'secondary-index-count': 0,
        'udf-count': 4,
        key: `nightly/backup/${STARTED_MS}/data/test`,
        storage: { 'local-storage': { path: root } },
        compression: 'ZSTD',
        encryption: 'AES256',
      },
    ]);
    expect(checkValue(BackupDetails, found[0], '')).toEqual([]);
  });

  it('incremental backups, tell since when, and are no full ones', async () => {
    writeListed(root);
    writeListed(root, { type: 'incremental', startMs: STARTED_MS + HOUR_MS, fromMs: STARTED_MS });
    const found = await listing.list('nightly', 'incremental', {});
    expect(found.map(({ from, timestamp }) => [from, timestamp])).toEqual([
      ['2026-05-02T01:00:00Z', STARTED_MS + HOUR_MS],
    ]);
  });

  it('backups, in any order of their folders, ascend by their start, then by their key', async () => {
    for (const hour of [2, 0, 1]) writeListed(root, { startMs: STARTED_MS + hour * HOUR_MS });
    writeListed(root, { namespace: 'bar' });
    expect(await keys()).toEqual([
      `nightly/backup/${STARTED_MS}/data/bar`,
      `nightly/backup/${STARTED_MS}/data/test`,
      `nightly/backup/${STARTED_MS + HOUR_MS}/data/test`,
      `nightly/backup/${STARTED_MS + 2 * HOUR_MS}/data/test`,
    ]);
  });

  it('bounds, include a backup only if both its start and its end are inside, the upper bound included', async () => {
    writeListed(root);
    const [key] = await keys();
    const endMs = STARTED_MS + 60_000;
    expect(await keys({ fromMs: STARTED_MS, toMs: endMs })).toEqual([key]);
    expect(await keys({ fromMs: STARTED_MS, toMs: endMs - 1 })).toEqual([]);
    expect(await keys({ fromMs: STARTED_MS + 1 })).toEqual([]);
    expect(await keys({ toMs: STARTED_MS })).toEqual([]);
  });

  it('layouts, without data and with readable names, are listed', async () => {
    writeListed(root, { withoutData: true });
    mkdirSync(join(root, 'nightly', 'backup', String(STARTED_MS), 'configuration'));
    const runName = `${STARTED_MS + HOUR_MS}_2026-05-02T02-00-00`;
    writeListed(root, { startMs: STARTED_MS + HOUR_MS, runName });
    expect(await keys()).toEqual([`nightly/backup/${STARTED_MS}/test`, `nightly/backup/${runName}/data/test`]);
  });

  it('namespace that was tried again, has its own name and the key of the attempt', async () => {
    writeListed(root, { folder: 'test.2' });
    mkdirSync(join(root, 'nightly', 'backup', String(STARTED_MS), 'data', 'test'));
    const [found] = await listing.list('nightly', 'full', {});
    expect([found?.namespace, found?.key]).toEqual(['test', `nightly/backup/${STARTED_MS}/data/test.2`]);
  });

  it('namespace with two complete attempts, is listed once, with the last one', async () => {
    writeListed(root, { folder: 'test' });
    writeListed(root, { folder: 'test.2', finishedMs: STARTED_MS + 90_000 });
    expect(await keys()).toEqual([`nightly/backup/${STARTED_MS}/data/test.2`]);
  });

  it('damaged metadata, hides no other backup of the routine, and is reported once', async () => {
    writeListed(root, { namespace: 'bar' });
    writeListed(root, { startMs: STARTED_MS + HOUR_MS });
    writeFileSync(join(writeListed(root), 'metadata.yaml'), 'created: 2026-05-');
    for (let i = 0; i < 2; i++) {
      expect(await keys()).toEqual([
        `nightly/backup/${STARTED_MS}/data/bar`,
        `nightly/backup/${STARTED_MS + HOUR_MS}/data/test`,
      ]);
    }
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('metadata.yaml is damaged');
  });

  it('backup that is still written or was left half-deleted, is not listed', async () => {
    const path = writeListed(root);
    expect(await keys()).toHaveLength(1);
    writeFileSync(join(path, '0_test_1.asb'), 'Version 3.1\n');
    rmSync(join(path, 'metadata.yaml'));
    expect(await keys()).toEqual([]);
  });

  it('metadata that was repaired, is listed again', async () => {
    const path = writeListed(root);
    writeFileSync(join(path, 'metadata.yaml'), '');
    expect(await keys()).toEqual([]);
    writeListed(root);
    expect(await keys()).toHaveLength(1);
  });

  it('metadata without its end, of older versions, counts as finished at its start', async () => {
    const path = writeListed(root);
    writeFileSync(join(path, 'metadata.yaml'), 'created: 2026-05-02T01:00:00Z\nnamespace: test\n');
    const [found] = await listing.list('nightly', 'full', {});
    expect(found).toMatchObject({ finished: '2026-05-02T01:00:00Z', duration: 0, 'record-count': 0 });
  });

  it('metadata that was read before, is not read again', async () => {
    writeListed(root);
    let reads = 0;
    const open = async (...args: Parameters<typeof openLocal>) => {
      const opened = await openLocal(...args);
      const storage = await opened.storage.forPath(root);
      const readSmall = storage.readSmall.bind(storage);
      storage.readSmall = (...read) => {
        reads++;
        return readSmall(...read);
      };
      return opened;
    };
    listing = createListing(open);
    expect(await keys()).toEqual(await keys());
    expect(reads).toBe(1);
  });

  it('routine without backups, has an empty list, and one that is unknown is not found', async () => {
    expect(await keys()).toEqual([]);
    for (const name of ['other', 'constructor']) {
      const error = { code: 'SERVICE_NOT_FOUND', message: `routine "${name}" not found` };
      await expect(listing.list(name, 'full', {})).rejects.toMatchObject(error);
    }
  });

  it('lists of all routines, have the name of each, and leave out one that is removed meanwhile', async () => {
    document = documentWith(root, ['nightly', 'hourly', 'gone']);
    writeListed(root, { routine: 'hourly' });
    listing = createListing((storage) => {
      document = documentWith(root, ['nightly', 'hourly']);
      return openLocal(storage);
    });
    const all = await listing.listAll('full', {});
    expect(Object.keys(all)).toEqual(['nightly', 'hourly']);
    expect(all.hourly).toHaveLength(1);
  });
});

describe('configuration of the cluster', () => {
  function writeConfiguration(startMs: number, ...names: string[]): void {
    const path = join(root, 'nightly', 'backup', String(startMs), 'configuration');
    mkdirSync(path);
    for (const name of names) writeFileSync(join(path, name), `${name} of ${startMs}`);
  }

  it('last full backup that was finished by then, has one entry for each node', async () => {
    writeListed(root);
    writeConfiguration(STARTED_MS, 'aerospike_1.conf', 'aerospike_0.conf', 'aerospike_10.conf', 'other.txt');
    writeListed(root, { startMs: STARTED_MS + HOUR_MS });
    const files = unzipSync(await listing.readConfiguration('nightly', STARTED_MS + HOUR_MS));
    expect(Object.keys(files)).toEqual(['aerospike_0.conf', 'aerospike_1.conf', 'aerospike_10.conf']);
    expect(Buffer.from(files['aerospike_1.conf']!).toString()).toBe(`aerospike_1.conf of ${STARTED_MS}`);
  });

  it.each([
    ['before the first backup', STARTED_MS, 'no full backup'],
    ['of a backup without it', STARTED_MS + HOUR_MS, 'has no configuration'],
  ])('configuration %s, is not found', async (_what, time, message) => {
    writeListed(root);
    await expect(listing.readConfiguration('nightly', time)).rejects.toMatchObject({
      code: 'SERVICE_NOT_FOUND',
      message: expect.stringContaining(message) as string,
    });
  });
});
