/** Faults of the C tool (asbackup.md 12) that a user would pay for; each test is named after what would be lost. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { InMemoryCluster } from '../../src/node/cluster.js';
import { fill, start, startFilled, texts, untilRecords } from '../support/backup.js';
import { readBackup, readRecords, scratch } from '../support/target.js';

const ASBACKUP = fileURLToPath(new URL('../../bin/asbackup', import.meta.url));
const RECORDS = 3000;
/** Longer than a run that hears a signal takes on any machine. */
const SILENCE_MS = 60_000;
const INVALID_EXPRESSION = 'kwGRRv8=';

const work = scratch();
let cluster: InMemoryCluster;
let digests: Set<string>;

beforeAll(async () => {
  ({ cluster, digests } = await startFilled(RECORDS));
});
afterEach(() => cluster.nodes[0]!.clearFaults());
afterAll(async () => {
  await cluster.stop();
  work.remove();
});

let count = 0;
const fresh = (): string => join(work.path, `fault${count++}`);

function machineLines(path: string): string[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n');
}

describe('1, 4: partitions', () => {
  it('of a list that mixes ranges and a digest are all backed up, and no others', async () => {
    const inPartition = (text: string): number => Buffer.from(text, 'base64').readUInt16LE() & 4095;
    const cursor = [...digests].find((text) => inPartition(text) > 2300)!;
    const path = fresh();
    const { code, stderr } = await start(cluster, ['-d', path, '-X', `0-1000,2222,${cursor}`]).done;
    expect(code, stderr).toBe(0);
    const after = (text: string): boolean =>
      inPartition(text) === inPartition(cursor) &&
      Buffer.compare(Buffer.from(text, 'base64'), Buffer.from(cursor, 'base64')) < 0;
    const expected = [...digests].filter((d) => inPartition(d) < 1000 || inPartition(d) === 2222 || after(d));
    expect(new Set(readRecords(readBackup(path)).keys())).toEqual(new Set(expected));
  });

  it('cannot be none', async () => {
    const { code, signal, stderr } = await start(cluster, ['-d', fresh(), '-X', '5-0']).done;
    expect([code, signal]).toEqual([1, null]);
    expect(stderr).toContain('covers no partition');
  });
});

describe('a record limit', () => {
  it('is reached although it is below the number of filters and most filters hold nothing', async () => {
    fill(cluster, 40, 'few');
    const filters = Array.from({ length: 4096 / 32 }, (_, i) => `${i * 32}-32`).join(',');
    const path = fresh();
    const args = ['-s', 'few', '-X', filters, '-w', '4'];
    const { code, stderr } = await start(cluster, ['-d', path, ...args, '-M', '35']).done;
    expect(code, stderr).toBe(0);
    expect(readRecords(readBackup(path)).size).toBe(35);
    const all = fresh();
    const more = await start(cluster, ['-d', all, ...args, '-M', '100']).done;
    expect(more.code, more.stderr).toBe(0);
    expect(readRecords(readBackup(all)).size).toBe(40);
    cluster.store('test').truncate('few', Date.now() + 60_000);
  });

  it('is reached with one output for all workers when the records lie in few partitions', async () => {
    const [digest] = digests;
    const partition = Buffer.from(digest!, 'base64').readUInt16LE() & 4095;
    const held = [...digests].filter(
      (text) => (Buffer.from(text, 'base64').readUInt16LE() & 4095) === partition,
    ).length;
    const empty = [...Array(4096).keys()].filter(
      (id) => ![...digests].some((text) => (Buffer.from(text, 'base64').readUInt16LE() & 4095) === id),
    );
    expect(empty.length).toBeGreaterThan(8);
    const list = [partition, ...empty.slice(0, 8)].map(String).join(',');
    const path = `${fresh()}.asb`;
    const { code, stderr } = await start(cluster, ['-o', path, '-X', list, '-w', '3', '-M', String(held)]).done;
    expect(code, stderr).toBe(0);
    expect(readRecords([readFileSync(path)]).size).toBe(held);
  });
});

describe('7: processor time', () => {
  it('is not burnt while a limit makes the run wait', async () => {
    const { host, port } = cluster.nodes[0]!;
    const line = `"${process.execPath}" "${ASBACKUP}" -h ${host} -p ${port} -n test -d "${fresh()}" -L 1000 -w 2; times`;
    const startedMs = Date.now();
    const { stdout } = await promisify(execFile)('sh', ['-c', line]);
    expect(Date.now() - startedMs).toBeGreaterThan(2000);
    // The second line is that of the children: user and system.
    const [user, system] = [
      ...stdout
        .trim()
        .split('\n')[1]!
        .matchAll(/(\d+)m([\d.]+)s/g),
    ].map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds));
    expect(user! + system!).toBeLessThan(1.5);
  });
});

describe('8: --nice', () => {
  it('starts at once and keeps the rate', async () => {
    fill(cluster, 800, 'large', 4000);
    const path = fresh();
    const running = start(cluster, ['-d', path, '-s', 'large', '-N', '2', '-w', '2']);
    await running.until(/Starting backup for/);
    const startedMs = Date.now();
    const { code, stderr } = await running.done;
    const seconds = (Date.now() - startedMs) / 1000;
    expect(code, stderr).toBe(0);
    expect(readRecords(readBackup(path)).size).toBe(800);
    // 3.2 MB at 2 MiB/s.
    expect(seconds).toBeGreaterThan(1);
    // What a rate of a tenth would take.
    expect(seconds).toBeLessThan(16);
    cluster.store('test').truncate('large', Date.now() + 1000);
  });
});

describe('9: the --machine file', () => {
  it('holds the estimate of a backup to one file, and one summary, of the backup itself', async () => {
    const machine = fresh();
    const path = fresh();
    const { code, stderr } = await start(cluster, ['-o', path, '-m', machine, '--estimate-samples', '50']).done;
    expect(code, stderr).toBe(0);
    const bytes = statSync(path).size;
    expect(machineLines(machine).filter((line) => !/^(PROGRESS|REMAINING):/.test(line))).toEqual([
      expect.stringMatching(new RegExp(`^ESTIMATE:${RECORDS}:[1-9]\\d*$`)),
      `SUMMARY:${RECORDS}:0:0:${bytes}:${Math.floor(bytes / RECORDS)}`,
    ]);
  });

  it('that cannot be written makes the run fail, although the backup is there', async () => {
    const path = fresh();
    const { code, stderr } = await start(cluster, ['-d', path, '-m', '/dev/full']).done;
    expect(code).toBe(1);
    expect(texts(stderr).at(-1)).toMatch(
      /^ERR Cannot write to the --machine file \/dev\/full: .* the backup is complete/,
    );
    expect(readRecords(readBackup(path)).size).toBe(RECORDS);
  });

  it('that cannot be opened makes the run fail before anything is created', async () => {
    const path = fresh();
    const { code, stderr } = await start(cluster, ['-d', path, '-m', '/nowhere/x']).done;
    expect(code).toBe(1);
    expect(texts(stderr).at(-1)).toMatch(/^ERR Cannot open the --machine file/);
    expect(existsSync(path)).toBe(false);
  });

  it('can be a FIFO', async () => {
    const fifo = fresh();
    await promisify(execFile)('mkfifo', [fifo]);
    const reader = spawn('cat', [fifo]);
    let read = '';
    reader.stdout.on('data', (chunk: Buffer) => (read += chunk.toString()));
    const closed = new Promise((resolve) => reader.on('close', resolve));
    const { code, stderr } = await start(cluster, ['-d', fresh(), '-m', fifo]).done;
    expect(code, stderr).toBe(0);
    await closed;
    expect(read).toMatch(/SUMMARY:3000:0:0:\d+:\d+\n$/);
  });

  it('has progress while a run lasts', async () => {
    const machine = fresh();
    const { code, stderr } = await start(cluster, ['-d', fresh(), '-m', machine, '-L', '1200']).done;
    expect(code, stderr).toBe(0);
    const lines = machineLines(machine);
    expect(lines[0]).toMatch(/^PROGRESS:\d\d?$/);
    expect(lines[1]).toMatch(/^REMAINING:\d+s$/);
    expect(stderr).toMatch(/\d+% complete \(~\d+ KiB\/s, ~\d+ rec\/s, ~\d+ B\/rec\)/);
  });
});

describe('11, 12: a stop', () => {
  it('is orderly while the cluster is being looked for', async () => {
    cluster.nodes[0]!.injectFaults({ infoDelayMs: SILENCE_MS });
    const running = start(cluster, ['-o', fresh()]);
    await running.until(/Starting backup of/);
    running.child.kill('SIGINT');
    const { code, signal, stderr } = await running.done;
    // Nothing else ends it: there is no answer within the time that a test has.
    expect([code, signal]).toEqual([1, null]);
    expect(texts(stderr).slice(-2)).toEqual([
      'ERR ### Backup interrupted ###',
      'ERR Backup was interrupted before it was complete.',
    ]);
  });

  it('is noticed at once, even if no record comes', async () => {
    const path = fresh();
    const running = start(cluster, ['-d', path, '-L', '1000', '-w', '2']);
    await running.until(/Starting backup for/);
    cluster.nodes[0]!.injectFaults({ delayMs: SILENCE_MS });
    running.child.kill('SIGTERM');
    const { code, signal, stderr } = await running.done;
    expect([code, signal]).toEqual([1, null]);
    expect(stderr).toContain('### Backup interrupted ###');
    expect(stderr).toMatch(/Backup of \d+ partitions from \d+ to \d+ interrupted, records: \d+, size: \d+ \(/);
    expect(texts(stderr).at(-2)).toMatch(/^INF Backed up \d+ record\(s\)/);
  });

  it('while waiting for the reader of the --machine FIFO does not hang', async () => {
    const fifo = fresh();
    await promisify(execFile)('mkfifo', [fifo]);
    const running = start(cluster, ['-d', fresh(), '-m', fifo]);
    await running.until(/contains 3000/);
    running.child.kill('SIGINT');
    expect((await running.done).code).toBe(1);
  });

  it('of an estimate gives the estimate so far', async () => {
    const running = start(cluster, ['-e', '-L', '500']);
    await running.until(/Starting backup for/);
    await sleep(700);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.done;
    expect(code).toBe(1);
    expect(stderr).toMatch(/Estimated overall record size is [1-9]\d* byte\(s\)/);
    expect(stderr).toMatch(/Backup of 4096 partitions from 0 to 4095 interrupted/);
  });
});

describe('23, 24, 25: an estimate', () => {
  it('of the empty set name is that of the namespace', async () => {
    const estimate = async (...args: string[]): Promise<string[]> => {
      const { code, stderr } = await start(cluster, ['-e', ...args]).done;
      expect(code, stderr).toBe(0);
      return texts(stderr).filter((line) => line.includes('Estimated'));
    };
    const whole = await estimate();
    expect(await estimate('-s', '')).toEqual(whole);
    expect(whole[1]).toMatch(/: [1-9]\d{5} byte\(s\)$/);
  });

  it('from one sample is not zero', async () => {
    const { code, stderr } = await start(cluster, ['-e', '--estimate-samples', '1']).done;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/Estimated overall record size is [1-9]\d* byte\(s\)/);
    expect(stderr).toContain('Backed up 1 record(s)');
  });

  it('of compressed files has the ratio in the spread as well', async () => {
    const run = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await start(cluster, ['-e', ...args]).done;
      expect(code, stderr).toBe(0);
      return stderr;
    };
    const total = (stderr: string): number => Number(/confidence\): (\d+) byte/.exec(stderr)![1]);
    const plain = await run();
    const compressed = await run('-z', 'zstd');
    expect(compressed).toMatch(/Estimated overall record size before compression is [1-9]\d* byte\(s\)/);
    const ratio = Number(/Approximate compression ratio is ([\d.]+)%/.exec(compressed)![1]) / 100;
    expect(ratio).toBeLessThan(0.9);
    expect(total(compressed) / total(plain)).toBeCloseTo(ratio, 2);
  });

  it('of nothing is the head of the file', async () => {
    const machine = fresh();
    const { code, stderr } = await start(cluster, ['-e', '-s', 'nothing', '-m', machine]).done;
    expect(code, stderr).toBe(0);
    const head = 'Version 3.1\n# namespace test\n# first-file\n'.length;
    expect(stderr).toContain(
      `Estimated total backup file size (for backup-to-file, 99.9% confidence): ${head} byte(s)`,
    );
    expect(machineLines(machine)).toContain('ESTIMATE:0:0');
  });

  it('of at most so many records counts no more', async () => {
    const machine = fresh();
    const { code } = await start(cluster, ['-e', '-M', '5', '-m', machine]).done;
    expect(code).toBe(0);
    expect(machineLines(machine)[0]).toMatch(/^ESTIMATE:5:[1-9]\d*$/);
  });
});

describe('27: a backup that is refused', () => {
  it.each([
    ['directory', '-d'],
    ['file', '-o'],
  ])('leaves no %s behind', async (_kind, option) => {
    const path = fresh();
    const { code, stderr } = await start(cluster, [option, path, '-f', INVALID_EXPRESSION]).done;
    expect(code).toBe(1);
    expect(texts(stderr).at(-1)).toMatch(
      /; nothing was created or deleted\. The expression of --filter-exp is not valid\.$/,
    );
    expect(existsSync(path)).toBe(false);
  });

  it('leaves nothing behind for a bin list that is wrong', async () => {
    const path = fresh();
    const { code } = await start(cluster, ['-d', path, '-B', 'a-name-of-sixteen']).done;
    expect(code).toBe(1);
    expect(existsSync(path)).toBe(false);
  });
});

describe('28: the backup before', () => {
  it('stays when the new one cannot start', async () => {
    const path = fresh();
    expect((await start(cluster, ['-d', path]).done).code).toBe(0);
    const file = fresh();
    writeFileSync(file, 'the only copy');
    for (const target of [
      ['-d', path],
      ['-o', file],
    ]) {
      const refused = await start(cluster, [...target, '-r', '-f', INVALID_EXPRESSION]).done;
      expect(refused.code).toBe(1);
    }
    expect(readRecords(readBackup(path)).size).toBe(RECORDS);
    expect(readFileSync(file, 'utf8')).toBe('the only copy');
    const elsewhere = await start(cluster, ['-d', path, '-r', '-h', '127.0.0.1', '-p', '1']).done;
    expect(elsewhere.code).toBe(1);
    expect(readRecords(readBackup(path)).size).toBe(RECORDS);
  });

  it('of another prefix goes, too, when the directory is cleared without one', async () => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, 'monday_00000.asb'), 'another backup');
    writeFileSync(join(path, 'notes.txt'), 'stays');
    const { code, stderr } = await start(cluster, ['-d', path, '-r']).done;
    expect(code, stderr).toBe(0);
    expect(readdirSync(path).sort()).toEqual(['notes.txt', 'test_00000.asb']);
    expect(stderr).toContain('Removing 1 backup file(s)');
    expect(stderr).toContain('1 of them not named test_NNNNN.asb: monday_00000.asb');
  });

  it('of another prefix stays when the new one replaces its own', async () => {
    const path = fresh();
    mkdirSync(path);
    const other = join(path, 'monday_00000.asb');
    writeFileSync(other, 'another backup');
    writeFileSync(join(path, 'tuesday_00000.asb'), 'to be replaced');
    writeFileSync(join(path, 'tuesday_00007.asb'), 'to be replaced');
    const { code, stderr } = await start(cluster, ['-d', path, '-r', '-q', 'tuesday']).done;
    expect(code, stderr).toBe(0);
    expect(readdirSync(path).sort()).toEqual(['monday_00000.asb', 'tuesday_00000.asb']);
    expect(readFileSync(other, 'utf8')).toBe('another backup');
    expect(stderr).toContain('they stay: monday_00000.asb.');
  });

  it('is what --remove-artifacts removes, without a cluster', async () => {
    const path = fresh();
    mkdirSync(path);
    for (const name of ['test_00000.asb', 'test_00001.asb', 'test.asb.state']) writeFileSync(join(path, name), '');
    const run = async (...args: string[]) => promisify(execFile)(process.execPath, [ASBACKUP, ...args]);
    const { stderr } = await run('--remove-artifacts', '-d', path);
    expect(readdirSync(path)).toEqual(['test.asb.state']);
    expect(texts(stderr)[0]).toBe(`INF Deleting backup directory ${path}`);
    await expect(run('--remove-artifacts', '-d', join(path, 'gone'))).rejects.toMatchObject({ code: 1 });
    await expect(run('--remove-artifacts', '-d', path)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`The directory ${path} holds no backup files; nothing was deleted`) as string,
    });
  });

  it('is what --remove-artifacts removes of one prefix, and of all without', async () => {
    const path = fresh();
    mkdirSync(path);
    const names = ['metadata_mon_00000.asb', 'mon_00000.asb', 'tue_00000.asb'];
    for (const name of names) writeFileSync(join(path, name), '');
    const run = async (...args: string[]) => promisify(execFile)(process.execPath, [ASBACKUP, ...args]);
    await run('--remove-artifacts', '-n', 'test', '-d', path, '-q', 'mon');
    expect(readdirSync(path)).toEqual(['tue_00000.asb']);
    await run('--remove-artifacts', '-n', 'test', '-d', path);
    expect(existsSync(path)).toBe(false);
  });
});

describe('29: a low rate', () => {
  it('over many workers is no failure', async () => {
    const args = ['-X', '0-200', '-L', '60', '-w', '12', '--socket-timeout', '80', '--max-retries', '0'];
    const path = fresh();
    const { code, stderr } = await start(cluster, ['-d', path, ...args]).done;
    expect(code, stderr).toBe(0);
  });
});

describe('40: a failure', () => {
  it('still prints the line that scripts read, then says what happened and what to do', async () => {
    const machine = fresh();
    const path = fresh();
    const running = start(cluster, ['-d', path, '-L', '1000', '-m', machine, '--max-retries', '0']);
    await untilRecords(running);
    cluster.nodes[0]!.injectFaults({ refuseConnections: true });
    cluster.nodes[0]!.dropConnections();
    const { code, stderr } = await running.done;
    expect(code).toBe(1);
    const lines = texts(stderr);
    expect(lines.at(-2)).toMatch(/^INF Backed up [1-9]\d* record\(s\), 0 secondary index\(es\), 0 UDF file\(s\)/);
    expect(lines.at(-1)).toMatch(
      /^ERR .* could not be read .* is incomplete .*\. Continue it with --continue .* without --remove-files\.$/,
    );
    expect(machineLines(machine).at(-1)).toMatch(/^SUMMARY:[1-9]\d*:0:0:\d+:\d+$/);
  });

  it('before anything is known prints none', async () => {
    const machine = fresh();
    const { code, stderr } = await start(cluster, ['-d', fresh(), '-n', 'nope', '-m', machine]).done;
    expect(code).toBe(1);
    expect(stderr).not.toContain('Backed up');
    expect(texts(stderr).at(-1)).toBe('ERR The cluster has no namespace "nope". It has: test, restored.');
    expect(existsSync(machine)).toBe(false);
  });
});

describe('a namespace with large data types', () => {
  it('is not backed up without them', async () => {
    const answer = 'objects=5;replication-factor=1;ldt-enabled=true';
    cluster.nodes[0]!.injectFaults({ infoAnswers: new Map([['namespace/test', answer]]) });
    const { code, stderr } = await start(cluster, ['-d', fresh()]).done;
    expect(code).toBe(1);
    expect(texts(stderr).at(-1)).toMatch(/^ERR Namespace "test" holds large data types/);
  });
});

describe('a replication factor of 0', () => {
  it('is taken as 1, with a warning', async () => {
    cluster.nodes[0]!.injectFaults({
      infoAnswers: new Map([['namespace/test', 'objects=50;effective_replication_factor=0']]),
    });
    const { code, stderr } = await start(cluster, ['-e']).done;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('Warning: a node has replication factor 0, taken as 1.');
    expect(stderr).toContain('Namespace test contains 50 record(s)');
  });
});

describe('more workers than there is work', () => {
  it.each([
    ['-X 0-3', 9, 'partitions being backed up (3), setting number of threads to 3.'],
    ['-X cINRcJkihc6R7RfK0iCh/6VqYoA=', 9, 'partitions being backed up (1), setting number of threads to 1.'],
    ['-X 0,5', 9, 'partition filters given (2), setting number of threads to 2.'],
    ['-M 2', 4, '(2), setting number of threads to 2.'],
  ])('%s is told', async (argument, workers, end) => {
    const { code, stderr } = await start(cluster, ['-d', fresh(), '-w', String(workers), ...argument.split(' ')]).done;
    expect(code, stderr).toBe(0);
    expect(texts(stderr).find((line) => line.includes('--parallel'))).toMatch(
      new RegExp(`^INF Warning: --parallel ${workers} is higher than .* ${end.replace(/[().]/g, '\\$&')}$`),
    );
  });
});

describe('a server that is too old', () => {
  it.each([
    ['-a 2020-01-01', 'a first date of modification'],
    ['-b 2020-01-01', 'a last date of modification'],
    ['--no-ttl-only', 'a choice of records without a TTL'],
    ['-s a,b', 'several sets at once'],
  ])('is not asked for %s', async (argument, name) => {
    cluster.nodes[0]!.injectFaults({ infoAnswers: new Map([['build', '5.1.0.7']]) });
    const path = fresh();
    const { code, stderr } = await start(cluster, ['-d', path, ...argument.split(' ')]).done;
    expect(code).toBe(1);
    expect(texts(stderr).at(-1)).toBe(`ERR A server before 5.2 does not support ${name}; this cluster runs 5.1.0.7.`);
    expect(existsSync(path)).toBe(false);
  });
});
