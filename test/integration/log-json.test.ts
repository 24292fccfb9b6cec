/** --log-json: whatever becomes of a run, each line on standard error is one JSON object of the documented form. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOG_EVENTS, type LogEventSpec } from '../../src/core/log-events.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { fill, start } from '../support/backup.js';
import { run, scratch } from '../support/target.js';

const GOLDEN = fileURLToPath(new URL('../fixtures/backups/', import.meta.url));
const EVENTS = new Map<string, LogEventSpec>(Object.entries(LOG_EVENTS));
const RECORDS = 200;

interface Line {
  time: string;
  tool: string;
  pid: number;
  level: string;
  event: string;
  message: string;
  fields: Record<string, unknown>;
}

const folder = scratch();
let cluster: InMemoryCluster;
let at: string[] = [];

beforeAll(async () => {
  cluster = await InMemoryCluster.start();
  fill(cluster, RECORDS, 's');
  at = ['-h', cluster.nodes[0]!.host, '-p', String(cluster.nodes[0]!.port)];
});
afterAll(async () => {
  await cluster.stop();
  folder.remove();
});

/** Every line, checked for its form. */
function lines(stderr: string, tool: string): Line[] {
  expect(stderr.endsWith('\n')).toBe(true);
  return stderr
    .trimEnd()
    .split('\n')
    .map((text) => {
      const line = JSON.parse(text) as Line;
      expect(Object.keys(line)).toEqual(['time', 'tool', 'pid', 'level', 'event', 'message', 'fields']);
      expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(line).toMatchObject({ tool, pid: expect.any(Number) as number });
      expect(['error', 'warn', 'info', 'debug']).toContain(line.level);
      const spec = EVENTS.get(line.event);
      expect(spec, `core/log-events.ts has ${line.event}`).toBeDefined();
      expect([...spec!.fields, 'worker'], line.event).toEqual(expect.arrayContaining(Object.keys(line.fields)));
      if (spec!.level !== undefined) expect(line.level, line.event).toBe(spec!.level);
      return line;
    });
}

async function logged(tool: 'asbackup' | 'asrestore', code: number, args: string[]): Promise<Line[]> {
  const ran = await run(tool, [...args, '--log-json', '--no-config-file']);
  expect(ran.code, ran.stderr).toBe(code);
  return lines(ran.stderr, tool);
}

const find = (found: Line[], event: string): Line | undefined => found.find((line) => line.event === event);

describe('a run that succeeds', () => {
  it('tells its figures as numbers: backup, restore, validation, estimate', async () => {
    const path = join(folder.path, 'ok');
    const saved = await logged('asbackup', 0, [...at, '-n', 'test', '-d', path, '-w', '2', '-v']);
    expect(find(saved, 'backup.summary')?.fields).toMatchObject({ records: RECORDS, sindexes: 0, udfs: 0 });
    const jobs = saved.filter(({ event }) => event === 'job.done');
    expect(jobs.map(({ fields }) => fields.partition).sort()).toEqual([0, 2048]);
    expect(jobs.reduce((sum, { fields }) => sum + Number(fields.records), 0)).toBe(RECORDS);
    const done = saved.filter(({ event }) => event === 'worker.done');
    expect(done.map(({ fields, level }) => [fields.worker, level]).sort()).toEqual([
      [0, 'debug'],
      [1, 'debug'],
    ]);
    expect(saved.at(-1)).toMatchObject({ event: 'exit', fields: { code: 0 } });

    const restored = await logged('asrestore', 0, [...at, '-d', path, '-n', 'test,restored', '-v']);
    expect(find(restored, 'restore.summary')?.fields).toMatchObject({
      records: RECORDS,
      inserted: RECORDS,
      skipped: 0,
    });
    const files = find(restored, 'input.files')?.fields.files;
    // A worker that comes late to its scan writes no file.
    expect([1, 2]).toContain(files);
    expect(restored.filter(({ event }) => event === 'file.read')).toHaveLength(Number(files));

    const validated = await logged('asrestore', 0, ['--validate', '-d', path]);
    expect(find(validated, 'validate.summary')?.fields).toMatchObject({ files, records: RECORDS });
    // The last one: a run that takes a second tells its progress meanwhile.
    expect(validated.findLast(({ event }) => event === 'restore.counts')?.fields).toMatchObject({ records: RECORDS });

    const estimated = await logged('asbackup', 0, [...at, '-n', 'test', '-e', '--no-ttl-only']);
    expect(find(estimated, 'estimate.total')?.fields.bytes).toBeGreaterThan(1000);
    expect(find(estimated, 'option.note')?.level).toBe('warn');
  });
});

describe('a run that fails', () => {
  it.each([
    ['asbackup', ['-h', '127.0.0.1', '-p', '1', '-n', 'test', '-o', '-', '-v'], /^(?:NET|CLUSTER)_/],
    ['asbackup', ['CLUSTER', '-n', 'test', '-d', join(GOLDEN, 'plain')], /^TARGET_NOT_EMPTY$/],
    ['asrestore', ['--validate', '-d', '/nowhere'], /^IO_ENOENT$/],
    ['asrestore', ['--validate', '-i', join(GOLDEN, 'zstd/test_00000.asb')], /^ASB_/],
    ['asbackup', ['-n', 'test'], /^OPTION_CONFLICT$/],
    ['asbackup', ['--paralel', '4'], /^OPTION_USAGE$/],
    ['asrestore', ['stray'], /^OPTION_USAGE$/],
  ] as const)('%s %j ends with an error and its code', async (tool, args, code) => {
    const found = await logged(
      tool,
      1,
      args.flatMap((arg) => (arg === 'CLUSTER' ? at : [arg])),
    );
    const errors = found.filter(({ level }) => level === 'error');
    expect(errors.at(-1)?.fields.code).toMatch(code);
    expect(['run.failed', 'usage']).toContain(errors.at(-1)?.event);
  });

  it('keeps secrets out of texts and fields', async () => {
    const found = await run('asbackup', [
      ...at,
      '-n',
      'test',
      '-o',
      '-',
      '-U',
      'u',
      '-Phush-42',
      '-v',
      '--log-json',
      '--no-config-file',
    ]);
    expect(found.stderr).not.toContain('hush-42');
    lines(found.stderr, 'asbackup');
  });

  it('does so too when a file asks for it', async () => {
    const conf = join(folder.path, 'astools.conf');
    writeFileSync(conf, '[asbackup]\nlog-json = true\ncompression-level = 3\n');
    const ran = await run('asbackup', ['--only-config-file', conf, '-n', 'test', '-d', 'x']);
    expect(lines(ran.stderr, 'asbackup')).toMatchObject([{ level: 'error', fields: { code: 'OPTION_CONFLICT' } }]);
    const off = await run('asbackup', ['--only-config-file', conf, '-n', 'test', '-d', 'x', '--log-json=false']);
    expect(off.stderr).toMatch(/^\S+ \S+ GMT \[ERR\]/);
  });
});

describe('a run that is interrupted', () => {
  it('says so, and that it is not complete', async () => {
    const path = join(folder.path, 'stopped');
    const running = start(cluster, ['-d', path, '-L', '50', '--log-json', '--no-config-file']);
    await running.until(/"job.start"/);
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.done;
    expect(code).toBe(1);
    const found = lines(stderr, 'asbackup');
    expect(find(found, 'state.saved')?.fields.path).toBe(join(path, 'test.asb.state'));
    expect(find(found, 'run.failed')).toMatchObject({ level: 'error', fields: { code: 'STOPPED' } });
  });
});
