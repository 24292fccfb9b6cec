/** asb copy as a process: from and to every storage, and killed. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainRecord, temporaryDirectory, textBin } from '../support/backup-files.js';
import { writeCatalogBackup, writeNamespace } from '../support/catalog.js';
import { STORES, type StoreUnderTest } from '../support/object-stores.js';

const ASB = fileURLToPath(new URL('../../bin/asb', import.meta.url));
const work = temporaryDirectory();
let count = 0;

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [ASB, ...args, '--no-config-file'], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

function fresh(): string {
  const path = join(work, String(count++));
  mkdirSync(path);
  return path;
}

function readAll(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  // A process that was killed may leave a lock that it was just writing.
  const kept = files.filter(({ name }) => !/\.lock\.[0-9a-f]{12}\.tmp$/.test(name));
  const paths = kept.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(directory.length + 1), readFileSync(path, 'latin1')]));
}

/** Of the backup files of a copy; -1 = there is nothing of it. */
function countBytes(directory: string): number {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.asb'));
    return names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  } catch {
    return -1;
  }
}

describe('asb copy', () => {
  it('of a damaged backup, names the file and the block, and fails', async () => {
    const [from, to] = [fresh(), fresh()];
    const source = await writeCatalogBackup(from, { id: 'b1' });
    const file = join(source, 'test', 'test_00000.asb');
    const bytes = readFileSync(file);
    bytes[40]! ^= 4;
    writeFileSync(file, bytes);
    const { code, stderr } = await run(['copy', source, `${to}/`]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/test_00000\.asb is not what its manifest says: Block 0/),
    ]);
    const listed = await run(['list', to]);
    expect(listed.stdout).toMatch(/^b1 +INCOMPLETE/m);
  });

  it('with a new key and compression, gives the same records to who has the key', async () => {
    const [from, to] = [fresh(), fresh()];
    const source = await writeCatalogBackup(from, { id: 'b1' });
    const env = { ...process.env, NEW_KEY: Buffer.alloc(32, 7).toString('base64') };
    const recoding = ['--recompress', 'zstd:5', '--reencrypt', 'aes256', '--new-key-env', 'NEW_KEY'];
    const copied = await run(['copy', source, `${to}/`, '--verify', ...recoding], env);
    expect(copied.code, copied.stderr).toBe(0);
    const verified = await run(
      ['verify', join(to, 'b1'), '--encrypt', 'aes256', '--encryption-key-env', 'NEW_KEY'],
      env,
    );
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringMatching(/sound|6 record/i)]);
    const without = await run(['copy', join(to, 'b1'), join(to, 'b2'), '--recompress', 'none'], env);
    expect([without.code, without.stderr]).toEqual([
      1,
      expect.stringMatching(/is encrypted with aes256: its key is missing/),
    ]);
    const incomplete = await run(['copy', source, join(to, 'b3'), '--reencrypt', 'aes256']);
    expect([incomplete.code, incomplete.stderr]).toEqual([1, expect.stringMatching(/--reencrypt needs a new key/)]);
  });

  it('of an increment, warns of the base that is missing', async () => {
    const [from, to] = [fresh(), fresh()];
    const source = await writeCatalogBackup(from, { id: 'b2', type: 'incremental', parent: 'b1' });
    const { code, stderr } = await run(['copy', source, join(to, 'b2')]);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/Warning: .*is not there: b1/)]);
  });

  it('killed again and again, is incomplete until it is complete', async () => {
    const [from, to] = [fresh(), fresh()];
    const source = join(from, 'large');
    const records = Array.from({ length: 4000 }, (_, n) =>
      plainRecord(n, { bins: [textBin('t', 'x'.repeat(20_000))] }),
    );
    await writeNamespace(source, 'test', { id: 'large' }, records);
    const copy = join(to, 'large');
    let kills = 0;
    // The moments follow from what there is of the copy, not from a clock.
    for (const bytes of [0, 1, 30_000_000, 70_000_000]) {
      const child = spawn(process.execPath, [ASB, 'copy', source, `${to}/`, '--no-config-file'], { stdio: 'ignore' });
      const exited = once(child, 'exit') as Promise<[number | null]>;
      while (child.exitCode === null && countBytes(copy) < bytes) await sleep(1);
      child.kill('SIGKILL');
      const [code] = await exited;
      if (code === null) kills++;
      const { stdout } = await run(['list', to, '--json']);
      const [found] = JSON.parse(stdout) as { state: string }[];
      if (code === null) expect([undefined, 'INCOMPLETE']).toContain(found?.state);
    }
    expect(kills).toBeGreaterThan(0);
    const { code, stderr } = await run(['copy', source, `${to}/`]);
    expect(code, stderr).toBe(0);
    expect(readAll(copy)).toEqual(readAll(source));
    rmSync(source, { recursive: true });
  });
});

for (const kind of STORES.filter(({ name }) => name !== 'local files')) {
  const reason = kind.skip === undefined ? '' : ` (${kind.skip})`;
  describe.skipIf(kind.skip !== undefined)(`asb copy to and from ${kind.name}${reason}`, () => {
    let store: StoreUnderTest;

    beforeAll(async () => {
      store = await kind.open();
    });
    afterAll(() => store.close());

    it('and back, gives the same files', async () => {
      const [from, to] = [fresh(), fresh()];
      const source = await writeCatalogBackup(from, { id: 'b1' });
      const there = await run(['copy', source, `${store.root}/copies/`, '--verify', ...store.args()], store.env);
      expect(there.code, there.stderr).toBe(0);
      const again = await run(['copy', source, `${store.root}/copies/`, '--json', ...store.args()], store.env);
      expect(JSON.parse(again.stdout)).toMatchObject({ id: 'b1', files: 2, kept: 2 });
      const verified = await run(['verify', `${store.root}/copies/b1`, ...store.args()], store.env);
      expect(verified.code, verified.stdout).toBe(0);
      const back = await run(['copy', `${store.root}/copies/b1`, `${to}/`, ...store.args()], store.env);
      expect(back.code, back.stderr).toBe(0);
      expect(readAll(join(to, 'b1'))).toEqual(readAll(source));
    });
  });
}
