/** The nightly script of examples/: complete backups under their date, old ones gone, broken ones kept apart. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run, scratch, startServer } from '../support/target.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = scratch();
const backups = join(folder.path, 'backups');
let server: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  server = await startServer([]);
  const source = join(folder.path, 'source.asb');
  const lines = [
    'Version 3.1',
    '# namespace test',
    '# first-file',
    '+ n test',
    `+ d ${'A'.repeat(27)}=`,
    '+ g 1',
    '+ t 0',
  ];
  writeFileSync(source, [...lines, '+ b 1', '- I number 7', ''].join('\n'));
  const loaded = await run('asrestore', ['-h', server.host, '-p', String(server.port), '-i', source]);
  expect(loaded.code, loaded.stderr).toBe(0);
});

afterAll(async () => {
  await server.stop();
  folder.remove();
});

function nightly(keep: number | string, ...more: string[]): Promise<{ code: number | null; stderr: string }> {
  return prepareNightly('test', keep, ...more);
}

function prepareNightly(
  namespace: string,
  keep: number | string,
  ...more: string[]
): Promise<{ code: number | null; stderr: string }> {
  const host = `${server.host}:${server.port}`;
  const args = [namespace, backups, String(keep), '-h', host, '--no-config-file', ...more];
  const env = { ...process.env, PATH: [join(ROOT, 'bin'), process.env.PATH].join(delimiter) };
  const child = spawn(join(ROOT, 'examples/asbackup-nightly'), args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stderr }));
  });
}

const DATE = String.raw`\d{4}-\d\d-\d\dT\d{6}`;
const listKept = (namespace: string): string[] =>
  readdirSync(backups).filter((name) => new RegExp(`^${namespace}-${DATE}$`).test(name));
const kept = (): string[] => listKept('test');

it('nightly script keeps the newest complete backups of its namespace and deletes the older ones', async () => {
  for (const old of ['test-2020-01-01T020000', 'test-2020-01-02T020000', 'other-2020-01-01T020000']) {
    mkdirSync(join(backups, old), { recursive: true });
  }
  const first = await nightly(2);
  expect(first.code, first.stderr).toBe(0);
  expect(kept()).toHaveLength(2);
  expect(kept()).toContain('test-2020-01-02T020000');
  expect(readdirSync(backups)).toContain('other-2020-01-01T020000');
  const newest = kept().sort().at(-1)!;
  // How many files there are depends on which worker comes first; a state would be that of a backup that is not
  // complete.
  const files = readdirSync(join(backups, newest));
  expect(files).toContain('test_00000.asb');
  expect(files.filter((name) => !/^test_\d{5}\.asb$/.test(name))).toEqual([]);
});

it('nightly script deletes nothing when a backup fails and replaces its remains the next time', async () => {
  const before = kept();
  // What a backup leaves that was cut off before it saved a state.
  mkdirSync(join(backups, 'test-next'));
  writeFileSync(join(backups, 'test-next', 'test_00000.asb'), 'half a file');
  const failed = await nightly(1, '--nonsense');
  expect(failed.code).toBe(1);
  expect(kept()).toEqual(before);
  const again = await nightly(1);
  expect(again.code, again.stderr).toBe(0);
  expect(kept()).toHaveLength(1);
  expect(before).not.toContain(kept()[0]);
});

it('nightly script continues a backup that left its state', async () => {
  mkdirSync(join(backups, 'test-next'), { recursive: true });
  writeFileSync(join(backups, 'test-next', 'test.asb.state'), 'not a state');
  const refused = await nightly(1);
  // That it is read at all shows that the run was to be continued.
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/test-next\/test\.asb\.state/);
});

it('nightly script keeps the backups of namespace test-2 when test deletes its old ones in the same directory', async () => {
  rmSync(join(backups, 'test-next'), { recursive: true, force: true });
  const others = ['test-2-2020-01-01T020000', 'test-2-2020-01-02T020000', 'test-2-next', 'test-2020-01-01-by-hand'];
  for (const name of others) mkdirSync(join(backups, name), { recursive: true });
  writeFileSync(join(backups, 'test-2-lock'), '');
  writeFileSync(join(backups, 'test-2-2020-01-01T020000', 'test-2_00000.asb'), 'a backup');
  mkdirSync(join(backups, 'test-2020-01-01T020000'));
  const done = await nightly(1);
  expect(done.code, done.stderr).toBe(0);
  expect(kept()).toHaveLength(1);
  expect(kept()).not.toContain('test-2020-01-01T020000');
  expect(readdirSync(backups)).toEqual(expect.arrayContaining([...others, 'test-2-lock']));
  expect(readdirSync(join(backups, 'test-2-2020-01-01T020000'))).toEqual(['test-2_00000.asb']);
});

it('nightly script keeps the backups of namespaces test and restored-1 when restored deletes its old ones', async () => {
  for (const name of ['restored-2020-01-01T020000', 'restored-2020-01-02T020000', 'restored-1-2020-01-02T020000']) {
    mkdirSync(join(backups, name), { recursive: true });
  }
  const before = kept();
  const done = await prepareNightly('restored', 1);
  expect(done.code, done.stderr).toBe(0);
  expect(listKept('restored')).toHaveLength(1);
  expect(kept()).toEqual(before);
  expect(listKept('restored-1')).toEqual(['restored-1-2020-01-02T020000']);
});

it.each(['0', 'seven', '', '-1'])('nightly script refuses to keep %j backups instead of deleting all', async (keep) => {
  const before = kept();
  const refused = await nightly(keep);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('KEEP');
  expect(kept()).toEqual(before);
});
