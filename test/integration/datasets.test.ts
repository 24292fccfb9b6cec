/** Namespaces of unusual shape: nothing may be lost, doubled or changed, whatever the records look like. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { openTarget, readBackup, run, scratch, type Target } from '../support/target.js';

let target: Target;
const folder = scratch();

beforeAll(async () => {
  target = await openTarget();
});
afterAll(async () => {
  await target.close();
  folder.remove();
});
beforeEach(() => target.empty());

function digest(i: number): Buffer {
  return createHash('ripemd160').update(String(i)).digest();
}

/** A record's text; `bins` are whole lines. */
function record(id: Buffer, bins: readonly string[]): string {
  return `+ n test\n+ d ${id.toString('base64')}\n+ s big\n+ g 1\n+ t 0\n+ b ${bins.length}\n${bins.map((bin) => `- ${bin}\n`).join('')}`;
}

/** The texts of all records, in the order of their digests, bins sorted: equal texts = equal records. */
function canonical(files: readonly Buffer[]): string[] {
  return files.flatMap((file) => {
    const text = file.toString('latin1');
    return text
      .slice(text.indexOf('\n+ n ') + 1)
      .split(/(?=^\+ n test\n)/m)
      .filter((part) => part.startsWith('+ n '))
      .map((part) => {
        const lines = part.split('\n');
        const firstBin = lines.findIndex((line) => line.startsWith('+ b ')) + 1;
        return [...lines.slice(0, firstBin), ...lines.slice(firstBin).sort()].join('\n');
      });
  });
}

/** Restores the records, backs them up with several workers, and compares all texts. */
async function roundTrip(records: readonly string[]): Promise<void> {
  const input = join(folder.path, 'input.asb');
  const output = join(folder.path, 'output');
  writeFileSync(input, `Version 3.1\n# namespace test\n# first-file\n${records.join('')}`);
  const restored = await run('asrestore', [...target.args, '-i', input]);
  expect(restored.stderr).not.toContain('[ERR]');
  expect(restored.code).toBe(0);
  const saved = await run('asbackup', [...target.args, '-n', 'test', '-d', output, '-r', '-w', '2']);
  expect(saved.stderr).not.toContain('[ERR]');
  expect(saved.code).toBe(0);
  const before = canonical([Buffer.from(records.join(''))].map((text) => Buffer.concat([Buffer.from('\n'), text])));
  const after = canonical(readBackup(output));
  expect(after.length).toBe(records.length);
  expect(createHash('sha256').update(after.sort().join('')).digest('hex')).toBe(
    createHash('sha256').update(before.sort().join('')).digest('hex'),
  );
}

describe('100 MB', () => {
  it('of records that have very many bins', async () => {
    const bins = Array.from({ length: 20_000 }, (_, i) => `I bin${i} ${i * 1_000_003}`);
    await roundTrip(Array.from({ length: 230 }, (_, i) => record(digest(i), bins)));
  });

  it('of records as large as the server takes them', async () => {
    const value = createHash('sha512').update('x').digest('base64').slice(0, 85).repeat(12_000);
    const records = Array.from({ length: 100 }, (_, i) => record(digest(i), [`S text ${value.length} ${value}`]));
    await roundTrip(records);
  });
});

describe('small namespaces', () => {
  it('of one record that has one bin', () => roundTrip([record(digest(1), ['I only 1'])]));

  it('of 4096 records that all lie in one partition', async () => {
    await roundTrip(
      Array.from({ length: 4096 }, (_, i) => {
        const id = digest(i);
        id.writeUInt16LE((id.readUInt16LE(0) & 0xf000) | 1234, 0);
        return record(id, [`I n ${i}`]);
      }),
    );
  });

  it('of no records at all', async () => {
    const output = join(folder.path, 'nothing');
    const saved = await run('asbackup', [...target.args, '-n', 'test', '-d', output, '-w', '4']);
    expect(saved.code).toBe(0);
    expect(saved.stderr).toContain('Backed up 0 record(s)');
    const restored = await run('asrestore', [...target.args, '-d', output]);
    expect(restored.code).toBe(0);
    expect(restored.stderr).toMatch(/inserted 0: failed 0/);
  });
});

describe('records without bins', () => {
  it('are backed up, and a restore says that it skipped them', async () => {
    // No client can write such a record, so it is put into the in-memory node directly.
    const cluster = await InMemoryCluster.start();
    try {
      const { host, port } = cluster.nodes[0]!;
      const store = cluster.store('test');
      for (let i = 0; i < 5000; i++) store.putRaw('empty', digest(i), undefined, 1, 0, []);
      const args = ['-h', host, '-p', String(port)];
      const output = join(folder.path, 'empty');
      const saved = await run('asbackup', [...args, '-n', 'test', '-d', output, '-r']);
      expect(saved.code).toBe(0);
      expect(saved.stderr).toContain('Backed up 5000 record(s)');
      const restored = await run('asrestore', [...args, '-d', output]);
      expect(restored.code).toBe(0);
      expect(restored.stderr).toContain('skipped 5000');
    } finally {
      await cluster.stop();
    }
  });
});
