/** The commands of asb that read whole backups: diff, merge and export, as processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Codecs } from '../../src/codecs/codecs.js';
import { findBackupFiles } from '../../src/engine/catalog/backup-files.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { PlainRecord } from '../support/asb.js';
import { KEY_FILE } from '../support/codecs.js';
import {
  integerBin,
  plainRecord,
  readTexts,
  SEALED,
  storages,
  temporaryDirectory,
  textBin,
  toText,
  writeBackup,
} from '../support/backup-files.js';

const root = temporaryDirectory();
const SEALED_OPTIONS = ['-z', 'zstd', '-y', 'aes128', '--encryption-key-file', KEY_FILE];

async function asb(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['bin/asb', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout, stderr };
}

describe('asb diff', () => {
  const before = [plainRecord(1), plainRecord(2), plainRecord(3)];
  const after = [plainRecord(2, { bins: [integerBin('n', 7)] }), plainRecord(3, { generation: 9 }), plainRecord(4)];
  let cluster: InMemoryCluster;

  beforeAll(async () => {
    await writeBackup(join(root, 'before'), { records: before });
    await writeBackup(join(root, 'after'), { records: after });
    cluster = await InMemoryCluster.start({ namespaces: ['live'] });
    for (const { digest, set, key, keyType, generation, bins } of after) {
      const stored = bins.map(({ name, particle, value }) => ({ name: name.toString(), type: particle, value }));
      const userKey = Buffer.concat([Buffer.of(keyType), key]);
      cluster.store('live').putRaw(set.toString(), digest, userKey, generation, 0, stored);
    }
  });
  afterAll(() => cluster.stop());

  const lines = (n: number, kind: string, ...bins: string[]): string =>
    [kind, 'NS.demo', plainRecord(n).digest.toString('hex'), ...bins].join(' ');
  const expected = [lines(1, 'removed'), lines(2, 'changed', '~n'), lines(3, 'touched'), lines(4, 'added')];

  it('two backups, are compared and their differences listed', async () => {
    const { code, stdout } = await asb('diff', join(root, 'before'), join(root, 'after'), '--records');
    expect(code).toBe(0);
    const listed = stdout.split('\n').filter((line) => line.includes('test.demo'));
    expect(listed.sort()).toEqual(expected.map((line) => line.replace('NS', 'test')).sort());
    expect(stdout).toMatch(/Added: +1\nRemoved: +1\nChanged: +1\nTouched .*: 1\nEqual: +0\n/);
  });

  it('a backup and a cluster whose namespace has another name, are compared', async () => {
    const { host, port } = cluster.seed;
    const args = ['-h', host, '-p', String(port), '-n', 'test,live', '--records', '--json'];
    const { code, stdout } = await asb('diff', join(root, 'before'), ...args);
    expect(code).toBe(0);
    const values = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(values.pop()).toEqual({
      records: { before: 3, after: 3 },
      added: 1,
      removed: 1,
      changed: 1,
      touched: 1,
      equal: 0,
      repeated: { before: 0, after: 0 },
    });
    expect(values.map(({ kind }) => kind).sort()).toEqual(['added', 'changed', 'removed', 'touched']);
    expect(values.every(({ namespace }) => namespace === 'live')).toBe(true);
  });

  it('a cluster without the name of a namespace, is refused', async () => {
    const { code, stderr } = await asb('diff', join(root, 'before'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/its namespace has to be given/);
  });
});

describe('asb export', () => {
  it('a compressed and encrypted backup, is written to a new file or to standard output', async () => {
    const directory = join(root, 'sealed');
    await writeBackup(directory, { records: [plainRecord(1)], codecs: SEALED });
    const file = join(root, 'out.jsonl');
    const first = await asb('export', directory, ...SEALED_OPTIONS, '-o', file);
    expect(first).toMatchObject({ code: 0, stdout: '' });
    const second = await asb('export', directory, ...SEALED_OPTIONS);
    expect(second.stdout).toBe(readFileSync(file, 'utf8'));
    expect(JSON.parse(second.stdout)).toMatchObject({ namespace: 'test', set: 'demo', key: 1, bins: { n: 1 } });
    const third = await asb('export', directory, ...SEALED_OPTIONS, '-o', file);
    expect(third.code).toBe(1);
    expect(third.stderr).toMatch(/exists already/);
  });
});

describe('asb merge', () => {
  it('several backups, become one that is stored as they are', async () => {
    const full = [plainRecord(1), plainRecord(2)];
    const increment = [plainRecord(2, { generation: 2 })];
    await writeBackup(join(root, 'm1'), { records: full, codecs: SEALED });
    await writeBackup(join(root, 'm2'), { records: increment, codecs: SEALED });
    const out = join(root, 'merged');
    const merged = await asb('merge', join(root, 'm1'), join(root, 'm2'), '-o', out, ...SEALED_OPTIONS, '--json');
    expect(merged.code).toBe(0);
    expect(JSON.parse(merged.stdout)).toMatchObject({ records: 2, replaced: 1, namespace: 'test' });
    expect(merged.stderr).toMatch(/does not tell which records were deleted/);
    const files = await findBackupFiles(out, { codecs: await Codecs.open(SEALED), storages });
    expect((await readTexts(files)).sort()).toEqual([full[0]!, increment[0]!].map(toText).sort());
  });

  it('killed at any moment, leaves nothing that looks complete, and can be repeated', async () => {
    const records: PlainRecord[] = [];
    for (let n = 0; n < 60_000; n++) records.push(plainRecord(n, { bins: [textBin('t', 'x'.repeat(400))] }));
    const full = join(root, 'large');
    await writeBackup(full, { records });
    const parent = join(root, 'killed');
    mkdirSync(parent);
    const out = join(parent, 'out');
    let kills = 0;
    // From before the first byte to after the last: the pauses grow until a merge comes to its end.
    for (let pauseMs = 100; !existsSync(out); pauseMs *= 1.5) {
      const child = spawn(process.execPath, ['bin/asb', 'merge', full, '-o', out], { stdio: 'ignore' });
      const exited = once(child, 'exit');
      await Promise.race([exited, sleep(pauseMs)]);
      child.kill('SIGKILL');
      await exited;
      kills++;
      for (const name of readdirSync(parent)) {
        if (name === 'out') continue;
        expect(name).toMatch(/^out\.part-/);
        // The first file gets its name last: where it has it, only the directory has not.
        const files = readdirSync(join(parent, name));
        if (files.some((file) => file.endsWith('.part'))) expect(files).not.toContain('test_00000.asb');
        rmSync(join(parent, name), { recursive: true });
      }
    }
    expect(kills).toBeGreaterThan(1);
    const files = await findBackupFiles(out, { codecs: await Codecs.open(), storages });
    expect(await readTexts(files)).toHaveLength(records.length);
  });
});
