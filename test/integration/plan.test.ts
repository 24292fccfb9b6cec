/** `asb plan` against the in-memory node: what it predicts, and the backup that is made after it. */
import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupPlan } from '../../src/engine/plan/plan.js';
import type { PlanCommands } from '../../src/ui/catalog/plan.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { clientRecord, putRecord } from '../support/cluster-contents.js';
import { scratch } from '../support/target.js';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const RECORDS = 12_000;
/** Every third is of the set b. */
const OF_SET_B = RECORDS / 3;

const work = scratch();
let cluster: InMemoryCluster;
let hostArgs: string[];

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ nodes: 2, namespaces: ['test', 'empty'] });
  for (let n = 0; n < RECORDS; n++) putRecord(cluster, 'test', clientRecord(n % 3 === 0 ? 'b' : 'a', n, n));
  const { host, port } = cluster.seed;
  hostArgs = ['-h', `${host}:${port}`, '--no-config-file'];
});
afterAll(async () => {
  await cluster.stop();
  work.remove();
});

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function run(tool: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(BIN, tool), ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

async function plan(...args: string[]): Promise<BackupPlan & { commands?: PlanCommands }> {
  const { code, stdout, stderr } = await run('asb', 'plan', ...hostArgs, ...args, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as BackupPlan & { commands?: PlanCommands };
}

/** Bytes of a backup with these options. */
async function backUp(...args: string[]): Promise<number> {
  const path = join(work.path, `d${readdirSync(work.path).length}`);
  const { code, stderr } = await run('asbackup', ...hostArgs, '-d', path, ...args);
  expect(code, stderr).toBe(0);
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

describe('asb plan', () => {
  it('of a whole namespace, has the exact count and the bytes within 2 %, and shards that divide them', async () => {
    const planned = await plan('-n', 'test', '--within', '2s', '--records-per-second', '12000', '--cores', '3');
    expect(planned).toMatchObject({ nodes: 2, records: { value: RECORDS, basis: 'counted' }, isMigrating: false });
    const bytes = await backUp('-n', 'test');
    expect(Math.abs(planned.plainBytes.value / bytes - 1)).toBeLessThan(0.02);
    expect(planned.plainBytes.error).toBeLessThan(0.02);
    // The cluster needs a second, and all shards share it.
    expect(planned.chosen).toMatchObject({ shards: 1, workers: 3, limit: 'cluster' });
    expect(planned.chosen!.seconds).toBeCloseTo(1.5, 3);
    expect(planned.commands!.asbackup).toContain('--namespace test --parallel 3 --directory DIR');
  });

  it('of sets, compressed and encrypted, follows what a backup does', async () => {
    const compressed = await plan('-n', 'test', '-s', 'b', '-z', 'zstd', '-y', 'aes256');
    expect(compressed.records.value).toBe(OF_SET_B);
    const bytes = await backUp('-n', 'test', '-s', 'b', '-z', 'zstd');
    expect(Math.abs(compressed.storedBytes.value / bytes - 1)).toBeLessThan(0.1);
    expect(compressed.storedBytes).toEqual(compressed.compressedBytes);
    expect(compressed.commands!.asbackup).toContain('--set b --compress zstd --encrypt aes256');
  });

  it('without a record, plans an empty backup', async () => {
    const planned = await plan('-n', 'empty');
    expect(planned).toMatchObject({ records: { value: 0 }, sampledRecords: 0, chosen: { shards: 1, limit: 'start' } });
  });

  it('reads no more records than it may', async () => {
    const planned = await plan('-n', 'test', '--sample-records', '1000');
    expect(planned).toMatchObject({ sampledRecords: 1000, cpuSeconds: { basis: 'reference' } });
    expect(planned.records.value).toBe(RECORDS);
  });

  it('ends when its time is over, with what it has read', async () => {
    const planned = await plan('-n', 'test', '--sample-rate', '500', '--sample-seconds', '1');
    expect(planned.sampledRecords).toBeGreaterThan(0);
    expect(planned.sampledRecords).toBeLessThan(RECORDS);
    expect(planned.records.value).toBe(RECORDS);
  });

  it.each([
    [['--within', '4'], 'expected days, hours, minutes and seconds'],
    [['-n', 'test', '--within', '0s'], 'at least 1s'],
    [['-n', 'test', '--bandwidth', '0'], '--bandwidth'],
    [['-n', 'test', '--compression-level', '3'], '--compression-level needs --compress'],
    [['-n', 'test', '--encrypt', 'rot13'], 'aes128, aes256'],
    [['-n', 'test', '--sample-records', '5'], 'from 1000'],
    [[], 'No namespace specified'],
    [['-n', 'nowhere'], 'no namespace "nowhere"'],
  ])('with %j, is refused', async (args, text) => {
    const { main } = await import('../../src/cli/asb/asb.js');
    const { fakeProcess } = await import('../support/cli.js');
    const { environment, err, out } = fakeProcess();
    expect(await main(['plan', ...hostArgs, ...args], environment)).toBe(1);
    expect(err.join('')).toContain(text);
    expect(out).toBe('');
  });
});
