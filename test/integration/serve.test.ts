/** The official client reads a served backup as it reads a database. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import Aerospike, { type Client } from 'aerospike';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveBackup } from '../../src/api/serve-backup.js';
import { Codecs } from '../../src/codecs/codecs.js';
import { Particle } from '../../src/core/particle.js';
import { findBackupFiles } from '../../src/engine/catalog/backup-files.js';
import type { PlainRecord } from '../support/asb.js';
import { KEY_FILE } from '../support/codecs.js';
import {
  double,
  int64,
  integerBin,
  NEVER,
  plainRecord,
  readTexts,
  SEALED,
  storages,
  temporaryDirectory,
  textBin,
  toText,
  writeBackup,
} from '../support/backup-files.js';

const { Key, exp, filter } = Aerospike;
const RECORDS = 500;
const root = temporaryDirectory();

/** By number: the digests that the client computes for the keys. */
const digests = new Map<number, Buffer>();

/** With the digest that the client computes for the key. */
function servedRecord(n: number): PlainRecord {
  return plainRecord(n, {
    digest: digests.get(n)!,
    generation: 3,
    voidTime: n === 7 ? 1 : 0,
    key: int64(n),
    bins: [
      integerBin('n', n),
      textBin('t', `text ${n}`),
      { name: Buffer.from('d'), particle: Particle.FLOAT, value: double(n / 2) },
      { name: Buffer.from('l'), particle: Particle.LIST, value: Buffer.from('92010a', 'hex') },
      { name: Buffer.from('m'), particle: Particle.MAP, value: Buffer.from('81a2036101', 'hex') },
      {
        name: Buffer.from('g'),
        particle: Particle.GEOJSON,
        value: Buffer.from('{"type":"Point","coordinates":[1,2]}'),
      },
    ],
  });
}

interface ServerProcess {
  address: string;
  stop(): Promise<void>;
}

/** In a process of its own: the client connects without giving the event loop a turn. */
async function startServer(directory: string, options: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['bin/asb', 'serve', directory, '--port', '0', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  const ended = once(child, 'close');
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text += chunk as string;
    const address = /on (\S+:\d+)\n/.exec(text)?.[1];
    if (address === undefined) continue;
    const stop = async (): Promise<void> => {
      child.kill('SIGINT');
      const [code] = (await ended) as [number | null];
      // A signal is how serving ends.
      expect(code, log).toBe(0);
      expect(log).not.toContain('[ERR]');
      expect(log).toContain('The backup is served no longer');
    };
    return { address, stop };
  }
  throw new Error(`asb serve ended: ${text}${log}`);
}

describe.each([
  ['a plain backup', {}, []],
  [
    'a compressed and encrypted backup',
    { codecs: SEALED },
    ['-z', 'zstd', '-y', 'aes128', '--encryption-key-file', KEY_FILE],
  ],
])('%s', (name, contents, options) => {
  let server: ServerProcess;
  let client: Client;

  beforeAll(async () => {
    for (let n = 0; n < RECORDS; n++) {
      const key = Buffer.concat([Buffer.of(Particle.INTEGER), int64(n)]);
      digests.set(n, createHash('ripemd160').update('demo').update(key).digest());
    }
    const sindex = { namespace: 'test', set: 'demo', name: 'by-n', bin: 'n', context: '', expression: '' };
    const directory = join(root, name);
    await writeBackup(directory, {
      records: Array.from({ length: RECORDS }, (_, n) => servedRecord(n)),
      sindexes: [{ ...sindex, indexType: 'N', dataType: 'N' }],
      udfs: [{ name: 'a.lua', content: Buffer.from('-- a') }],
      perFile: 200,
      ...contents,
    });
    server = await startServer(directory, options);
    client = await Aerospike.connect({ hosts: server.address, log: { level: Aerospike.log.OFF } });
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  it('says what it holds', async () => {
    expect(await client.infoAny('namespace/test')).toMatch(new RegExp(`objects=${RECORDS};`));
    expect(await client.infoAny('udf-list')).toMatch(/filename=a\.lua/);
  });

  it('gets records, selected bins and existence', async () => {
    const record = await client.get(new Key('test', 'demo', 42));
    expect(record.bins).toEqual({
      n: 42,
      t: 'text 42',
      d: 21,
      l: [1, 10],
      m: { a: 1 },
      g: '{"type":"Point","coordinates":[1,2]}',
    });
    expect(record.gen).toBe(3);
    expect((await client.select(new Key('test', 'demo', 3), ['t'])).bins).toEqual({ t: 'text 3' });
    expect(await client.exists(new Key('test', 'demo', RECORDS))).toBe(false);
    // Its void time has passed: a backup shows what there was.
    expect((await client.get(new Key('test', 'demo', 7))).bins.n).toBe(7);
  });

  it('reads batches', async () => {
    const keys = Array.from({ length: RECORDS + 1 }, (_, n) => new Key('test', 'demo', n));
    const read = await client.batchRead(keys.map((key) => ({ key, readAllBins: true })));
    expect(read.map(({ status }) => status)).toEqual([...keys.slice(1).map(() => 0), 2]);
    expect(read[17]!.record.bins.t).toBe('text 17');
  });

  it('scans, with filter expressions and by pages', async () => {
    expect(await client.query('test', 'demo').results()).toHaveLength(RECORDS);
    const policy = new Aerospike.QueryPolicy({ filterExpression: exp.lt(exp.binInt('n'), exp.int(10)) });
    expect(await client.query('test', 'demo').results(policy)).toHaveLength(10);
    const page = client.query('test', 'demo', { paginate: true, maxRecords: 130 });
    let total = 0;
    do total += (await page.results()).length;
    while (page.hasNextPage());
    expect(total).toBe(RECORDS);
  });

  it('answers index queries', async () => {
    const query = client.query('test', 'demo', { filters: [filter.range('n', 20, 29)] });
    const found = (await query.results()).map(({ bins }) => bins.n as number).sort((a, b) => a - b);
    expect(found).toEqual(Array.from({ length: 10 }, (_, i) => 20 + i));
  });

  it('can be backed up, with the same text of each record', async () => {
    const directory = join(root, `${name} again`);
    const [host, port] = server.address.split(':') as [string, string];
    const child = spawn(process.execPath, ['bin/asbackup', '-h', host, '-p', port, '-n', 'test', '-d', directory], {
      stdio: 'ignore',
    });
    expect(await once(child, 'exit')).toEqual([0, null]);
    const files = await findBackupFiles(directory, { codecs: await Codecs.open(), storages });
    const records = Array.from({ length: RECORDS }, (_, n) => servedRecord(n));
    expect((await readTexts(files)).sort()).toEqual(records.map(toText).sort());
  });

  it('refuses to change anything, with the code of what is forbidden', async () => {
    const key = new Key('test', 'demo', 1);
    await expect(client.put(key, { n: 2 })).rejects.toMatchObject({ code: 22 });
    await expect(client.put(new Key('test', 'demo', 'new'), { n: 2 })).rejects.toMatchObject({ code: 22 });
    await expect(client.remove(key)).rejects.toMatchObject({ code: 22 });
    await expect(client.operate(key, [Aerospike.operations.incr('n', 1)])).rejects.toMatchObject({ code: 22 });
    await expect(client.truncate('test', 'demo', 0)).rejects.toThrow();
    expect((await client.get(key)).bins.n).toBe(1);
  });
});

describe('serveBackup', () => {
  it('tells what it serves; a port that is taken is an error that says so', async () => {
    const files = await writeBackup(join(root, 'small'), { records: [plainRecord(1), plainRecord(1)] });
    const config = { host: '127.0.0.1', sets: [], signal: NEVER };
    const served = await serveBackup(files, { ...config, port: 0 });
    expect(served).toMatchObject({ namespaces: new Map([['test', 1]]), repeated: 1, skippedSindexes: 0 });
    await expect(serveBackup(files, { ...config, port: served.port })).rejects.toMatchObject({
      code: 'SERVE_LISTEN',
      message: `Cannot listen on 127.0.0.1:${served.port}: another program uses the port`,
    });
    await served.close();
  });
});
