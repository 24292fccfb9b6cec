/** Options about how a restore runs rather than what it writes: several directories, limits, what programs are told. */
import { appendFileSync, cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/ui/progress/display.js';
import { Bench, failing, GOLDEN, HEAD, LATER_HEAD, LONGER, records, restore } from '../support/restore.js';
import { run } from '../support/target.js';

const bench = new Bench();

/** The files of the golden backup of four, one per directory. */
function spread(): string {
  const parent = bench.fresh('spread');
  for (const n of [0, 1, 2, 3]) {
    mkdirSync(join(parent, `d${n}`), { recursive: true });
    const name = `test_0000${n}.asb`;
    cpSync(join(GOLDEN, 'parallel4', name), join(parent, `d${n}`, name));
  }
  return parent;
}

function seed(): string[] {
  return ['-h', bench.server.seed.host, '-p', String(bench.server.seed.port)];
}

async function timed(work: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work;
  return performance.now() - start;
}

describe('several directories', () => {
  it.each(['', '/'])('are restored as one backup, with a parent directory that ends in "%s"', async (slash) => {
    const parent = spread();
    const machine = bench.fresh('machine');
    const list = ['--directory-list', 'd0,d1,d2,d3', '--parent-directory', `${parent}${slash}`];
    const ran = await run('asrestore', [...seed(), ...list, '--extra-ttl', '180000000', '-m', machine]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).not.toContain('[ERR]');
    expect(ran.stderr).toContain('inserted 200: failed 0 (existed 0 , fresher 0)');
    const places = [0, 1, 2, 3].map((n) => `${parent}/d${n}`);
    expect(ran.stderr).toContain(`from ${places.join(',')}\n`);
    for (const place of places) expect(ran.stderr).toContain(`Found 1 backup file(s) in ${place}\n`);
    // Fault 24: the size of the last directory alone once stood for all.
    const percents = readFileSync(machine, 'utf8')
      .match(/(?<=PROGRESS:)\d+/g)!
      .map(Number);
    expect(percents.at(-1)).toBe(100);
    expect(Math.max(...percents)).toBe(100);
    expect(ran.stderr).toContain('100% complete, ~0s remaining');
  });

  it.each([
    ['d0,', 2, 2],
    [',d0', 1, 2],
    ['', 1, 1],
  ])('with an empty name among them (%j) are refused before anything is done', async (list, n, of) => {
    const ran = await run('asrestore', [...seed(), '--directory-list', list, '--parent-directory', spread()]);
    expect(ran.code).toBe(1);
    expect(ran.stderr.trim().split('\n')).toEqual([
      expect.stringContaining(`Invalid value "${list}" for --directory-list: directory ${n} of ${of} has no name.`),
    ]);
  });

  it('of which one does not exist are an error that names it, before any record is written', async () => {
    const parent = spread();
    const paths = [join(parent, 'd0'), join(parent, 'd9')];
    await expect(restore(bench.options('', { source: { kind: 'directories', paths } }))).rejects.toThrow('d9');
    expect(bench.objects()).toBe(0);
  });
});

describe('--machine', () => {
  it('is appended to, and its last line is the summary, of a failed run too', async () => {
    const machinePath = bench.fresh('machine');
    appendFileSync(machinePath, 'kept\n');
    await restore(bench.options(join(GOLDEN, 'plain'), { ...LONGER, machinePath }));
    await restore(bench.options(join(GOLDEN, 'plain'), { ...LONGER, machinePath, unique: true }));
    const text = bench.write('bad.asb', `${HEAD}${records(3)}+ oops\n`);
    await failing(restore(bench.options(text, { machinePath })));
    const lines = readFileSync(machinePath, 'utf8').split('\n');
    expect(lines[0]).toBe('kept');
    expect(lines.filter((line) => line.startsWith('SUMMARY'))).toEqual([
      'SUMMARY:2:8:200:0:0:0 :200:0:0',
      'SUMMARY:2:8:200:0:0:0 :0:200:0',
      'SUMMARY:0:0:3:0:0:0 :3:0:0',
    ]);
    expect(lines.at(-2)).toBe('SUMMARY:0:0:3:0:0:0 :3:0:0');
    expect(lines.every((line) => /^(kept|PROGRESS:\d+|REMAINING:\S+|SUMMARY:.*|)$/.test(line))).toBe(true);
  });

  it('that cannot be opened is an error before anything is written', async () => {
    const machinePath = '/nowhere/at/all';
    await expect(restore(bench.options(join(GOLDEN, 'plain'), { machinePath }))).rejects.toThrow(machinePath);
    expect(bench.objects()).toBe(0);
  });
});

describe('--nice', () => {
  // The first portion and a tenth of a second come without waiting.
  it('holds all workers together to the number of records, without a limit of bytes', async () => {
    const path = bench.fresh('records');
    for (const n of [0, 1, 2, 3]) bench.write(`${path.split('/').at(-1)!}/p${n}.asb`, HEAD + records(60, `f${n}-`));
    const ms = await timed(restore(bench.options(path, { recordsPerSecond: 200 })));
    expect(ms).toBeGreaterThan(900);
    // What a tenth of the rate would take.
    expect(ms).toBeLessThan(11_000);
    expect(bench.objects()).toBe(240);
  });

  it('holds all workers together to the number of bytes, without a limit of records', async () => {
    const path = bench.fresh('bytes');
    const bins = [`S v 60000 ${'x'.repeat(60_000)}`];
    for (const n of [0, 1]) {
      const text = (n === 0 ? HEAD : LATER_HEAD) + records(40, `b${n}-`, { bins });
      bench.write(`${path.split('/').at(-1)!}/test_0000${n}.asb`, text);
    }
    const ms = await timed(restore(bench.options(path, { bandwidthBytesPerSecond: 3 * 1024 * 1024 })));
    expect(ms).toBeGreaterThan(900);
    // What a tenth of the rate would take.
    expect(ms).toBeLessThan(10_000);
    expect(bench.objects()).toBe(80);
  });

  it('can be interrupted while it waits', async () => {
    const controller = new AbortController();
    const path = bench.write('slow.asb', HEAD + records(100));
    const running = failing(restore(bench.options(path, { recordsPerSecond: 1, signal: controller.signal })));
    setTimeout(() => controller.abort(), 300);
    const ms = await timed(running);
    // All of it would take 100 seconds.
    expect(ms).toBeLessThan(50_000);
    expect((await running).code).toBe('RESTORE_INTERRUPTED');
  });

  it('costs no time of the processor while it waits (fault 23)', async () => {
    const path = bench.write('idle.asb', HEAD + records(4));
    const before = process.cpuUsage();
    const ms = await timed(restore(bench.options(path, { recordsPerSecond: 2 })));
    const { user, system } = process.cpuUsage(before);
    expect(ms).toBeGreaterThan(1300);
    expect((user + system) / 1000).toBeLessThan(ms * 0.7);
  });
});

describe('progress on a terminal', () => {
  it('takes the place of the counter lines, except for the last ones', async () => {
    const seen: (Progress | 'start' | 'stop')[] = [];
    const display = {
      start: () => void seen.push('start'),
      update: (progress: Progress) => void seen.push(progress),
      stop: () => void seen.push('stop'),
    };
    const path = bench.write('shown.asb', HEAD + records(150));
    await restore(bench.options(path, { recordsPerSecond: 100, display }));
    expect(seen[0]).toBe('start');
    expect(seen.at(-1)).toBe('stop');
    expect(seen.at(-2)).toMatchObject({ percent: 100, etaSeconds: undefined });
    expect(seen.length).toBeGreaterThanOrEqual(4);
    expect(bench.lines.filter((line) => line.includes('Expired'))).toHaveLength(1);
  });
});
