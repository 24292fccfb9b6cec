/**
 * What the C tool loses, counts wrongly or hangs on (asrestore.md 12; the number is that of its table), each named
 * after what a user would have lost. The faults that other files look at are not repeated here.
 */
import { cpSync, readFileSync } from 'node:fs';
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
import { decode, records as recordsIn } from '../support/asb.js';
import { readBackup, run } from '../support/target.js';

const bench = new Bench();

function seed(): string[] {
  return ['-h', bench.server.seed.host, '-p', String(bench.server.seed.port)];
}

function list(hex: string): string {
  const text = Buffer.from(hex, 'hex').toString('base64');
  return `L l ${text.length} ${text}`;
}

describe('records that would be lost', () => {
  it('4: those read but not yet sent when the run stops are counted as failed', async () => {
    bench.server.nodes[0]!.injectFaults({ row: { every: 40, result: 8 } });
    const error = await failing(restore(bench.options(bench.write('full.asb', HEAD + records(1000)))));
    expect(error.result.failed).toBeGreaterThan(1);
    expect(bench.objects()).toBe(error.result.inserted);
    expect(error.message).toContain(`${error.result.failed} were not`);
  });

  it('12: a life that --extra-ttl takes beyond 32 bits is cut to the longest, not over at once', async () => {
    const path = bench.write('ttl.asb', HEAD + record('t', { voidTime: 0xffff_fffe }) + record('u', { voidTime: 1 }));
    const result = await restore(bench.options(path, { extraTtlS: 0x7fff_ffff }));
    expect(result).toMatchObject({ inserted: 2, expired: 0 });
    expect(bench.stored('t') && bench.stored('u')).toBe(true);
  });

  it('45: a set whose name holds a comma, and records without a set, can be asked for', async () => {
    const text =
      HEAD +
      record('a', { set: 'x,y' }) +
      record('b', { set: '' }) +
      record('c', { set: 'x' }) +
      record('d', { set: 'z' });
    const path = bench.write(
      'sets.asb',
      `${text}* i test x,y i1 N 1 v N\n* i test  i2 N 1 v N\n* i test z i3 N 1 v N\n`,
    );
    const ran = await run('asrestore', [...seed(), '-i', path, '-s', `"x,y",'', z`]);
    expect(ran.stderr).toContain('skipped 1 : err_ignored 0 : inserted 3:');
    expect(['a', 'b', 'd'].every((key) => bench.stored(key)) && !bench.stored('c')).toBe(true);
    expect(bench.server.sindexes.in('test').map(({ name }) => name)).toEqual(['i1', 'i2', 'i3']);
  });

  it.each([false, true])(
    'code 1 that nothing can be done about is ignored if asked for, else reported (%s)',
    async (disableBatchWrites) => {
      const mode = { disableBatchWrites, maxRetries: 2 };
      const path = bench.write(
        'garbage.asb',
        HEAD + record('a') + record('g', { bins: [list('ffffff')] }) + record('b'),
      );
      const error = await failing(restore(bench.options(path, mode)));
      expect(error.message).toContain(digest('g').toString('base64'));
      expect(error.result).toMatchObject({ failed: 1, records: 3 });
      const result = await restore(bench.options(path, { ...mode, ignoreRecordError: true, noGeneration: true }));
      expect(result).toMatchObject({ inserted: 2, ignored: 1, failed: 0 });
      expect(bench.stored('a') && bench.stored('b')).toBe(true);
    },
  );

  it('30: a record that stops the run is not counted as ignored', async () => {
    bench.server.nodes[0]!.injectFaults({ row: { every: 5, result: 13, times: 1 } });
    const error = await failing(restore(bench.options(bench.write('big.asb', HEAD + records(10)))));
    expect(error.result).toMatchObject({ ignored: 0, failed: 1 });
  });
});

describe('indexes and modules that would be lost', () => {
  const index = (set: string, name = 'idx', namespace = 'test'): string => `* i ${namespace} ${set} ${name} N 1 v N\n`;

  it('9, 46: those of another namespace are not put where they do not belong; a name with escapes is understood', async () => {
    const other = HEAD.replace('# namespace test', '# namespace other');
    const path = bench.write('other.asb', other + index('demo', 'o', 'other') + record('a', { namespace: 'other' }));
    const error = await failing(restore(bench.options(path, { namespace: { from: 'test', to: 'test' } })));
    expect(error.code).toBe('RESTORE_NAMESPACE');
    expect(bench.errors).toEqual([expect.stringContaining('is a backup of namespace "other"')]);
    expect(bench.server.sindexes.in('test')).toHaveLength(0);
    const stray = bench.write('stray.asb', HEAD + index('demo', 'o', 'other') + record('a'));
    const strayError = await failing(restore(bench.options(stray, { namespace: { from: 'test', to: 'restored' } })));
    expect(strayError.code).toBe('RESTORE_GLOBALS');
    expect(bench.errors.at(-1)).toContain('it belongs to namespace "other"');
    expect(strayError.result).toMatchObject({ inserted: 1 });
    const escaped = `Version 3.1\n# namespace a\\ b\n# first-file\n${index('demo', 'e', 'a\\ b')}`;
    const text = escaped + record('e', { namespace: 'a\\ b' });
    const namespace = { from: 'a b', to: 'restored' };
    expect(await restore(bench.options(bench.write('esc.asb', text), { namespace }))).toMatchObject({ inserted: 1 });
    expect(bench.server.sindexes.in('restored').map(({ name }) => name)).toEqual(['e']);
  });

  it('10: one on a server that lists an index of a kind no backup can hold', async () => {
    const listed = 'ns=test:indexname=s1:set=demo:bin=null:type=null:indextype=set:context=null:exp=null:state=RW';
    bench.server.nodes[0]!.injectFaults({ infoAnswers: new Map([['sindex-list:', listed]]) });
    await restore(bench.options(bench.write('kinds.asb', HEAD + index('demo') + record('a'))));
    expect(bench.server.sindexes.find('test', 'idx')).toBeDefined();
  });

  it('19: one on a server that lists nothing at all', async () => {
    bench.server.nodes[0]!.injectFaults({ infoAnswers: new Map([['sindex-list:', '']]) });
    await restore(bench.options(bench.write('empty-list.asb', HEAD + index('demo'))));
    expect(bench.server.sindexes.find('test', 'idx')).toBeDefined();
  });

  it('11: those behind the first record are restored with --no-records', async () => {
    const text = `${HEAD}${records(50)}${index('demo')}* u L m.lua 10 return {}\n\n${records(50, 'l')}`;
    const result = await restore(bench.options(bench.write('behind.asb', text), { noRecords: true, parallel: 4 }));
    expect(result).toMatchObject({ records: 0, sindexes: 1, udfs: 1 });
    expect(bench.server.sindexes.find('test', 'idx')).toBeDefined();
    expect(bench.objects()).toBe(0);
  });

  it('17: one with a context that cannot be read is an error, not the end of the process', async () => {
    const good = '* i test demo good N 1 v N\n';
    const text = `${HEAD}${good}* i test demo bad N 1 v N !!!!\n${records(3)}`;
    const error = await failing(restore(bench.options(bench.write('context.asb', text))));
    expect(error.code).toBe('ASB_BASE64');
    expect(error.result).toMatchObject({ sindexes: 1 });
    expect(bench.errors).toEqual([expect.stringMatching(/context\.asb:5:\d+/)]);
    const cut = await failing(
      restore(bench.options(bench.write('cut.asb', `${HEAD}${good}* i test demo bad N 1 v N lQ`))),
    );
    expect(cut.code).toBe('ASB_TRUNCATED');
    expect(bench.errors.at(-1)).toMatch(/cut\.asb:5:\d+/);
    expect(bench.server.sindexes.find('test', 'good')).toBeDefined();
  });

  it('48: one over several paths, which nothing can write, is an error with its place', async () => {
    const text = `${HEAD}* i test demo multi N 2 a N b N\n${records(3)}`;
    const error = await failing(restore(bench.options(bench.write('multi.asb', text))));
    expect(error.code).toMatch(/^ASB_/);
    expect(bench.errors[0]).toMatch(/multi\.asb:4:\d+/);
  });

  it('33: --wait takes as long as the index takes, and does not mistake one module for another', async () => {
    bench.server.nodes[0]!.injectFaults({ infoAnswers: new Map([['sindex-stat:', 'load_pct=40']]) });
    setTimeout(() => bench.server.nodes[0]!.injectFaults({ infoAnswers: new Map() }), 700);
    const text = `${HEAD}${index('demo')}* u L xm.lua 10 return {}\n\n* u L m.lua 10 return {}\n\n`;
    const start = performance.now();
    await restore(bench.options(bench.write('wait.asb', text), { wait: true }));
    expect(performance.now() - start).toBeGreaterThan(700);
  });
});

describe('runs that would hang, crash or spin', () => {
  it.each([[[]], [['--disable-batch-writes']]])(
    '14: a namespace that the server does not have ends the run (%j)',
    async (more) => {
      const path = bench.write('nowhere.asb', HEAD + records(300));
      const ran = await run('asrestore', [...seed(), '-i', path, '-n', 'test,nowhere', ...more]);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/\[ERR\].*"nowhere"/);
      expect(ran.stderr).toContain('inserted 0:');
    },
  );

  it('18: a length larger than the file, or than memory, is an error with its place', async () => {
    for (const [size, place] of [
      ['900', /huge\.asb/],
      ['1099511627776', /huge\.asb:\d+:\d+/],
    ] as const) {
      bench.lines = [];
      const text = HEAD + record('a') + record('h', { bins: [`S s ${size} abc`] });
      const error = await failing(restore(bench.options(bench.write('huge.asb', text))));
      expect(error.code).toMatch(/^ASB_/);
      expect(error.result.inserted).toBe(1);
      expect(bench.errors).toEqual([expect.stringMatching(place)]);
    }
  });
});

describe('what would be told wrongly', () => {
  it('28, 29, 31: lines in the order of what happened', async () => {
    const input = readFileSync(join(GOLDEN, 'file.asb'));
    const ran = await run('asrestore', [...seed(), '-i', '-', '--extra-ttl', '180000000'], { input });
    expect(ran.code, ran.stderr).toBe(0);
    const texts = ran.stderr
      .trim()
      .split('\n')
      .map((line) => line.replace(/^.*?\[(INF|ERR)\] \[[\d ]+\] /, ''));
    const order = [
      'Starting restore',
      'Processing 1 node',
      'Restoring [stdin]',
      'Restoring records',
      'Finished restoring',
    ];
    const at = order.map((start) => texts.findIndex((text) => text.startsWith(start)));
    expect(at.every((place, i) => place >= 0 && (i === 0 || place > at[i - 1]!))).toBe(true);
    expect(texts.find((text) => text.startsWith('Starting'))).toMatch(/ from \[stdin\]$/);
    const finished = at.at(-1)!;
    expect(texts.slice(finished).some((text) => text.includes('inserted 200: failed 0'))).toBe(true);
    for (const line of ran.stderr.trim().split('\n')) {
      expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT \[(INF|ERR|VER)\] \[[ \d]{5}\] \S/);
    }
  });

  it('7: files that are missing are named, and the others restored', async () => {
    const path = bench.fresh('gap');
    cpSync(join(GOLDEN, 'parallel4', 'test_00000.asb'), join(path, 'test_00000.asb'));
    cpSync(join(GOLDEN, 'parallel4', 'test_00003.asb'), join(path, 'test_00003.asb'));
    const error = await failing(restore(bench.options(path, LONGER)));
    expect(error).toMatchObject({ code: 'INPUT_INCOMPLETE', hint: 'allow-incomplete' });
    expect(error.result.failed).toBe(0);
    expect(bench.errors).toEqual(['Warning: the backup lacks test_00001.asb, test_00002.asb']);
  });

  it('43: a server that is too old is refused before anything is done', async () => {
    const old = await InMemoryCluster.start({ build: '4.8.0.6' });
    try {
      const machinePath = bench.fresh('machine');
      const cluster = { ...bench.options('').cluster, seeds: [old.seed] };
      const running = restore(bench.options(join(GOLDEN, 'plain'), { cluster, machinePath }));
      await expect(running).rejects.toThrow(/4\.9/);
      expect(() => readFileSync(machinePath)).toThrow('ENOENT');
      expect(bench.lines).toEqual([]);
    } finally {
      await old.stop();
    }
  });
});

describe('the golden backups', () => {
  it.each([
    ['plain', 200, 8, 2],
    ['parallel4', 200, 8, 2],
    ['limit', 200, 8, 2],
    ['compact', 200, 8, 2],
    ['corpus.asb', 200, 8, 2],
    ['file.asb', 200, 8, 2],
    ['stdout.asb', 200, 8, 2],
    ['no-records', 0, 8, 2],
    ['no-bins', 0, 8, 2],
  ])('%s: the counters of the C tool, then those of a second restore', async (name, inserted, sindexes, udfs) => {
    const path = join(GOLDEN, name);
    const first = await restore(bench.options(path, LONGER));
    expect(first).toMatchObject({
      inserted,
      sindexes,
      udfs,
      existed: 0,
      fresher: 0,
      failed: 0,
      expired: 0,
      retries: 0,
    });
    expect(first.skipped).toBe(first.records - inserted);
    // A record begins anew at generation 1, so that those changed before their backup are newer than what is there
    // (5.4).
    const newer = readBackup(path).flatMap((file) =>
      recordsIn(decode(file)).filter(({ generation }) => generation > 1),
    );
    const again = await restore(bench.options(path, LONGER));
    const written = inserted === 0 ? 0 : newer.length;
    expect(again).toMatchObject({
      records: first.records,
      inserted: written,
      fresher: inserted - written,
      sindexes,
      udfs,
    });
    expect(bench.lines).toContain('INF Skipped 8 matched index(es)');
    const unique = await restore(bench.options(path, { ...LONGER, unique: true }));
    expect(unique).toMatchObject({ inserted: 0, existed: inserted, fresher: 0 });
  });

  it('a third file that is corrupt in the middle: what is before the fault and all other files are restored', async () => {
    const name = bench.fresh('third').split('/').at(-1)!;
    for (let n = 0; n < 5; n++) {
      let text = (n === 0 ? HEAD : LATER_HEAD) + records(400, `f${n}-`);
      if (n === 2) text = text.replace(record('f2-200'), record('f2-200').replace('+ g 2', '+ g x'));
      bench.write(`${name}/test_0000${n}.asb`, text);
    }
    const ran = await run('asrestore', [...seed(), '-d', bench.path(name)]);
    expect(ran.code).toBe(1);
    expect(bench.objects()).toBe(1800);
    expect(bench.stored('f2-199') && !bench.stored('f2-200')).toBe(true);
    const errors = ran.stderr.split('\n').filter((line) => line.includes('[ERR]'));
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatch(/test_00002\.asb:1406:5 \(byte \d+\): .*"x"/);
    expect(errors[1]).toMatch(
      /\] 1800 of 1800 record\(s\) read were written; 1 file\(s\) could not be read to the end/,
    );
  });
});
