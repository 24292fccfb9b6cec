/** `asb --service`: what is asked of the service, what is printed, and how the command ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../../../src/cli/asb/asb.js';
import type { Backup } from '../../../../src/service/v2/schema/backup.js';
import type { Job } from '../../../../src/service/v2/schema/job.js';

interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  authorization: string | undefined;
}

interface Answer {
  status?: number;
  body?: unknown;
}

const folder = mkdtempSync(join(tmpdir(), 'remote-'));
const tokenFile = join(folder, 'token');
writeFileSync(tokenFile, 'asb_planted\n', { mode: 0o600 });
let server: Server;
let url: string;
let asked: Asked[];
let answers: Answer[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url!, 'http://service');
      const text = Buffer.concat(chunks).toString();
      asked.push({
        method: request.method!,
        path: pathname,
        query: Object.fromEntries(searchParams),
        body: text === '' ? undefined : JSON.parse(text),
        authorization: request.headers.authorization,
      });
      const { status = 200, body } = answers.shift() ?? { status: 500 };
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = [];
  answers = [];
});
afterEach(() => expect(answers).toEqual([]));
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

async function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const code = await main(words, {
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    configFiles: [],
    terminal: () => undefined,
  });
  return { code, stdout, stderr };
}

function ask(...words: string[]): ReturnType<typeof run> {
  return run('--service', url, ...words);
}

const backup = (more: Partial<Backup> = {}): Backup => ({
  id: 'b1',
  storage: 's3',
  path: 'b1',
  state: 'COMPLETED',
  type: 'FULL',
  'captures-deletes': false,
  created: '2026-01-06T12:00:00.000Z',
  updated: '2026-01-06T12:00:05.000Z',
  namespaces: ['orders', 'users'],
  records: 1000,
  bytes: 4096,
  files: 2,
  held: false,
  href: '/v2/backups/s3/b1',
  ...more,
});

const job = (more: Partial<Job> = {}): Job => ({
  id: 'j1',
  kind: 'VERIFY',
  state: 'COMPLETED',
  created: '2026-01-06T12:00:00.000Z',
  updated: '2026-01-06T12:00:05.000Z',
  href: '/v2/jobs/j1',
  ...more,
});

describe('a token', () => {
  it('that is sent to another machine without TLS, makes a warning, and is not in it', async () => {
    const words = ['list', 's3', '--token-file', tokenFile];
    // This machine, but not by a name that says so.
    const away = await run('--service', 'http://0.0.0.0:1', ...words);
    expect(away.stderr).toContain('Warning: --service is an http URL: the token of --token-file is sent unencrypted');
    expect(away.stderr).not.toContain('asb_planted');
    expect((await run('--service', 'https://127.0.0.1:1', ...words)).stderr).not.toContain('unencrypted');
    expect((await run('--service', 'http://127.0.0.1:1', ...words)).stderr).not.toContain('unencrypted');
    expect((await run('--service', 'http://0.0.0.0:1', 'list', 's3')).stderr).not.toContain('unencrypted');
  });
});

describe('asb --service backup', () => {
  it('backup that is under way, is waited for and printed', async () => {
    answers = [
      { status: 202, body: backup({ state: 'STARTED' }) },
      { body: backup({ state: 'IN_PROGRESS', progress: 40 }) },
      { body: backup() },
    ];
    const { code, stdout, stderr } = await ask('backup', 's3', '--id', 'b1', '--include', 'orders,users.premium');
    expect(code, stderr).toBe(0);
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v2/backups/s3',
      'GET /v2/backups/s3/b1',
      'GET /v2/backups/s3/b1',
    ]);
    expect(asked[0]!.body).toEqual({ id: 'b1', include: ['orders', 'users.premium'] });
    expect(Number(asked[1]!.query.wait)).toBeGreaterThan(0);
    expect(stdout).toMatch(/^b1 +COMPLETED +FULL +2026-01-06 12:00:00Z +orders,users +1000 +4096$/m);
    expect(stderr).toContain('b1: 40%');
  });

  it('run of a routine, is read with its routine', async () => {
    answers = [{ status: 202, body: backup({ state: 'STARTED', routine: 'nightly' }) }, { body: backup() }];
    expect((await ask('backup', 's3', '--routine', 'nightly')).code).toBe(0);
    expect(asked[1]!.query.routine).toBe('nightly');
  });

  it('backup that failed, ends with exit code 1 and the reason', async () => {
    answers = [{ status: 202, body: backup({ state: 'FAILED', reason: 'the node is gone' }) }];
    const { code, stderr } = await ask('backup', 's3');
    expect(code).toBe(1);
    expect(stderr).toContain('The backup b1 has ended as FAILED: the node is gone');
  });

  it('without waiting, prints what has begun', async () => {
    answers = [{ status: 202, body: backup({ state: 'STARTED' }) }];
    const { code, stdout } = await ask('backup', 's3', '--no-wait', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ id: 'b1', state: 'STARTED' });
  });
});

describe('asb --service list', () => {
  it('pages, are read to the last one', async () => {
    answers = [
      { body: { backups: [backup({ id: 'b2' })], next: 'cursor', total: 2 } },
      { body: { backups: [backup({ held: true })], total: 2 } },
    ];
    const { code, stdout } = await ask('list', 's3', 'b*', '--state', 'completed');
    expect(code).toBe(0);
    expect(asked[0]!.query).toMatchObject({ prefix: 'b', state: 'COMPLETED' });
    expect(asked[1]!.query.after).toBe('cursor');
    expect(stdout.split('\n').map((line) => line.split('  ')[0])).toEqual(['ID', 'b2', 'b1 (held)', '']);
  });
});

describe('asb --service restore', () => {
  it('renamed sets and what becomes of records, are asked for', async () => {
    answers = [{ status: 202, body: job({ kind: 'RESTORE' }) }];
    const words = ['--rename-set', 'test.users=users_old', '--on-existing', 'create-only', '--cluster', 'spare'];
    expect((await ask('restore', 's3/b1', ...words, '--no-wait')).code).toBe(0);
    expect(asked[0]).toMatchObject({
      path: '/v2/backups/s3/b1/restore',
      body: { cluster: 'spare', 'on-existing': 'create-only', rename: { 'test.users': 'users_old' } },
    });
  });

  it('state at a time, is asked of the storage', async () => {
    answers = [{ body: { namespaces: [], later: ['new'], refusals: [{ message: 'there are 5 records' }] } }];
    const { code, stdout } = await ask('restore', 's3', '--at', '2026-01-06T12:00:00Z', '--dry-run');
    expect(code).toBe(0);
    expect(asked[0]).toMatchObject({ path: '/v2/restore/s3', query: { plan: 'true' } });
    expect(asked[0]!.body).toMatchObject({ time: '2026-01-06T12:00:00.000Z' });
    expect(stdout).toContain('Namespace new is left out');
    expect(stdout).toContain('The restore would be refused: there are 5 records');
  });

  it.each([
    ['a storage without a time', ['s3'], 'Which backup? Give STORAGE/ID, or a time with --at'],
    ['a backup and a time', ['s3/b1', '--at', '2026-01-06'], '--at chooses the backups'],
  ])('%s, is refused before anything is asked', async (_, words, text) => {
    const { code, stderr } = await ask('restore', ...words);
    expect([code, asked]).toEqual([1, []]);
    expect(stderr).toContain(text);
  });
});

describe('asb --service, what exists', () => {
  it('backup that is not sound, ends with exit code 1 and names what is wrong', async () => {
    const verify = { sound: false, files: 2, bytes: 10, records: 3, problems: [{ path: 'a.asb', text: 'is damaged' }] };
    const error = { code: 'unsound', message: '1 problem was found' };
    answers = [{ status: 202, body: job({ state: 'FAILED', verify, error }) }];
    const { code, stdout, stderr } = await ask('verify', 's3/b1');
    expect(code).toBe(1);
    expect(stdout).toBe('a.asb: is damaged\n2 file(s), 10 bytes, 3 record(s): 1 problem(s)\n');
    expect(stderr).toContain('1 problem was found');
  });

  it.each([
    [['hold', 's3/b1', '--reason', 'audit'], 'POST', '/v2/backups/s3/b1/hold', { reason: 'audit' }],
    [['release', 's3/b1'], 'POST', '/v2/backups/s3/b1/release', undefined],
    [['delete', 's3/b1'], 'DELETE', '/v2/backups/s3/b1', undefined],
    [['show', 's3/b1'], 'GET', '/v2/backups/s3/b1', undefined],
    [['copy', 's3/b1', 'gcs', '--no-wait'], 'POST', '/v2/backups/s3/b1/copy', { to: 'gcs' }],
  ])('%s, is one request', async (words, method, path, body) => {
    answers = [{ body: method === 'GET' || path.endsWith('hold') || path.endsWith('release') ? backup() : job() }];
    const { code, stderr } = await ask(...words);
    expect(code, stderr).toBe(0);
    expect(asked).toMatchObject([{ method, path, body }]);
  });

  it('ranges and gaps, are in the order of their times', async () => {
    const ranges = [{ from: '2026-01-03T00:00:00Z', to: '2026-01-04T00:00:00Z', base: 'b3', points: [{ id: 'b3' }] }];
    const gaps = [{ from: '2026-01-01T00:00:00Z', broken: [{ id: 'b1', reason: 'NOT_COMPLETED' }] }];
    answers = [{ body: { storage: 's3', namespaces: [{ namespace: 'test', ranges, gaps }] } }];
    const { stdout } = await ask('ranges', 's3');
    const rows = stdout.trimEnd().split('\n').slice(1);
    expect(rows.map((row) => row.split(/ +/).slice(0, 2))).toEqual([
      ['test', 'gap'],
      ['test', 'range'],
    ]);
  });
});

describe('asb --service, the connection', () => {
  it('token of a file, is sent and printed nowhere', async () => {
    answers = [{ status: 403, body: { code: 'forbidden', message: 'The token may not delete' } }];
    const { code, stdout, stderr } = await ask('delete', 's3/b1', '--token-file', tokenFile);
    expect(code).toBe(1);
    expect(asked[0]!.authorization).toBe('Bearer asb_planted');
    expect(stderr).toContain('The token may not delete');
    expect(stdout + stderr).not.toContain('planted');
  });

  it.each([
    ['what answers is no JSON', { body: '<html>' }, 'is no backup service'],
    ['what answers with an error is another program', { status: 404, body: 'no' }, 'is no backup service'],
  ])('%s, is said', async (_, answer, text) => {
    answers = [answer];
    const { code, stderr } = await ask('show', 's3/b1');
    expect(code).toBe(1);
    expect(stderr).toContain(text);
  });

  it('service that is not there, is named with its address', async () => {
    const { code, stderr } = await run('--service', 'http://127.0.0.1:1', 'list', 's3');
    expect(code).toBe(1);
    expect(stderr).toContain('The backup service at http://127.0.0.1:1 cannot be reached');
  });

  it.each([
    ['ftp://host', 'no http or https URL'],
    ['http://user:pw@host', 'takes a host, a port and a path alone'],
  ])('%s, is refused', async (address, text) => {
    const { code, stderr } = await run('--service', address, 'list', 's3');
    expect(code).toBe(1);
    expect(stderr).toContain(text);
    expect(stderr).not.toContain('pw');
  });

  it('word that is no backup, is refused', async () => {
    const { code, stderr } = await ask('show', 'b1');
    expect(code).toBe(1);
    expect(stderr).toContain('b1 is no STORAGE/ID');
  });

  it('service after the command, counts like one before it', async () => {
    answers = [{ body: { backups: [], total: 0 } }];
    const { code, stdout } = await run('list', 's3', `--service=${url}/abs/`);
    expect([code, stdout]).toEqual([0, 'There are no backups.\n']);
    expect(asked[0]!.path).toBe('/abs/v2/backups/s3');
  });

  it('help, has the commands of the service', async () => {
    const { code, stdout } = await ask('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: asb --service URL COMMAND');
    expect(stdout).not.toContain('merge');
  });
});
