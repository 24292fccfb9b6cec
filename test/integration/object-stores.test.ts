/** The same backups on every storage, compared with those in local files. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageRegistry } from '../../src/storage/registry.js';
import { decodeAll, KEY_FILE, MODES as CODECS } from '../support/codecs.js';
import { readStored, STORES, type StoreUnderTest } from '../support/object-stores.js';
import { differences, openTarget, readRecords, scratch, type Target } from '../support/target.js';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const CRYPT = ['-z', 'zstd', '-y', 'aes256', '--encryption-key-file', KEY_FILE];
const PLAIN: readonly string[] = [];
const RECORDS = 1200;
const MODES = [
  ['directory', 'plain', PLAIN],
  ['directory', 'compressed and encrypted', CRYPT],
  ['file', 'plain', PLAIN],
  ['file', 'compressed and encrypted', CRYPT],
] as const;

describe.each(STORES.map((kind) => [kind.name, kind] as const))('backups on %s', (_name, kind) => {
  describe.skipIf(kind.skip !== undefined)(kind.skip ?? 'a server', { timeout: 120_000 }, () => {
    let target: Target;
    let store: StoreUnderTest;
    const folder = scratch();

    async function run(
      tool: 'asbackup' | 'asrestore',
      args: readonly string[],
      during?: (kill: () => void) => Promise<void>,
    ): Promise<{ code: number | null; stderr: string }> {
      const child = spawn(process.execPath, [join(BIN, tool), ...args, ...store.args()], {
        env: store.env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
      await during?.(() => child.kill('SIGKILL'));
      return { code: await exited, stderr };
    }

    const backup = (...args: string[]): string[] => [...target.args, '-n', 'test', ...args];
    const at = (name: string): string => `${store.root}/${name}`;
    const read = async (path: string, flags: readonly string[]) => {
      const files = await readStored(store, path);
      const config = CODECS[flags.length === 0 ? 'plain' : 'zstd + aes256']!;
      return readRecords(await Promise.all(files.map((bytes) => decodeAll(config, bytes))));
    };
    /** Of a backup in one local file. */
    let expected: ReturnType<typeof readRecords>;

    async function checkRestore(args: readonly string[]): Promise<void> {
      await target.client.infoAll('truncate-namespace:namespace=restored');
      await sleep(5);
      const restored = await run('asrestore', [...target.args, '-n', 'test,restored', ...args]);
      expect(restored.code, restored.stderr).toBe(0);
      expect(restored.stderr).toContain(`inserted ${RECORDS}: failed 0`);
    }

    beforeAll(async () => {
      store = await kind.open();
      target = await openTarget();
      await target.empty();
      const lines = ['Version 3.1\n# namespace test\n# first-file\n'];
      for (let i = 0; i < RECORDS; i++) {
        const digest = createHash('sha1').update(String(i)).digest('base64');
        const text = randomBytes(18_000).toString('base64');
        lines.push(`+ n test\n+ d ${digest}\n+ s big\n+ g 1\n+ t 0\n+ b 2\n- I n ${i}\n- S s ${text.length} ${text}\n`);
      }
      const input = join(folder.path, 'input.asb');
      writeFileSync(input, lines.join(''));
      const restored = await run('asrestore', [...target.args, '-i', input]);
      expect(restored.code, restored.stderr).toBe(0);
      const local = join(folder.path, 'local.asb');
      const written = await run('asbackup', backup('-o', local));
      expect(written.code, written.stderr).toBe(0);
      expected = readRecords(await readStored({ ...store, settings: () => ({}) }, local));
      expect(expected.size).toBe(RECORDS);
    });
    afterAll(async () => {
      await target.close();
      await store.close();
      folder.remove();
    });

    it.each(MODES)('a %s, %s: validated, restored, removed', async (form, mode, flags) => {
      const path = at(form === 'directory' ? `d-${flags.length}` : `f-${flags.length}.asb`);
      const option = form === 'directory' ? '-d' : '-o';
      const written = await run('asbackup', backup(option, path, '-w', '3', ...flags));
      expect(written.code, written.stderr).toBe(0);
      expect(differences(expected, await read(path, flags)), mode).toEqual([]);
      const input = form === 'directory' ? '-d' : '-i';
      const validated = await run('asrestore', [input, path, '--validate', ...flags]);
      expect(validated.code, validated.stderr).toBe(0);
      expect(validated.stderr).toContain(`${RECORDS} record(s)`);
      await checkRestore([input, path, ...flags]);
      const removed = await run('asbackup', [option, path, '--remove-artifacts']);
      expect(removed.code, removed.stderr).toBe(0);
      const gone = await run('asrestore', [input, path, '--validate', ...flags]);
      expect(gone.code).toBe(1);
    });

    it.each(MODES)('a %s, %s: killed without warning and continued', async (form, mode, flags) => {
      const name = `k-${form}-${flags.length}`;
      const path = at(form === 'directory' ? name : `${name}.asb`);
      const state = at(`${name}.state`);
      const option = form === 'directory' ? '-d' : '-o';
      const args = backup(option, path, ...flags, '-w', '3', '--checkpoint-interval', '1', '--state-file-dst', state);
      // Slow enough to be hit behind a checkpoint that has made something durable.
      const killed = await run('asbackup', [...args, '--nice', '6'], async (kill) => {
        await waitForProgress(store, state);
        kill();
      });
      expect(killed.code, killed.stderr).toBe(null);
      const continued = await run('asbackup', [...args, '--continue', state]);
      expect(continued.code, continued.stderr).toBe(0);
      expect(continued.stderr).toMatch(/Continuing the backup of [1-9]\d* record\(s\) so far/);
      expect(differences(expected, await read(path, flags)), mode).toEqual([]);
    });
  });
});

/** Until a state says that records are durable. */
async function waitForProgress(store: StoreUnderTest, path: string): Promise<void> {
  const registry = new StorageRegistry({ settings: store.settings() });
  const storage = await registry.forPath(path);
  const until = Date.now() + 60_000;
  for (;;) {
    const text = (await storage.readVersion(path).catch(() => undefined))?.text ?? '{}';
    const { counters } = parseState(text);
    if ((counters?.records ?? 0) > 0) break;
    if (Date.now() > until) throw new Error('the run never saved a checkpoint with records');
    await sleep(20);
  }
  await registry.close();
}

function parseState(text: string): { counters?: { records?: number } } {
  try {
    return JSON.parse(text) as { counters?: { records?: number } };
  } catch {
    // A local file may be read while it is replaced.
    return {};
  }
}
