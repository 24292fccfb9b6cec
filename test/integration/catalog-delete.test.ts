/** asb delete and asb prune as processes: on every storage, at once, and killed. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageRegistry } from '../../src/storage/registry.js';
import { startFilled, start } from '../support/backup.js';
import { temporaryDirectory } from '../support/backup-files.js';
import { writeCatalogBackup } from '../support/catalog.js';
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

async function list(root: string, ...args: string[]): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await run(['list', root, '--json', ...args]);
  expect(code, stderr).toBe(0);
  const entries = JSON.parse(stdout) as { id: string; state: string }[];
  return Object.fromEntries(entries.map(({ id, state }) => [id, state]));
}

const day = (n: number): string => `2026-01-${String(n).padStart(2, '0')}T03:00:00.000Z`;

/** A full backup, `full`, two increments on it, and another full one, `other`. */
async function makeCatalog(): Promise<string> {
  const root = join(work, `catalog${count++}`);
  mkdirSync(root);
  await writeCatalogBackup(root, { id: 'full', started: day(1) });
  await writeCatalogBackup(root, { id: 'inc1', type: 'incremental', parent: 'full', started: day(2) });
  await writeCatalogBackup(root, { id: 'inc2', type: 'incremental', parent: 'inc1', started: day(3) });
  await writeCatalogBackup(root, { id: 'other', started: day(4) });
  return root;
}

describe('asb delete and asb prune', () => {
  it('a base, is refused with the ids of what is based on it, and deleted with --cascade', async () => {
    const root = await makeCatalog();
    const refused = await run(['delete', join(root, 'full')]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/is the base of inc1.*--cascade/)]);
    const { code, stdout, stderr } = await run(['delete', join(root, 'full'), '--cascade', '--json']);
    expect(code, stderr).toBe(0);
    const { removed } = JSON.parse(stdout) as { removed: { id: string; files: number }[] };
    expect(removed.map(({ id, files }) => [id, files])).toEqual([
      ['inc2', 2],
      ['inc1', 2],
      ['full', 2],
    ]);
    expect(await list(root)).toEqual({ other: 'COMPLETED' });
    expect(await list(root, '--state', 'DELETED')).toEqual({ full: 'DELETED', inc1: 'DELETED', inc2: 'DELETED' });
  });

  it('held ones, are refused until they are released', async () => {
    const root = await makeCatalog();
    expect((await run(['hold', join(root, 'other')])).code).toBe(0);
    const refused = await run(['delete', join(root, 'other')]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/is held.*asb release/)]);
    expect((await run(['release', join(root, 'other')])).code).toBe(0);
    expect((await run(['delete', join(root, 'other')])).code).toBe(0);
    const late = await run(['hold', join(root, 'other')]);
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('was deleted')]);
  });

  it('prune without a rule, is refused; a dry run and a real one agree', async () => {
    const root = await makeCatalog();
    const refused = await run(['prune', root]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('--keep-last')]);
    const dry = await run(['prune', root, '--keep-last', '1', '--dry-run']);
    expect(dry.stdout).toMatch(/^keep +other +COMPLETED +2026-01-04 03:00:00Z +bar, test +last$/m);
    expect(dry.stdout).toMatch(/^remove +full .* no rule keeps it$/m);
    expect(dry.stdout).toContain('3 backup(s) would be deleted, 1 would be kept.');
    expect(Object.keys(await list(root))).toHaveLength(4);
    const { code, stdout, stderr } = await run(['prune', root, '--keep-last', '1', '--json']);
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout) as { removed: { id: string }[]; backups: { id: string; action: string }[] };
    expect(result.removed.map(({ id }) => id)).toEqual(['inc2', 'inc1', 'full']);
    expect(result.backups.filter(({ action }) => action === 'keep').map(({ id }) => id)).toEqual(['other']);
    expect(await list(root)).toEqual({ other: 'COMPLETED' });
  });

  it('an age that is none, is refused', async () => {
    const { code, stderr } = await run(['prune', work, '--keep-within', 'soon']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/--keep-within.*such as/s)]);
  });

  it('several prunes at once, with a hold between them, keep what is to be kept', async () => {
    const root = await makeCatalog();
    const others = Array.from({ length: 3 }, () => run(['prune', root, '--keep-last', '1']));
    const held = await run(['hold', join(root, 'full')]);
    const ended = await Promise.all(others);
    for (const { code, stderr } of ended) if (code !== 0) expect(stderr).toContain('in use by');
    expect(ended.some(({ code }) => code === 0)).toBe(true);
    const left = await list(root);
    expect(left.other).toBe('COMPLETED');
    expect(left.full).toBe(held.code === 0 ? 'COMPLETED' : undefined);
    if (held.code === 0) {
      expect(readdirSync(join(root, 'full', 'test')).sort()).toEqual(['manifest.json', 'test_00000.asb']);
    }
  });

  it('killed again and again, lose nothing that is to be kept, and come to their end', async () => {
    const root = await makeCatalog();
    // Many files, so that a kill meets the deletion.
    for (let i = 1; i < 3000; i++) {
      const name = `test_${String(i).padStart(5, '0')}.asb`;
      cpSync(join(root, 'full', 'test', 'test_00000.asb'), join(root, 'full', 'test', name));
    }
    let kills = 0;
    for (let pauseMs = 150; ; pauseMs += 60) {
      const child = spawn(process.execPath, [ASB, 'prune', root, '--keep-last', '1', '--no-config-file'], {
        stdio: 'ignore',
      });
      const exited = once(child, 'exit');
      await Promise.race([exited, sleep(pauseMs)]);
      child.kill('SIGKILL');
      const [code] = (await exited) as [number | null];
      const left = await list(root);
      expect(left.other).toBe('COMPLETED');
      for (const id of ['full', 'inc1', 'inc2']) expect([undefined, 'COMPLETED']).toContain(left[id]);
      if (code === 0) break;
      kills++;
    }
    expect(kills).toBeGreaterThan(0);
    expect(await list(root)).toEqual({ other: 'COMPLETED' });
    expect(readdirSync(join(root, 'full')).sort()).toEqual(['backup.json', 'tombstone.json']);
  });
});

describe('asbackup', () => {
  it('to a directory of a deleted backup, is refused', async () => {
    const { cluster } = await startFilled(10);
    try {
      const path = join(work, 'again');
      expect((await start(cluster, ['-d', path, '--manifest']).done).code).toBe(0);
      expect((await run(['delete', path])).code).toBe(0);
      for (const more of [[], ['--manifest'], ['--remove-files']]) {
        const { code, stderr } = await start(cluster, ['-d', path, ...more]).done;
        expect([code, stderr]).toEqual([1, expect.stringContaining('was deleted')]);
      }
      expect(readdirSync(path)).toEqual(['tombstone.json']);
    } finally {
      await cluster.stop();
    }
  });

  it('while it works, is not deleted', async () => {
    const { cluster } = await startFilled(5000);
    try {
      const path = join(work, 'running');
      const slow = start(cluster, ['-d', path, '--manifest', '-L', '1000']);
      const isBegun = (): boolean => {
        try {
          return readFileSync(join(path, 'manifest.json'), 'utf8').includes('IN_PROGRESS');
        } catch {
          return false;
        }
      };
      while (!isBegun()) await sleep(5);
      const refused = await run(['delete', path]);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('A run works on')]);
      slow.child.kill('SIGKILL');
      await slow.done;
      expect(await list(work, 'running')).toEqual({});
      expect((await run(['delete', path])).code).toBe(0);
      expect(readdirSync(path)).toEqual(['tombstone.json']);
    } finally {
      await cluster.stop();
    }
  });
});

for (const kind of STORES.filter(({ name }) => name !== 'local files')) {
  const reason = kind.skip === undefined ? '' : ` (${kind.skip})`;
  describe.skipIf(kind.skip !== undefined)(`asb delete and asb prune in ${kind.name}${reason}`, () => {
    let store: StoreUnderTest;
    let registry: StorageRegistry;

    beforeAll(async () => {
      store = await kind.open();
      registry = new StorageRegistry({ settings: store.settings() });
    });
    afterAll(async () => {
      await registry.close();
      await store.close();
    });

    async function upload(directory: string, target: string): Promise<void> {
      const storage = await registry.forPath(target);
      for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const sink = await storage.create(`${target}/${path.slice(directory.length + 1)}`, 0);
        await sink.write(readFileSync(path));
        await sink.close();
      }
    }

    async function listAll(directory: string): Promise<string[]> {
      const storage = await registry.forPath(directory);
      const names = (await storage.list(directory)).map(({ name }) => name);
      for (const below of await storage.listDirectories(directory)) {
        names.push(...(await listAll(`${directory}/${below}`)).map((name) => `${below}/${name}`));
      }
      return names.sort();
    }

    it('delete exactly what is to be deleted', async () => {
      const local = await makeCatalog();
      writeFileSync(join(local, 'inc2', 'notes.txt'), 'mine');
      const root = `${store.root}/catalog`;
      await upload(local, root);
      const before = (await listAll(`${root}/other`)).join();
      const refused = await run(['delete', `${root}/full`, ...store.args()], store.env);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is the base of inc1')]);
      const one = await run(['delete', `${root}/inc2`, ...store.args()], store.env);
      expect(one.code, one.stderr).toBe(0);
      expect(one.stderr).toContain('notes.txt');
      const pruned = await run(['prune', root, '--keep-daily', '1', ...store.args()], store.env);
      expect(pruned.code, pruned.stderr).toBe(0);
      expect(await listAll(root)).toEqual([
        'full/backup.json',
        'full/tombstone.json',
        'inc1/backup.json',
        'inc1/tombstone.json',
        'inc2/backup.json',
        'inc2/notes.txt',
        'inc2/tombstone.json',
        ...before.split(',').map((name) => `other/${name}`),
      ]);
    });
  });
}
