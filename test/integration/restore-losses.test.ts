/** What users would have lost without a word: each test is named after it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Bench, digest, failing, HEAD, LATER_HEAD, record, records, restore } from '../support/restore.js';

const bench = new Bench({ nodes: 2 });

/** A directory with files of the given texts, whose names have the given numbers. */
function directory(texts: Readonly<Record<number, string>>): string {
  const name = bench.fresh('backup').split('/').at(-1)!;
  for (const [n, text] of Object.entries(texts)) bench.write(`${name}/test_0000${n}.asb`, text);
  return bench.path(name);
}

function binNames(key: string): string[] {
  const found = bench.server.store('test').find(digest(key), 0, bench.server.clock.nowS());
  const names: string[] = [];
  if (found === undefined) return names;
  const { slab, offset, opsStart, length } = found;
  // Each operation: bytes that follow, two bytes of kind and type, one of version, the length of the name, the name.
  for (let at = offset + opsStart; at < offset + length; at += 4 + slab.readUInt32BE(at)) {
    names.push(slab.toString('utf8', at + 8, at + 8 + slab[at + 7]!));
  }
  return names;
}

describe('a backup of which parts are missing', () => {
  it('is restored as far as it is there, and the run fails', async () => {
    const path = directory({ 1: LATER_HEAD + records(50) });
    const error = await failing(restore(bench.options(path)));
    expect(error).toMatchObject({ code: 'INPUT_INCOMPLETE', hint: 'allow-incomplete' });
    expect(error.result.inserted).toBe(50);
    expect(bench.objects()).toBe(50);
    expect(bench.errors).toEqual([
      'Warning: the backup lacks test_00000.asb',
      expect.stringContaining('no file has the "# first-file" mark'),
    ]);
  });

  it('is restored without an error when that is allowed', async () => {
    const path = directory({ 1: LATER_HEAD + records(50) });
    expect(await restore(bench.options(path, { allowIncomplete: true }))).toMatchObject({ inserted: 50, failed: 0 });
    expect(bench.errors).toHaveLength(2);
  });
});

describe('an increment', () => {
  const full =
    HEAD + record('kept', { generation: 5, bins: ['I a 1', 'I gone 2'] }) + record('again', { generation: 9 });

  it('replaces records whatever their generation: deleted bins stay deleted, recreated records are the new ones', async () => {
    await restore(bench.options(directory({ 0: full })));
    const bins = ['I a 7'];
    const today =
      HEAD + record('kept', { generation: 6, bins }) + record('again', { generation: 1, bins: ['I new 1'] });
    const options = bench.options(directory({ 0: today }), { applyIncrement: true });
    expect(await restore(options)).toMatchObject({ inserted: 2, fresher: 0 });
    expect(binNames('kept')).toEqual(['a']);
    expect(binNames('again')).toEqual(['new']);
  });

  it('after a full backup in a list of directories wins over it', async () => {
    const paths = [
      directory({ 0: full + records(500, 'x', { generation: 9, bins: ['I old 1'] }) }),
      directory({ 0: HEAD + records(500, 'x', { generation: 1, bins: ['I new 1'] }) }),
    ];
    const source = { kind: 'directories', paths } as const;
    const result = await restore(bench.options('', { source, applyIncrement: true }));
    expect(result).toMatchObject({ records: 1002, inserted: 1002 });
    for (let i = 0; i < 500; i++) expect(binNames(`x${i}`)).toEqual(['new']);
    expect(bench.lines.some((line) => line.startsWith('INF Warning:') && line.includes('the last one counts'))).toBe(
      true,
    );
    expect(bench.errors).toEqual([
      expect.stringContaining('1002 record(s) were written, but namespace test holds only 502'),
    ]);
  });

  it('in a list of directories is refused when nothing says which version counts', async () => {
    const paths = [
      directory({ 0: HEAD + records(500, 'x', { generation: 9, bins: ['I old 1'] }) }),
      directory({ 0: HEAD + records(500, 'x', { generation: 1, bins: ['I new 1'] }) }),
    ];
    const error = await failing(restore(bench.options('', { source: { kind: 'directories', paths } })));
    expect(error).toMatchObject({ code: 'INPUT_OVERLAP', hint: 'overlapping-directories' });
    expect(error.result).toMatchObject({ inserted: 500 });
  });

  it('is not suspected where directories hold parts of one namespace that have nothing in common', async () => {
    const paths = [
      directory({ 0: HEAD + records(200, 'x', { set: 'one' }) }),
      directory({ 0: HEAD + records(200, 'y', { set: 'two' }) }),
    ];
    const result = await restore(bench.options('', { source: { kind: 'directories', paths } }));
    expect(result).toMatchObject({ inserted: 400 });
    expect(bench.errors).toEqual([]);
  });
});

describe('an outage of some seconds', () => {
  const impatient = { maxRetries: 2, retryScaleFactorUs: 1000, retryBudgetMs: 30_000 };

  it('of a node does not end a restore that has used up its attempts', async () => {
    const path = directory({ 0: HEAD + records(2000) });
    await bench.server.stopNode(1, false);
    let retries = 0;
    const options = bench.options(path, impatient);
    options.log.verbose = (line) => {
      if (typeof line === 'string' || line.event !== 'write.retry' || ++retries !== 12) return;
      void bench.server.restartNode(1, false);
    };
    const result = await restore(options);
    expect(result.inserted + result.inDoubt).toBe(2000);
  });

  it('of the device does not end a restore, and new frames wait meanwhile', async () => {
    const path = directory({ 0: HEAD + records(2000) });
    let retries = 0;
    for (const node of bench.server.nodes) node.injectFaults({ row: { every: 1, result: 18 } });
    const options = bench.options(path, { ...impatient, batchSize: 20 });
    options.log.verbose = (line) => {
      if (typeof line === 'string' || line.event !== 'write.retry' || ++retries !== 20) return;
      for (const node of bench.server.nodes) node.injectFaults({ row: { every: 1, result: 18, times: 0 } });
    };
    expect(await restore(options)).toMatchObject({ inserted: 2000, failed: 0 });
  });
});

describe('records of a cluster of which only one node is reachable', () => {
  it('are all written: the node passes on what is not its own', async () => {
    const path = directory({ 0: HEAD + records(500) });
    for (const node of bench.server.nodes)
      node.injectFaults({ infoAnswers: new Map([['peers-clear-alt', '1,3000,[]']]) });
    const { cluster } = bench.options(path);
    const result = await restore(bench.options(path, { cluster: { ...cluster, servicesAlternate: true } }));
    expect(result).toMatchObject({ inserted: 500, failed: 0 });
  });
});

describe('a directory', () => {
  it('with a folder, a dangling link and a pipe named as backup files: the rest is restored, and the run fails', async () => {
    const path = directory({ 0: HEAD + records(20) });
    mkdirSync(join(path, 'folder.asb'));
    symlinkSync('nowhere', join(path, 'link.asb'));
    execFileSync('mkfifo', [join(path, 'pipe.asb')]);
    const error = await failing(restore(bench.options(path)));
    expect(error.result.inserted).toBe(20);
    expect(bench.errors.map((line) => /\w+\.asb/.exec(line)?.[0])).toEqual(['folder.asb', 'link.asb', 'pipe.asb']);
    rmSync(join(path, 'pipe.asb'));
  });
});

describe('records of another namespace than the header of the file', () => {
  it('are not written without a word', async () => {
    const text = HEAD + record('own') + record('foreign', { namespace: 'other' });
    const error = await failing(restore(bench.options(directory({ 0: text }))));
    expect(error).toMatchObject({ code: 'RESTORE_NAMESPACE', hint: 'source-namespace' });
    expect(error.result).toMatchObject({ records: 2, inserted: 1, failed: 1 });
  });

  it('nor are their indexes created', async () => {
    const text = `${HEAD}* i other demo idx N 1 v N\n${record('own')}`;
    const error = await failing(restore(bench.options(directory({ 0: text }))));
    expect(error.code).toBe('RESTORE_GLOBALS');
    expect(error.result).toMatchObject({ inserted: 1 });
    expect(bench.server.sindexes.in('other')).toEqual([]);
  });
});

describe('a wrong clock', () => {
  it('of this host is named when most records count as expired', async () => {
    bench.server.clock.offsetMs = -2 * 86_400_000;
    const voidTime = bench.server.clock.nowS() + 86_400;
    const path = directory({ 0: HEAD + records(10, 'k', { voidTime }) });
    expect(await restore(bench.options(path))).toMatchObject({ expired: 10 });
    expect(bench.errors).toEqual([
      expect.stringMatching(
        /^Warning: 10 of 10 record\(s\) were not written because their TTL expired; .* is 1728\d\d s ahead/,
      ),
    ]);
  });
});

describe('a file with more indexes than any server has', () => {
  it('is refused before it keeps a run busy without end', async () => {
    const lines = Array.from({ length: 10_001 }, (_, i) => `* i test demo i${i} N 1 v N\n`).join('');
    const path = directory({ 0: HEAD + lines + record('after') });
    const error = await failing(restore(bench.options(path, { noIndexes: true })));
    expect(error.code).toBe('ASB_LIMIT');
  });
});
