/** What a person, a scheduler or a pipe may do to a run while it works, other than killing it. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InMemoryCluster } from '../../src/node/cluster.js';
import { fill, start, startFilled, texts, type Running } from '../support/backup.js';
import { readBackup, readRecords, scratch } from '../support/target.js';

const ASBACKUP = fileURLToPath(new URL('../../bin/asbackup', import.meta.url));
const ASRESTORE = fileURLToPath(new URL('../../bin/asrestore', import.meta.url));
const RECORDS = 4000;

const work = scratch();
let cluster: InMemoryCluster;

beforeAll(async () => {
  ({ cluster } = await startFilled(RECORDS));
  // More than a pipe and the chunks on their way to it hold.
  fill(cluster, RECORDS, 'large', 2000);
});
afterAll(async () => {
  await cluster.stop();
  work.remove();
});

let count = 0;
const fresh = (): string => join(work.path, `run${count++}`);
const address = (): string[] => {
  const { host, port } = cluster.nodes[0]!;
  return ['-h', host, '-p', String(port)];
};

/** As `start`, with standard output as a pipe that somebody may read. */
function startPiped(
  args: readonly string[],
  tool = ASBACKUP,
  output: 'pipe' | number = 'pipe',
): Running & { stdout: NodeJS.ReadableStream | null } {
  const child = spawn(process.execPath, [tool, ...address(), ...args], { stdio: ['ignore', output, 'pipe'] });
  let stderr = '';
  let ended = false;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const startedMs = Date.now();
  const done = new Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string; ms: number }>(
    (resolve) => {
      child.on('exit', (code, signal) => {
        ended = true;
        resolve({ code, signal, stderr, ms: Date.now() - startedMs });
      });
    },
  );
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(stderr) && !ended) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { child, stdout: child.stdout, log: () => stderr, until, done };
}

describe('SIGUSR1', () => {
  it('tells how far a backup is, as often as one likes, and never starts a debugger', async () => {
    const running = start(cluster, ['-d', fresh(), '-s', 's', '-L', '1500']);
    await running.until(/Starting backup for/);
    for (const times of [1, 2]) {
      running.child.kill('SIGUSR1');
      await running.until(new RegExp(`(so far[^]*){${times}}`));
    }
    const { code, stderr } = await running.done;
    expect(code, stderr).toBe(0);
    expect(stderr.match(/\d+ record\(s\), \d+ byte\(s\) so far, \d+% complete \(~/g)).toHaveLength(2);
    expect(stderr).not.toContain('Debugger');
  });

  it('tells how far a restore is', async () => {
    const path = fresh();
    expect((await start(cluster, ['-d', path, '-s', 's']).done).code).toBe(0);
    const running = startPiped(['-n', 'test,restored', '-d', path, '-N', '100,1500'], ASRESTORE);
    await running.until(/Restoring records/);
    const before = (running.log().match(/Expired/g) ?? []).length;
    running.child.kill('SIGUSR1');
    await running.until(new RegExp(`(Expired[^]*){${before + 1}}`));
    const { code, stderr } = await running.done;
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('Debugger');
  });

  it('before there is anything to tell is no reason to end', async () => {
    cluster.nodes[0]!.injectFaults({ infoDelayMs: 200 });
    const running = start(cluster, ['-d', fresh(), '-s', 's']);
    await running.until(/Starting backup of/);
    running.child.kill('SIGUSR1');
    const { code, stderr } = await running.done;
    cluster.nodes[0]!.clearFaults();
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('No records are being read or written at the moment');
  });
});

describe('a reader of standard output', () => {
  it('that goes away ends the backup with a sentence', async () => {
    const running = startPiped(['-n', 'test', '-o', '-', '--state-file-dst', fresh()]);
    const reader = running.child.stdout!;
    reader.once('data', () => reader.destroy());
    const { code, signal, stderr } = await running.done;
    expect([code, signal]).toEqual([1, null]);
    expect(texts(stderr).at(-1)).toMatch(
      /^ERR Cannot write to \[stdout\]: the reader of the pipe has closed it \(EPIPE\)\./,
    );
  });

  it.each(['pipe', 'socket'])(
    'that takes nothing from a %s does not keep a signal from ending the backup',
    async (kind) => {
      const state = fresh();
      const fifo = fresh();
      execFileSync('mkfifo', [fifo]);
      // Open for reading, too, and never read; what Node calls a pipe is a socket.
      const fd = openSync(fifo, 'r+');
      const output = kind === 'pipe' ? fd : 'pipe';
      const running = startPiped(['-n', 'test', '-o', '-', '--state-file-dst', state], ASBACKUP, output);
      await running.until(/Starting backup for/);
      running.child.kill('SIGTERM');
      const { code, signal, stderr } = await running.done;
      expect([code, signal]).toEqual([1, null]);
      expect(texts(stderr).at(-1)).toContain(`--continue ${state}`);
      closeSync(fd);
    },
  );

  it('that is slow gets every byte', async () => {
    const running = startPiped(['-n', 'test', '-o', '-', '--state-file-dst', fresh()]);
    const chunks: Buffer[] = [];
    for await (const chunk of running.stdout!) {
      chunks.push(chunk as Buffer);
      if (chunks.length % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { code, stderr } = await running.done;
    expect(code, stderr).toBe(0);
    expect(readRecords([Buffer.concat(chunks)]).size).toBe(2 * RECORDS);
  });
});

describe('SIGHUP', () => {
  it('does not end a backup without a terminal: nohup keeps it running (its terminal: test/cli/signals.test.ts)', async () => {
    const path = fresh();
    const running = start(cluster, ['-d', path, '-s', 's', '-L', '2000']);
    await running.until(/Starting backup for/);
    running.child.kill('SIGHUP');
    const { code, signal, stderr } = await running.done;
    expect([code, signal], stderr).toEqual([0, null]);
    expect(readRecords(readBackup(path)).size).toBe(RECORDS);
  });
});
