import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as backup from '../../src/ui/messages/backup.js';
import * as common from '../../src/ui/messages/common.js';
import type { EngineEvent } from '../../src/core/events.js';
import { type LogLine, logText } from '../../src/core/log.js';
import * as machine from '../../src/ui/machine-format.js';
import * as restore from '../../src/ui/messages/restore.js';
import { etaText, localTimeText } from '../../src/ui/format-duration.js';

const SECOND = 1;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

describe('remaining time', () => {
  it.each([
    [0, '0s'],
    [0.9, '0s'],
    [-5, '0s'],
    [59.99, '59s'],
    [MINUTE, '1m0s'],
    [8 * HOUR + 19 * MINUTE + 59 * SECOND, '8h19m59s'],
    [HOUR, '1h0m0s'],
    [DAY + 2 * HOUR + 3 * MINUTE + 4, '1d2h3m4s'],
    [DAY, '1d0h0m0s'],
    [100 * DAY, '100d0h0m0s'],
    [100 * DAY + 1, '>100d'],
    [Infinity, '>100d'],
  ])('%d', (seconds, text) => {
    expect(etaText(seconds)).toBe(text);
  });
});

describe('local time', () => {
  const zone = process.env['TZ'];
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  it.each([
    ['UTC', undefined, '1970-01-01 00:00:00 UTC'],
    ['UTC', Date.UTC(2030, 0, 1, 10), '2030-01-01 10:00:00 UTC'],
    ['Europe/Berlin', Date.UTC(2020, 6, 1, 10), '2020-07-01 12:00:00 CEST'],
    ['Europe/Berlin', Date.UTC(2020, 0, 1, 11), '2020-01-01 12:00:00 CET'],
    ['America/New_York', undefined, '1969-12-31 19:00:00 EST'],
    ['Asia/Kolkata', Date.UTC(2020, 0, 1), '2020-01-01 05:30:00 IST'],
    ['America/Sao_Paulo', Date.UTC(2020, 0, 1, 3), '2020-01-01 00:00:00 -03'],
    ['Asia/Kathmandu', Date.UTC(2020, 0, 1), '2020-01-01 05:45:00 +0545'],
  ])('in %s', (tz, time, text) => {
    process.env['TZ'] = tz;
    expect(localTimeText(time)).toBe(text);
  });
});

describe('lines of asbackup', () => {
  const zone = process.env['TZ'];
  beforeEach(() => {
    process.env['TZ'] = 'UTC';
  });
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });
  const start = { hostText: '127.0.0.1', namespace: 'test', sets: [], bins: [] };
  const range = (begin: number, count: number) => ({ kind: 'range', begin, count }) as const;
  const digest = { kind: 'digest', digest: Buffer.from('xZ31Is0pcFkV4HhXwZY5UVesqV0=', 'base64') } as const;

  it.each([
    [
      backup.backupStartLine({ ...start, target: { kind: 'directory', path: 'golden/plain' } }),
      'Starting backup of 127.0.0.1 (namespace: test, set: [all], bins: [all], after: 1970-01-01 00:00:00 UTC, before: 1970-01-01 00:00:00 UTC, no ttl only: false, limit: 0) to golden/plain',
    ],
    [
      backup.backupStartLine({ ...start, target: { kind: 'stdout' } }),
      'Starting backup of 127.0.0.1 (namespace: test, set: [all], bins: [all], after: 1970-01-01 00:00:00 UTC, before: 1970-01-01 00:00:00 UTC, no ttl only: false, limit: 0) to [stdout]',
    ],
    [
      backup.backupStartLine({ ...start, target: { kind: 'none' }, maxRecords: 7 }),
      'Starting backup of 127.0.0.1 (namespace: test, set: [all], bins: [all], after: 1970-01-01 00:00:00 UTC, before: 1970-01-01 00:00:00 UTC, no ttl only: false, limit: 7) to [none]',
    ],
    [
      backup.backupStartLine({
        ...start,
        sets: ['people'],
        bins: ['id', 'name'],
        modifiedAfter: Date.UTC(2020, 0, 1),
        modifiedBefore: Date.UTC(2030, 0, 1, 10),
        target: { kind: 'directory', path: 'wire2/backup-filters.dir' },
      }),
      'Starting backup of 127.0.0.1 (namespace: test, set: [people], bins: id,name, after: 2020-01-01 00:00:00 UTC, before: 2030-01-01 10:00:00 UTC, no ttl only: false, limit: 0) to wire2/backup-filters.dir',
    ],
    [
      backup.backupStartLine({
        ...start,
        sets: ['people', 'events'],
        noTtlOnly: true,
        target: { kind: 'file', path: 'f.asb' },
      }),
      'Starting backup of 127.0.0.1 (namespace: test, set: [people,events], bins: [all], after: 1970-01-01 00:00:00 UTC, before: 1970-01-01 00:00:00 UTC, no ttl only: true, limit: 0) to f.asb',
    ],
    [common.nodeCountLine(1), 'Processing 1 node(s)'],
    [backup.nodeTableLines([])[0]!, 'Node ID             Objects        Replication    '],
    [
      backup.nodeTableLines([{ id: 'C5', objects: 200, replication: 1 }])[1]!,
      'C5                  200            1              ',
    ],
    [backup.objectCountLine('test', [], 200), 'Namespace test contains 200 record(s)'],
    [backup.objectCountLine('test', ['people'], 33), 'Set people contains 33 record(s)'],
    [backup.objectCountLine('test', ['people', 'events'], 62), 'Sets people,events contain 62 record(s)'],
    [backup.directoryCreatedLine('golden/plain'), 'Directory golden/plain does not exist, creating'],
    [backup.directoryPreparedLine('golden/plain'), 'Directory golden/plain prepared for backup'],
    [backup.sindexCountLine(8), 'Backing up 8 secondary index(es)'],
    [backup.sindexCountLine(0), 'No secondary indexes'],
    [backup.sindexSkippedLine(4), 'Skipped 4 index(es) with unwanted set(s)'],
    [backup.udfCountLine(2), 'Backing up 2 UDF file(s)'],
    [backup.jobStartedLine(range(0, 4096)), 'Starting backup for 4096 partitions from 0 to 4095'],
    [backup.jobStartedLine(range(3000, 10)), 'Starting backup for 10 partitions from 3000 to 3009'],
    [backup.jobStartedLine(range(7, 1)), 'Starting backup for partition 7'],
    [backup.jobStartedLine(digest), 'Starting backup for partition 3525 after xZ31Is0pcFkV4HhXwZY5UVesqV0='],
    [
      backup.jobCompletedLine(range(0, 4096), 200, 847872),
      'Completed backup for 4096 partitions from 0 to 4095, records: 200, size: 847872 (~4239 B/rec)',
    ],
    [
      backup.jobCompletedLine(digest, 0, 0),
      'Completed backup for partition 3525 after xZ31Is0pcFkV4HhXwZY5UVesqV0=, records: 0, size: 0 (~0 B/rec)',
    ],
    [
      backup.jobInterruptedLine(range(0, 4096), 3, 10),
      'Backup of 4096 partitions from 0 to 4095 interrupted, records: 3, size: 10 (~3 B/rec)',
    ],
    [
      backup.backupSummaryLine({ records: 200, sindexes: 8, udfs: 2, bytes: 849838 }),
      'Backed up 200 record(s), 8 secondary index(es), 2 UDF file(s), 849838 byte(s) in total (~4249 B/rec)',
    ],
    [
      backup.backupSummaryLine({ records: 0, sindexes: 8, udfs: 2, bytes: 445 }),
      'Backed up 0 record(s), 8 secondary index(es), 2 UDF file(s), 445 byte(s) in total (~0 B/rec)',
    ],
    [
      backup.backupProgressLine({ percent: 50, records: 100, bytes: 222013, intervalMs: 40 }, { records: 0, bytes: 0 }),
      '50% complete (~5420 KiB/s, ~2500 rec/s, ~2220 B/rec)',
    ],
    [
      backup.backupProgressLine({ percent: 51, records: 103, bytes: 453531, intervalMs: 35 }, { records: 0, bytes: 0 }),
      '51% complete (~12654 KiB/s, ~2942 rec/s, ~4403 B/rec)',
    ],
    [
      backup.backupProgressLine({ percent: 25, records: 10, bytes: 1266, intervalMs: 53 }, { records: 0, bytes: 0 }),
      '25% complete (~23 KiB/s, ~188 rec/s, ~126 B/rec)',
    ],
    [
      backup.backupProgressLine({ percent: 0, records: 0, bytes: 445, intervalMs: 0 }, { records: 0, bytes: 0 }),
      '0% complete (~0 KiB/s, ~0 rec/s, ~0 B/rec)',
    ],
    [backup.backupRemainingLine(0), '~0s remaining'],
  ])('%s', (actual, expected) => {
    expect(logText(actual)).toBe(expected);
  });

  it('cuts a long list of sets', () => {
    const sets = Array.from({ length: 500 }, (_, i) => `set${i}`);
    const { text } = backup.backupStartLine({ ...start, sets, target: { kind: 'stdout' } });
    expect(text.length).toBeLessThan(1300);
    expect(text).toMatch(/set: \[set0,set1,.*\.\.\.\], bins: \[all\]/);
  });

  it('is found by the expression that scripts use for the summary', () => {
    const expression =
      /^Backed up (\d+) record\(s\), (\d+) secondary index\(es\), (\d+) UDF file\(s\), (\d+) byte\(s\) in total \(~(\d+) B\/rec\)$/;
    const { text } = backup.backupSummaryLine({ records: 33, sindexes: 8, udfs: 2, bytes: 238684 });
    expect(expression.exec(text)?.slice(1)).toEqual(['33', '8', '2', '238684', '7232']);
  });
});

const totals = {
  udfs: 2,
  sindexes: 7,
  records: 200,
  bytes: 849854,
  expired: 0,
  skipped: 0,
  ignored: 0,
  inserted: 200,
  existed: 0,
  fresher: 0,
  retries: 0,
};

describe('lines of asrestore', () => {
  function line(event: EngineEvent): LogLine {
    const optionNames = { noGeneration: '--no-generation', unique: '--unique' };
    return restore.formatRestoreEvent(event, { hosts: '127.0.0.1', optionNames })!.line;
  }

  it.each([
    [
      line({ type: 'restore.start', bins: [], sets: [], source: { kind: 'file', path: 'golden/corpus.asb' } }),
      'Starting restore to 127.0.0.1 (bins: [all], sets: [all]) from golden/corpus.asb',
    ],
    [
      line({ type: 'restore.start', bins: ['a', 'b'], sets: ['s'], source: { kind: 'stdin' } }),
      'Starting restore to 127.0.0.1 (bins: a,b, sets: s) from [stdin]',
    ],
    [
      line({ type: 'restore.input', source: { kind: 'file', path: 'golden/corpus.asb' } }),
      'Restoring golden/corpus.asb',
    ],
    [line({ type: 'file.opened', path: 'golden/corpus.asb' }), 'Opened backup file golden/corpus.asb'],
    [line({ type: 'restore.records' }), 'Restoring records'],
    [line({ type: 'restore.udf', name: 'utf8 space.lua', bytes: 62 }), 'Restoring UDF file utf8 space.lua (size 62)'],
    [line({ type: 'restore.finished' }), 'Finished restoring backup file(s)'],
    [line({ type: 'restore.sindexes.matched', sindexes: 7 }), 'Skipped 7 matched index(es)'],
    [line({ type: 'restore.sindexes.mismatched', sindexes: 1 }), 'Skipped 1 mismatched index(es)'],
    [line({ type: 'input.files', files: 3, path: 'd' }), 'Found 3 backup file(s) in d'],
    [
      restore.restoreCountLine(totals, { records: 200, bytes: 849854, ms: 1000 }),
      '2 UDF file(s), 7 secondary index(es), 200 record(s) (200 rec/s, 829 KiB/s, 4249 B/rec, retries: 0)',
    ],
    [
      restore.restoreCountLine({ ...totals, sindexes: 8 }, { records: 0, bytes: 0, ms: 2000 }),
      '2 UDF file(s), 8 secondary index(es), 200 record(s) (0 rec/s, 0 KiB/s, 0 B/rec, retries: 0)',
    ],
    [
      restore.restoreSummaryLine(totals),
      'Expired 0 : skipped 0 : err_ignored 0 : inserted 200: failed 0 (existed 0 , fresher 0)',
    ],
    [
      restore.restoreSummaryLine({
        ...totals,
        inserted: 0,
        existed: 40,
        fresher: 2,
        expired: 1,
        skipped: 3,
        ignored: 4,
      }),
      'Expired 1 : skipped 3 : err_ignored 4 : inserted 0: failed 42 (existed 40 , fresher 2)',
    ],
    [restore.restoreProgressLine(100, 0), '100% complete, ~0s remaining'],
  ])('%s', (actual, expected) => {
    expect(logText(actual)).toBe(expected);
  });

  it('is found by the expression that scripts use for the summary', () => {
    const expression =
      /Expired ([\d]+) : skipped ([\d]+) : err_ignored ([\d]+) : inserted ([\d]+): failed ([\d]+) \(existed ([\d]+) , fresher ([\d]+)\)/;
    const { text } = restore.restoreSummaryLine({ ...totals, existed: 5, fresher: 6 });
    expect(expression.exec(text)?.slice(1)).toEqual(['0', '0', '0', '200', '11', '5', '6']);
  });
});

describe('machine lines', () => {
  it.each([
    [machine.machineProgressText(50), 'PROGRESS:50'],
    [machine.machineRemainingText(1.03), 'REMAINING:1s'],
    [machine.machineEstimateText(200, 7427), 'ESTIMATE:200:7427'],
    [
      machine.machineBackupSummaryText({ records: 100, sindexes: 8, udfs: 2, bytes: 222013 }),
      'SUMMARY:100:8:2:222013:2220',
    ],
    [machine.machineBackupSummaryText({ records: 0, sindexes: 8, udfs: 2, bytes: 445 }), 'SUMMARY:0:8:2:445:0'],
    [
      machine.machineRestoreSummaryText({ ...totals, expired: 1, skipped: 2, ignored: 3, existed: 4, fresher: 5 }),
      'SUMMARY:2:7:200:1:2:3 :200:4:5',
    ],
  ])('%s', (actual, expected) => {
    expect(logText(actual)).toBe(expected);
  });
});
