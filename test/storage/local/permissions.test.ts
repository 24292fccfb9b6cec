/** Who may read what a backup writes. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalStorage } from '../../../src/storage/local/storage.js';
import type { Storage } from '../../../src/storage/storage.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modes-'));
});
afterAll(() => rm(folder, { recursive: true }));

const modeAt = async (...names: string[]): Promise<string> =>
  ((await stat(join(folder, ...names))).mode & 0o777).toString(8);

describe('permissions', () => {
  it('of data files are those of the umask unless told otherwise: a group that copies backups goes on reading', async () => {
    const { umask } = await currentUmask();
    const storage: Storage = new LocalStorage();
    await storage.ensureDirectory(join(folder, 'plain'));
    await (await storage.create(join(folder, 'plain', 'a.asb'), 0)).close();
    expect(await modeAt('plain')).toBe((0o777 & ~umask).toString(8));
    expect(await modeAt('plain', 'a.asb')).toBe((0o666 & ~umask).toString(8));
  });

  it('that are asked for are exact, whatever the umask is', async () => {
    const storage: Storage = new LocalStorage({ fileMode: 0o666, dirMode: 0o770 });
    await storage.ensureDirectory(join(folder, 'asked'));
    await (await storage.create(join(folder, 'asked', 'a.asb'), 0)).close();
    expect(await modeAt('asked')).toBe('770');
    expect(await modeAt('asked', 'a.asb')).toBe('666');
  });

  it('of state files and locks let their owner alone read them, whatever is asked for', async () => {
    const storage: Storage = new LocalStorage({ fileMode: 0o644, dirMode: 0o755 });
    await storage.writeSmall(join(folder, 'a.state'), 'x', 'the state file');
    await storage.createExclusive(join(folder, 'a.lock'), 'x');
    const { version } = (await storage.readVersion(join(folder, 'a.lock')))!;
    await storage.replaceIfUnchanged(join(folder, 'a.lock'), version, 'y');
    expect([await modeAt('a.state'), await modeAt('a.lock')]).toEqual(['600', '600']);
  });
});

/** A process may read its umask by setting it only, and threads may not. */
async function currentUmask(): Promise<{ umask: number }> {
  const child = fork('-', { execArgv: ['-e', 'process.send({ umask: process.umask() })'] });
  const [message] = (await once(child, 'message')) as [{ umask: number }];
  return message;
}
