import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MachineFile } from '../../src/ui/machine-file.js';

const run = promisify(execFile);
let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'machine-'));
});
afterEach(() => rm(root, { recursive: true }));

async function fifo(): Promise<string> {
  const path = join(root, 'fifo');
  await run('mkfifo', [path]);
  return path;
}

describe('the --machine file', () => {
  it('keeps what earlier runs wrote', async () => {
    const path = join(root, 'm');
    await writeFile(path, 'SUMMARY:1:2:3:4:5\n');
    const machine = await MachineFile.open(path);
    machine.line('PROGRESS:1');
    machine.line('SUMMARY:0:0:0:0:0');
    await machine.close();
    expect(await readFile(path, 'utf8')).toBe('SUMMARY:1:2:3:4:5\nPROGRESS:1\nSUMMARY:0:0:0:0:0\n');
  });

  it('has each line as soon as it is told', async () => {
    const path = join(root, 'm');
    const machine = await MachineFile.open(path);
    machine.line('PROGRESS:1');
    for (let i = 0; i < 100 && (await readFile(path, 'utf8')) === ''; i++) await sleep(5);
    expect(await readFile(path, 'utf8')).toBe('PROGRESS:1\n');
    await machine.close();
  });

  it('waits for the reader of a FIFO', async () => {
    const path = await fifo();
    const opening = MachineFile.open(path);
    const reader = run('cat', [path]);
    const machine = await opening;
    machine.line('PROGRESS:7');
    await machine.close();
    expect((await reader).stdout).toBe('PROGRESS:7\n');
  });

  it('does not wait for a reader any more when the run is stopped', async () => {
    const opening = MachineFile.open(await fifo(), AbortSignal.timeout(80));
    await expect(opening).rejects.toThrow('timeout');
  });

  it('reports a reader that has gone away', async () => {
    const path = await fifo();
    const opening = MachineFile.open(path);
    const reader = await open(path, 'r');
    const machine = await opening;
    await reader.close();
    machine.line('PROGRESS:1');
    machine.line('PROGRESS:2');
    await expect(machine.close()).rejects.toThrow(
      /^Cannot write to the --machine file .*fifo: the reader of the pipe has closed it \(EPIPE\)\.$/,
    );
  });

  it('outlasts a reader that is slow', async () => {
    const path = await fifo();
    const opening = MachineFile.open(path);
    const reader = await open(path, 'r');
    const machine = await opening;
    // More than a FIFO holds.
    for (let i = 0; i < 1000; i++) machine.line(`${i}:${'x'.repeat(200)}`);
    await sleep(20);
    const text = reader.readFile('utf8');
    await machine.close();
    expect((await text).split('\n')).toHaveLength(1001);
    await reader.close();
  });

  it('cannot be a directory', async () => {
    await expect(MachineFile.open(root)).rejects.toThrow(
      `Cannot open the --machine file ${root}: it is a directory (EISDIR).`,
    );
    await expect(MachineFile.open(`${root}/no/such`)).rejects.toThrow(
      `Cannot open the --machine file ${root}/no/such: no such file or directory (ENOENT).`,
    );
  });
});
