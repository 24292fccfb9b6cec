/** The nightly script of examples/: complete backups under their date, old ones gone, broken ones kept apart. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
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

function nightly(keep: number, ...more: string[]): Promise<{ code: number | null; stderr: string }> {
  const host = `${server.host}:${server.port}`;
  const args = ['test', backups, String(keep), '-h', host, '--no-config-file', ...more];
  const env = { ...process.env, PATH: [join(ROOT, 'bin'), process.env.PATH].join(delimiter) };
  const child = spawn(join(ROOT, 'examples/asbackup-nightly'), args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stderr }));
  });
}

const kept = (): string[] => readdirSync(backups).filter((name) => /^test-\d{4}-\d\d-\d\dT\d{6}$/.test(name));

it('keeps the newest complete backups and nothing else', async () => {
  for (const old of ['test-2020-01-01T020000', 'test-2020-01-02T020000', 'other-2020-01-01T020000']) {
    mkdirSync(join(backups, old), { recursive: true });
  }
  const first = await nightly(2);
  expect(first.code, first.stderr).toBe(0);
  expect(kept()).toHaveLength(2);
  expect(kept()).toContain('test-2020-01-02T020000');
  expect(readdirSync(backups)).toContain('other-2020-01-01T020000');
  const newest = kept().sort().at(-1)!;
  // How many files there are depends on which worker comes first; a state would be that of a backup that is not complete.
  const files = readdirSync(join(backups, newest));
  expect(files).toContain('test_00000.asb');
  expect(files.filter((name) => !/^test_\d{5}\.asb$/.test(name))).toEqual([]);
});

it('takes nothing away when a backup fails, and replaces what was left of it the next time', async () => {
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

it('finishes a backup that left its state', async () => {
  mkdirSync(join(backups, 'test-next'), { recursive: true });
  writeFileSync(join(backups, 'test-next', 'test.asb.state'), 'not a state');
  const refused = await nightly(1);
  // That it is read at all shows that the run was to be continued.
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/test-next\/test\.asb\.state/);
});
