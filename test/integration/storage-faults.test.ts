/** A place that can no longer be written to: the run stops, says what to do, and goes on when that was done. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canMountDisks } from '../../scripts/crash-test/kill-modes.js';
import type { InMemoryCluster } from '../../src/node/cluster.js';
import { fill, start, texts } from '../support/backup.js';
import { startFilled } from '../support/backup.js';
import { readBackup, readRecords, scratch } from '../support/target.js';

const ASBACKUP = fileURLToPath(new URL('../../bin/asbackup', import.meta.url));
const RECORDS = 6000;
const NOBODY = 65_534;

const work = scratch();
let cluster: InMemoryCluster;
const isRoot = process.getuid?.() === 0;
const disk = join(work.path, 'disk');
mkdirSync(disk);
const disks = canMountDisks(disk);

beforeAll(async () => {
  ({ cluster } = await startFilled(0));
  fill(cluster, RECORDS, 's', 800);
});
afterAll(async () => {
  await cluster.stop();
  work.remove();
});

interface Ended {
  code: number | null;
  stderr: string;
}

/** Runs asbackup by way of a shell, or as another user; `meanwhile` happens when the scan has begun. */
async function backUp(
  args: string[],
  { shell = '', uid, meanwhile }: { shell?: string; uid?: number; meanwhile?: () => void } = {},
): Promise<Ended> {
  const { host, port } = cluster.nodes[0]!;
  const line = ['-h', host, '-p', String(port), '-n', 'test', ...args];
  const child = spawn('bash', ['-c', `${shell} exec "$@"`, 'bash', process.execPath, ASBACKUP, ...line], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let stderr = '';
  let told = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (told || !stderr.includes('Starting backup for')) return;
    told = true;
    meanwhile?.();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr };
}

function expectStopped({ code, stderr }: Ended, reason: RegExp, state: string): void {
  expect(code, stderr).toBe(1);
  const last = texts(stderr).at(-1);
  expect(last).toMatch(reason);
  expect(last).toContain(`Continue it with --continue ${state}`);
}

function expectComplete({ code, stderr }: Ended, path: string): void {
  expect(code, stderr).toBe(0);
  expect(readRecords(readBackup(path)).size).toBe(RECORDS);
}

describe('a backup is not lost when', () => {
  it('its file may not become larger', async () => {
    const path = join(work.path, 'limited.asb');
    const args = ['-o', path];
    const stopped = await backUp(args, { shell: 'ulimit -f 2000;' });
    expectStopped(stopped, /may not become larger \(EFBIG\).*Allow larger files there\. Continue it/, `${path}.state`);
    expectComplete(await backUp([...args, '--continue', `${path}.state`]), path);
  });

  it('the permission to create files is taken away', async () => {
    const path = join(work.path, 'forbidden');
    mkdirSync(path);
    // Root is permitted everything.
    const uid = isRoot ? NOBODY : undefined;
    if (uid !== undefined) {
      chmodSync(work.path, 0o755);
      chownSync(path, uid, uid);
    }
    const state = join(path, 'test.asb.state');
    const args = ['-d', path, '-F', '1'];
    const user = uid === undefined ? {} : { uid };
    const stopped = await backUp([...args, '-L', '6000'], { ...user, meanwhile: () => chmodSync(path, 0o555) });
    expectStopped(stopped, /permission denied \(EACCES\).*Give this user write permission again\. Continue it/, state);
    const refused = await backUp([...args, '--continue', state], user);
    expect(refused.code).toBe(1);
    chmodSync(path, 0o755);
    expectComplete(await backUp([...args, '--continue', state], user), path);
  });

  it.skipIf(!disks)('the disk has become read-only before it is continued', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk]);
    try {
      const path = join(disk, 'backup');
      const state = join(path, 'test.asb.state');
      const running = start(cluster, ['-d', path, '-L', '3000', '--checkpoint-interval', '1']);
      await running.until(/Starting backup for/);
      await new Promise((resolve) => setTimeout(resolve, 700));
      running.child.kill('SIGINT');
      await running.done;
      const before = statSync(state).mtimeMs;
      execFileSync('mount', ['-o', 'remount,ro', disk]);
      const refused = await backUp(['-d', path, '--continue', state]);
      expect(refused.code).toBe(1);
      expect(texts(refused.stderr).at(-1)).toMatch(/the file system is read-only \(EROFS\)/);
      execFileSync('mount', ['-o', 'remount,rw', disk]);
      expect(statSync(state).mtimeMs).toBe(before);
      expectComplete(await backUp(['-d', path, '--continue', state]), path);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
