/** Backups of the C tool and our own, there and back, over real sockets. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Aerospike from 'aerospike';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTarget, readBackup, readRecords, differences, run, scratch, type Target } from '../support/target.js';
import { decode } from '../support/asb.js';

const GOLDEN = new URL('../fixtures/backups/', import.meta.url).pathname;

/**
 * The records of the golden files expire, some of them within months. Restored with this many seconds more, they
 * outlive this test by years and stay below the server's limit of ten.
 */
const EXTRA_TTL_S = 180_000_000;

let target: Target;
const folder = scratch();

beforeAll(async () => {
  target = await openTarget();
});
afterAll(async () => {
  await target.close();
  folder.remove();
});

async function restore(path: string, ...more: string[]): Promise<string> {
  const source = path.endsWith('.asb') ? '-i' : '-d';
  const ran = await run('asrestore', [...target.args, source, path, ...more]);
  expect(ran.stderr).not.toContain('[ERR]');
  expect(ran.code).toBe(0);
  return ran.stderr;
}

let runs = 0;
async function backup(...flags: string[]): Promise<Buffer[]> {
  const path = join(folder.path, `run${runs++}`);
  const ran = await run('asbackup', [...target.args, '-n', 'test', '-d', path, ...flags]);
  expect(ran.stderr).not.toContain('[ERR]');
  expect(ran.code).toBe(0);
  return readBackup(path);
}

/** Golden folder or file, and the flags it was written with. */
const GOLDEN_FLAGS: readonly [string, string[]][] = [
  ['plain', []],
  ['compact', ['--compact']],
  ['no-bins', ['--no-bins']],
  ['bin-list', ['-B', 'id,name']],
  ['people-set', ['-s', 'people']],
  ['two-sets', ['-s', 'people,events']],
  ['partitions', ['-X', '0-2048,3000-10']],
  ['parallel4', ['-w', '4']],
  ['limit', ['-F', '1', '-w', '2']],
  ['no-records', ['-R']],
  ['file.asb', []],
  ['stdout.asb', []],
];

describe('what the C tool backed up', () => {
  describe('restored from one file', () => {
    beforeAll(async () => {
      await target.empty();
      await restore(join(GOLDEN, 'corpus.asb'), '--extra-ttl', String(EXTRA_TTL_S));
    });

    for (const [name, flags] of GOLDEN_FLAGS) {
      it(`and backed up with ${flags.join(' ') || 'no flags'} is byte for byte ${name}`, async () => {
        const expected = readRecords(readBackup(join(GOLDEN, name)));
        expect(differences(expected, readRecords(await backup(...flags)), EXTRA_TTL_S)).toEqual([]);
      });
    }

    it('gives the same header, indexes and UDFs, but a set-less index has an empty set instead of "null"', async () => {
      const head = (files: Buffer[]): string[] => {
        const first = files.find((file) => file.includes('# first-file'))!.toString('latin1');
        return first.slice(0, first.search(/^\+ [kn] (?!not a record)/m)).split('\n');
      };
      const golden = head(readBackup(join(GOLDEN, 'plain'))).map((line) =>
        line.replace('* i test null ', '* i test  '),
      );
      expect(head(await backup()).sort()).toEqual(golden.sort());
    });

    it('a set whose name holds a line feed is counted and backed up like any other', async () => {
      const found = readRecords(await backup('-s', 'new\nline'));
      expect(found.size).toBe(40);
      expect(new Set([...found.values()].map(({ set }) => set.toString()))).toEqual(new Set(['new\nline']));
    });

    it('goes to standard output whole', async () => {
      const ran = await run('asbackup', [...target.args, '-n', 'test', '-o', '-', '-w', '2']);
      expect(ran.code).toBe(0);
      const expected = readRecords(readBackup(join(GOLDEN, 'stdout.asb')));
      expect(differences(expected, readRecords([ran.stdout]), EXTRA_TTL_S)).toEqual([]);
    });

    it('goes to one file whole', async () => {
      const path = join(folder.path, 'one.asb');
      const ran = await run('asbackup', [...target.args, '-n', 'test', '-o', path, '-w', '3', '-C']);
      expect(ran.code).toBe(0);
      const expected = readRecords(readBackup(join(GOLDEN, 'file.asb')));
      expect(differences(expected, readRecords([readFileSync(path)]), EXTRA_TTL_S)).toEqual([]);
    });
  });

  for (const [name, flags] of GOLDEN_FLAGS) {
    if (name === 'no-bins' || name === 'no-records') continue;
    it(`${name}: restored into an empty server and backed up again, nothing differs`, async () => {
      await target.empty();
      await restore(join(GOLDEN, name), '--extra-ttl', String(EXTRA_TTL_S));
      const expected = readRecords(readBackup(join(GOLDEN, name)));
      expect(differences(expected, readRecords(await backup(...flags)), EXTRA_TTL_S)).toEqual([]);
    });
  }

  it('no-bins: records without bins are counted as skipped, as the C tool does', async () => {
    await target.empty();
    const log = await restore(join(GOLDEN, 'no-bins'));
    expect(log).toMatch(/Expired \d+ : skipped 200 : err_ignored 0 : inserted 0: failed 0 \(existed 0 , fresher 0\)/);
  });
});

describe('what the official client wrote', () => {
  const { Double, GeoJSON, Key } = Aerospike;
  const values = {
    int: 42,
    large: 9_223_372_036_854_775_807n,
    whole: new Double(2),
    fraction: new Double(0.1),
    text: 'a "b"\n\\ ☃',
    empty: '',
    bytes: Buffer.from([0, 10, 255]),
    yes: true,
    list: [1, 'two', [new Double(3.5)], Buffer.from('x')],
    map: { a: 1, b: { c: ['d'] } },
    place: new GeoJSON({ type: 'Point', coordinates: [1.5, -2] }),
  };
  const keys = [new Key('test', 'demo', 1), new Key('test', 'demo', 'one'), new Key('test', 'demo', Buffer.from([1]))];

  beforeEach(async () => {
    await target.empty();
    const policy = new Aerospike.WritePolicy({ key: Aerospike.policy.key.SEND });
    for (const key of keys) await target.client.put(key, values, { ttl: 5000 }, policy);
    await target.client.put(new Key('test', null, 'no set'), { n: 1 }, { ttl: -1 });
  });

  it('is what it reads back after a backup and a restore to another namespace', async () => {
    const path = join(folder.path, 'client');
    expect((await run('asbackup', [...target.args, '-n', 'test', '-d', path, '-r'])).code).toBe(0);
    await restore(path, '-n', 'test,restored');
    for (const key of keys) {
      const before = await target.client.get(key);
      const after = await target.client.get(new Key('restored', key.set, key.key));
      expect(after.bins).toEqual(before.bins);
      expect(after.bins).toMatchObject({ int: 42, text: values.text, yes: true });
      expect(after.gen).toBe(before.gen);
      expect(Math.abs(after.ttl - before.ttl)).toBeLessThanOrEqual(3);
    }
    const unset = await target.client.get(new Key('restored', null, 'no set'));
    expect(unset.bins).toEqual({ n: 1 });
    expect(unset.ttl).toBe(Aerospike.ttl.NEVER_EXPIRE);
  });

  it('keeps its types: a double that is whole stays a double, GeoJSON stays GeoJSON', async () => {
    const [file] = await backup();
    const text = file!.toString('latin1');
    expect(text).toContain('\n- D whole 2\n');
    expect(text).toContain('\n- D fraction 0.10000000000000001\n');
    expect(text).toMatch(/\n- G place \d+ \{/);
    expect(text).toContain('\n- I large 9223372036854775807\n');
    expect(text).toContain('\n- Z yes T\n');
    expect(text).toContain('\n- S empty 0 \n');
  });

  it('is found by its set, key and digest', async () => {
    const found = decode((await backup('-s', 'demo'))[0]!).entries.flatMap((e) =>
      e.kind === 'record' ? [e.record] : [],
    );
    expect(found.map(({ set }) => set.toString())).toEqual(['demo', 'demo', 'demo']);
    const digests = new Set(found.map(({ digest }) => digest.toString('hex')));
    for (const key of keys) expect(digests).toContain(key.digest!.toString('hex'));
  });

  it('survives a pipe from asbackup into asrestore', async () => {
    const { stdout, code } = await run('asbackup', [...target.args, '-n', 'test', '-o', '-', '-w', '2']);
    expect(code).toBe(0);
    const ran = await run('asrestore', [...target.args, '-n', 'test,restored', '-i', '-'], { input: stdout });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/inserted 4: failed 0/);
    expect((await target.client.get(new Key('restored', 'demo', 'one'))).bins.text).toBe(values.text);
  });
});

describe('indexes and UDF modules', () => {
  it('come back as they were, and a second restore leaves them alone', async () => {
    await target.empty();
    const { client } = target;
    await client.createIntegerIndex({ ns: 'test', set: 'demo', bin: 'i', index: 'idx_i' });
    await client.infoAny('sindex-create:namespace=test;indexname=idx_noset;bin=s;type=STRING');
    await client.createGeo2DSphereIndex({ ns: 'test', set: 'demo', bin: 'g', index: 'idx_g' });
    await client.createIndex({
      ns: 'test',
      set: 'demo',
      bin: 'm',
      index: 'idx_m',
      type: Aerospike.indexType.MAPKEYS,
      datatype: Aerospike.indexDataType.STRING,
    });
    const globals = (file: Buffer): string[] =>
      file
        .toString('latin1')
        .split('\n')
        .filter((line) => line.startsWith('* '))
        .sort();
    const before = globals((await backup())[0]!);
    expect(before).toEqual([
      '* i test  idx_noset N 1 s S',
      '* i test demo idx_g N 1 g G',
      '* i test demo idx_i N 1 i N',
      '* i test demo idx_m K 1 m S',
    ]);
    const path = join(folder.path, `run${runs - 1}`);
    await target.empty();
    await restore(path);
    expect(globals((await backup())[0]!)).toEqual(before);
    expect(await restore(path)).toContain('Skipped 4 matched index(es)');
  });
});
