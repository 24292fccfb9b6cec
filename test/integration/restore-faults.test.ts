/** What a restore does when something goes wrong: no record may be lost without a word. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import {
  Bench,
  digest,
  failing,
  GOLDEN,
  HEAD,
  LATER_HEAD,
  LONGER,
  record,
  records,
  restore,
} from '../support/restore.js';

const bench = new Bench();

describe.each([
  ['batch writes', false],
  ['single writes', true],
] as const)('%s', (_name, disableBatchWrites) => {
  const mode = { disableBatchWrites };

  it('restores a golden backup with the counters of the C tool', async () => {
    const result = await restore(bench.options(join(GOLDEN, 'plain'), { ...mode, ...LONGER }));
    expect(result).toMatchObject({ records: 200, inserted: 200, failed: 0, sindexes: 8, udfs: 2, retries: 0 });
    expect(bench.objects()).toBe(200);
    const again = await restore(bench.options(join(GOLDEN, 'plain'), { ...mode, ...LONGER }));
    expect(again).toMatchObject({ inserted: 0, fresher: 200 });
    expect(await restore(bench.options(join(GOLDEN, 'plain'), { ...mode, ...LONGER, unique: true }))).toMatchObject({
      existed: 200,
    });
    const forced = { ...mode, ...LONGER, noGeneration: true, replace: true };
    expect(await restore(bench.options(join(GOLDEN, 'plain'), forced))).toMatchObject({ inserted: 200 });
    expect(bench.lines).toContain('INF Skipped 8 matched index(es)');
  });

  it('sends again the rows that met an overloaded device, and only those', async () => {
    bench.server.nodes[0]!.injectFaults({ row: { every: 3, result: 18, times: 50 } });
    const path = bench.write('overload.asb', HEAD + records(400));
    const result = await restore(bench.options(path, mode));
    expect(result).toMatchObject({ records: 400, inserted: 400, fresher: 0, inDoubt: 0 });
    expect(result.retries).toBeGreaterThan(0);
    expect(bench.objects()).toBe(400);
  });

  it('a record that was found present after a lost answer is in doubt, and not counted as inserted', async () => {
    bench.server.nodes[0]!.injectFaults({ row: { every: 2, result: 9, applied: true, times: 20 } });
    // Generation 1: the record that was written stands in the way of its own retry.
    const text = Array.from({ length: 100 }, (_, i) => record(`d${i}`, { generation: 1 })).join('');
    const result = await restore(bench.options(bench.write('doubt.asb', HEAD + text), mode));
    expect(result.fresher).toBe(0);
    expect(result.inserted + result.inDoubt).toBe(100);
    // A retry may meet one of the 20 faults again.
    expect(result.inDoubt).toBeGreaterThanOrEqual(10);
    expect(result.inDoubt).toBeLessThanOrEqual(20);
    expect(bench.lines.some((line) => line.includes(`${result.inDoubt} record(s) were found present`))).toBe(true);
  });

  it('goes on after lost connections', async () => {
    bench.server.nodes[0]!.injectFaults({ cut: { afterBytes: 100, times: 3 } });
    const result = await restore(bench.options(bench.write('cut.asb', HEAD + records(2000)), mode));
    expect(result).toMatchObject({ records: 2000, inserted: 2000 });
    expect(bench.objects()).toBe(2000);
  });

  it('stops when retries are used up, and says how much is missing', async () => {
    bench.server.nodes[0]!.injectFaults({ row: { every: 1, result: 18 } });
    const error = await failing(
      restore(bench.options(bench.write('busy.asb', HEAD + records(300)), { ...mode, maxRetries: 2 })),
    );
    expect(error.code).toBe('RESTORE_RETRIES');
    expect(error.message).toMatch(
      /retries exceeded \(2\).*the device cannot keep up.*0 of \d+ record\(s\) read were written/s,
    );
    expect(error.result).toMatchObject({ inserted: 0 });
    expect(error.result.failed).toBe(error.result.records);
  });

  it('stops at a refused record, unless told to ignore it', async () => {
    const text = HEAD + record('a') + record('t', { voidTime: 800_000_000 }) + record('b');
    const path = bench.write('refused.asb', text);
    const strict = await InMemoryCluster.start({ nsupPeriodS: 0 });
    try {
      const cluster = { ...bench.options(path).cluster, seeds: [strict.seed] };
      const error = await failing(restore(bench.options(path, { ...mode, cluster })));
      expect(error.code).toBe('RESTORE_REFUSED');
      expect(error.message).toContain(digest('t').toString('base64'));
      expect(error.message).toContain('code 22');
      expect(error.result).toMatchObject({ records: 3, inserted: 2, failed: 1 });
      const result = await restore(bench.options(path, { ...mode, cluster, ignoreRecordError: true }));
      expect(result).toMatchObject({ records: 3, ignored: 1 });
    } finally {
      await strict.stop();
    }
  });

  it('stops at a code that will not pass', async () => {
    bench.server.nodes[0]!.injectFaults({ row: { every: 10, result: 8 } });
    const error = await failing(restore(bench.options(bench.write('full.asb', HEAD + records(500)), mode)));
    expect(error.code).toBe('SERVER_8');
    expect(error.result.inserted + error.result.failed).toBe(error.result.records);
    expect(bench.objects()).toBe(error.result.inserted);
  });

  it('writes records of generation 0 if they are missing, and leaves others alone', async () => {
    const path = bench.write('zero.asb', HEAD + record('z1', { generation: 0 }) + record('z2', { generation: 0 }));
    expect(await restore(bench.options(path, mode))).toMatchObject({ inserted: 2 });
    expect(await restore(bench.options(path, mode))).toMatchObject({ inserted: 0, fresher: 2 });
    expect(await restore(bench.options(path, { ...mode, unique: true }))).toMatchObject({ existed: 2 });
  });

  it('writes what can be written of records with empty bins', async () => {
    const text = [
      record('n1', { bins: [] }),
      record('n2', { bins: ['N gone'] }),
      record('n3', { bins: ['N gone', 'I v 1'] }),
    ].join('');
    const path = bench.write('nil.asb', HEAD + text);
    expect(await restore(bench.options(path, mode))).toMatchObject({ records: 3, skipped: 2, inserted: 1 });
    expect(await restore(bench.options(path, { ...mode, replace: true, noGeneration: true }))).toMatchObject({
      inserted: 1,
    });
    expect(bench.stored('n3')).toBe(true);
  });

  it('keeps lists and maps that servers would refuse as they are', async () => {
    const list = (hex: string): string => {
      const text = Buffer.from(hex, 'hex').toString('base64');
      return `${text.length} ${text}`;
    };
    const text = [
      record('c1', { bins: [`L l ${list('94c70001030201')}`] }),
      record('c2', { bins: [`M m ${list('83c70001c0a2036201a2036102')}`] }),
      record('c3', { bins: [`L l ${list('93c700100102')}`] }),
    ].join('');
    expect(await restore(bench.options(bench.write('cdt.asb', HEAD + text), mode))).toMatchObject({ inserted: 3 });
    expect(bench.lines).toContain('INF 2 record(s) had ordered lists or maps out of order; they were written in order');
    expect(bench.lines.some((line) => line.includes('1 record(s) lost the "persist index" marks'))).toBe(true);
  });
});

describe('several nodes', () => {
  it('sends each record to the master of its partition, also after partitions have moved', async () => {
    await bench.server.stop();
    bench.server = await InMemoryCluster.start({ nodes: 3 });
    const path = bench.write('nodes.asb', HEAD + records(3000));
    const running = restore(bench.options(path, { batchSize: 16 }));
    bench.server.movePartitions(
      Array.from({ length: 2048 }, (_, i) => i),
      2,
    );
    expect(await running).toMatchObject({ records: 3000, inserted: 3000 });
    expect(bench.objects()).toBe(3000);
  });

  it('goes on when a node dies', async () => {
    await bench.server.stop();
    bench.server = await InMemoryCluster.start({ nodes: 2 });
    bench.server.nodes[1]!.injectFaults({ delayMs: 20 });
    const path = bench.write('dying.asb', HEAD + records(5000));
    const running = restore(bench.options(path, { batchSize: 50, retryScaleFactorUs: 20_000 }));
    setTimeout(() => void bench.server.stopNode(1), 150);
    expect(await running).toMatchObject({ records: 5000, inserted: 5000 });
    expect(bench.objects()).toBe(5000);
  });
});

describe('batches', () => {
  it('are made smaller when the server takes fewer rows', async () => {
    bench.server.nodes[0]!.injectFaults({ row: { every: 1, result: 151, times: 64 } });
    const result = await restore(bench.options(bench.write('rows.asb', HEAD + records(200)), { batchSize: 64 }));
    expect(result).toMatchObject({ inserted: 200, failed: 0 });
  });

  it('are not used with servers that have none', async () => {
    await bench.server.stop();
    bench.server = await InMemoryCluster.start({ build: '5.7.0.31' });
    expect(await restore(bench.options(bench.write('old.asb', HEAD + records(100))))).toMatchObject({ inserted: 100 });
  });

  it('end with the time limit when the server falls silent', async () => {
    bench.server.nodes[0]!.injectFaults({ delayMs: 3000 });
    const path = bench.write('silent.asb', HEAD + records(10));
    const quick = { totalTimeoutMs: 200, socketTimeoutMs: 0, maxRetries: 1 };
    const error = await failing(restore(bench.options(path, quick)));
    expect(error.code).toBe('RESTORE_RETRIES');
    expect(error.message).toContain('(it may have been written)');
    expect(error.message).toContain('did not answer a write command within 200 ms');
    expect(error.result).toMatchObject({ records: 10, failed: 10, failedInDoubt: 10 });
    expect(error.message).toContain('the answer to 10 of them was lost');
  });
});

describe('a FIFO', () => {
  it('is restored when somebody writes to it', async () => {
    const path = bench.path('fifo.asb');
    execFileSync('mkfifo', [path]);
    const running = restore(bench.options(path));
    setTimeout(() => void writeFile(path, HEAD + records(2000)), 200);
    expect(await running).toMatchObject({ records: 2000, inserted: 2000 });
  });

  it('that nobody writes to keeps no run from being stopped', async () => {
    const path = bench.path('silent-fifo.asb');
    execFileSync('mkfifo', [path]);
    const controller = new AbortController();
    const running = restore(bench.options(path, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 200);
    expect((await failing(running)).code).toBe('RESTORE_INTERRUPTED');
  });
});

describe('damaged input', () => {
  it('a corrupt file in the middle: everything else is restored, and the error names the place', async () => {
    const path = bench.path('damaged');
    for (let i = 0; i < 5; i++) {
      const text = (i === 0 ? HEAD : LATER_HEAD) + records(50, `f${i}-`);
      bench.write(`damaged/test_0000${i}.asb`, i === 2 ? text.slice(0, -3) + 'X' + text.slice(-2) : text);
    }
    const error = await failing(restore(bench.options(path)));
    expect(error.result).toMatchObject({ records: 249, inserted: 249 });
    expect(error.code).toMatch(/^ASB_/);
    expect(error.message).toMatch(/^249 of 249 record\(s\) read were written; 1 file\(s\)/);
    expect(error.cause).toMatchObject({ line: expect.any(Number) as number, offset: expect.any(Number) as number });
    const told = bench.lines.filter((line) => line.startsWith('ERR'));
    expect(told).toEqual([expect.stringMatching(/test_00002\.asb:\d+:\d+ \(byte \d+\)/)]);
  });

  it('an empty file is an error, is not deleted, and keeps no other file from being restored', async () => {
    const path = bench.path('empty');
    bench.write('empty/test_00000.asb', HEAD + records(10));
    const empty = bench.write('empty/test_00001.asb', '');
    const error = await failing(restore(bench.options(path)));
    expect(bench.lines).toContain(`ERR ${empty} is empty: it holds no backup.`);
    expect(error.result).toMatchObject({ inserted: 10 });
    expect(existsSync(empty)).toBe(true);
  });

  it('a file cut in a record is an error; one cut between records cannot be told, but a missing file can', async () => {
    const path = bench.path('cut');
    cpSync(join(GOLDEN, 'parallel4'), path, { recursive: true });
    const second = join(path, 'test_00001.asb');
    truncateSync(second, readFileSync(second).length - 7);
    bench.write('cut/test_00007.asb', HEAD.replace('# first-file\n', '') + record('x'));
    const error = await failing(restore(bench.options(path, LONGER)));
    expect(error.code).toBe('ASB_TRUNCATED');
    expect(error.result).toMatchObject({ inserted: 200 });
    expect(bench.lines.find((line) => line.includes('lacks'))).toContain(
      'test_00004.asb, test_00005.asb, test_00006.asb',
    );
  });

  it('a directory without backup files, and a directory that looks like one, are refused', async () => {
    mkdirSync(bench.path('none'), { recursive: true });
    await expect(restore(bench.options(bench.path('none')))).rejects.toThrow('No backup files found');
    mkdirSync(bench.path('sub', 'x.asb'), { recursive: true });
    await expect(restore(bench.options(bench.path('sub')))).rejects.toThrow('it is a directory');
    await expect(restore(bench.options(bench.path('nowhere')))).rejects.toThrow('no such file');
  });

  it('a namespace other than the one given is an error', async () => {
    const path = bench.write('ns.asb', HEAD + record('a'));
    const error = await failing(restore(bench.options(path, { namespace: { from: 'other', to: 'test' } })));
    expect(error.code).toBe('RESTORE_NAMESPACE');
    expect(error.result).toMatchObject({ records: 0, failed: 0 });
    expect(await restore(bench.options(path, { namespace: { from: 'test', to: 'restored' } }))).toMatchObject({
      inserted: 1,
    });
    expect(bench.server.store('restored').objects).toBe(1);
  });
});

describe('indexes and UDF modules', () => {
  it('are there before the first record of any file', async () => {
    const path = bench.path('order');
    bench.write('order/a.asb', HEAD + records(10));
    bench.write('order/b.asb', `${HEAD}* i test demo idx N 1 v N\n* u L m.lua 10 return {}\n\n${records(10, 'b')}`);
    await restore(bench.options(path));
    const udf = bench.lines.findIndex((line) => line.includes('Restoring UDF file m.lua (size 10)'));
    const index = bench.lines.findIndex((line) => line.includes('Restoring index test:demo:idx (v)'));
    const firstRecord = bench.lines.findIndex((line) => line.includes('Restoring records'));
    expect(Math.min(udf, index)).toBeGreaterThan(-1);
    expect(Math.max(udf, index)).toBeLessThan(firstRecord);
    expect(bench.server.sindexes.find('test', 'idx')).toMatchObject({ set: 'demo', bin: 'v' });
  });

  it('that fail keep no record from being restored, and make the run fail', async () => {
    bench.server.nodes[0]!.injectFaults({ infoAnswers: new Map([['sindex-create:', 'ERROR:4:no such luck']]) });
    const text = `${HEAD}* i test demo bad N 1 v N\n* u L m.lua 10 return {}\n\n${records(10)}* i test demo late N 1 v N\n`;
    const error = await failing(restore(bench.options(bench.write('badindex.asb', text), { wait: true })));
    expect(error.code).toBe('RESTORE_GLOBALS');
    expect(error.result).toMatchObject({ inserted: 10, udfs: 1, sindexes: 2 });
    expect(error.failures).toHaveLength(2);
    expect(error.message).toContain('2 index(es) or UDF module(s) could not be restored');
  });

  it('that differ are made anew, that match are left alone, and "null" may be a set', async () => {
    const index = (set: string, bin: string): string => `${HEAD}* i test ${set} idx N 1 ${bin} N\n`;
    await restore(bench.options(bench.write('i1.asb', index('demo', 'a'))));
    await restore(bench.options(bench.write('i2.asb', index('demo', 'b'))));
    expect(bench.server.sindexes.find('test', 'idx')).toMatchObject({ set: 'demo', bin: 'b' });
    bench.lines = [];
    await restore(bench.options(bench.write('i3.asb', index('null', 'b') + record('a'))));
    expect(bench.server.sindexes.find('test', 'idx')).toMatchObject({ set: undefined });
    expect(bench.lines.some((line) => line.includes('Index idx is restored without a set'))).toBe(true);
    bench.lines = [];
    await restore(bench.options(bench.write('i4.asb', index('null', 'b') + record('a'))));
    expect(bench.lines).toContain('INF Skipped 1 matched index(es)');
    await restore(
      bench.options(bench.write('i5.asb', index('null', 'b') + record('a', { set: 'null' })), { unique: true }),
    );
    expect(bench.server.sindexes.find('test', 'idx')).toMatchObject({ set: 'null' });
  });

  it('are left out, put off and filtered as asked', async () => {
    const text = `${HEAD}* i test demo i1 N 1 v N\n* i test  i2 N 1 v N\n* u L m.lua 10 return {}\n\n${records(3)}`;
    const path = bench.write('options.asb', text);
    expect(await restore(bench.options(path, { noIndexes: true, noUdfs: true }))).toMatchObject({
      sindexes: 0,
      udfs: 0,
    });
    expect(bench.server.sindexes.in('test')).toHaveLength(0);
    expect(
      await restore(bench.options(path, { sets: ['demo'], indexesLast: true, wait: true, noRecords: true })),
    ).toMatchObject({
      sindexes: 2,
      udfs: 1,
      records: 0,
    });
    expect(bench.lines).toContain('INF Skipped 1 index(es) with unwanted set(s)');
    expect(bench.server.sindexes.in('test').map(({ name }) => name)).toEqual(['i1']);
  });
});

describe('a run that is stopped', () => {
  it('waits for what is under way and says what is missing', async () => {
    bench.server.nodes[0]!.injectFaults({ delayMs: 30 });
    const controller = new AbortController();
    const path = bench.write('abort.asb', HEAD + records(20_000));
    const running = restore(bench.options(path, { signal: controller.signal, batchSize: 10 }));
    // In the middle, however slow the machine is.
    const timer = setInterval(() => {
      if (bench.objects() > 0) controller.abort();
    }, 5);
    const error = await failing(running).finally(() => clearInterval(timer));
    expect(error.code).toBe('RESTORE_INTERRUPTED');
    expect(error.result.records).toBeLessThan(20_000);
    expect(error.result.inserted).toBeGreaterThan(0);
    expect(bench.objects()).toBe(error.result.inserted);
  });
});

describe('a restore that is run again', () => {
  it('says why records were not written: nobody is to take them for lost', async () => {
    const path = bench.write('again.asb', HEAD + records(20, 'again', { generation: 1 }));
    expect(await restore(bench.options(path))).toMatchObject({ inserted: 20 });
    expect(bench.lines.join('\n')).not.toContain('left as they are');
    expect(await restore(bench.options(path))).toMatchObject({ inserted: 0, fresher: 20 });
    expect(bench.lines).toContainEqual(
      expect.stringMatching(/^INF 20 record\(s\) were left as they are: .* same or a later generation/),
    );
    expect(await restore(bench.options(path, { unique: true }))).toMatchObject({ existed: 20 });
    expect(bench.lines).toContainEqual(
      expect.stringMatching(/^INF 20 record\(s\) were left as they are: .* --unique was given/),
    );
  });
});
