/** The library as others use it: its documentation's examples, every way in and out, and what it must never do. */
import { execFile, spawn } from 'node:child_process';
import { createReadStream, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  backup,
  BackupError,
  FormatError,
  OptionError,
  readBackup,
  restore,
  RestoreError,
  type BackupEntry,
  type BackupValue,
  type LogEntry,
  type ProgressEvent,
} from '../../dist/index.js';
import { hashPassword } from '../../src/aerospike/protocol/credential.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { UserDirectory } from '../../src/node/security.js';
import { Particle } from '../../src/core/particle.js';
import { decode, records } from '../support/asb.js';
import { fill } from '../support/backup.js';
import { scratch } from '../support/target.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GOLDEN = join(ROOT, 'test/fixtures/backups');
const RECORDS = 300;

const folder = scratch();
let cluster: InMemoryCluster;
let hosts = '';

beforeAll(async () => {
  cluster = await InMemoryCluster.start();
  fill(cluster, RECORDS, 'users');
  const { host, port } = cluster.nodes[0]!;
  hosts = `${host}:${port}`;
  mkdirSync(join(folder.path, 'node_modules'));
  symlinkSync(ROOT, join(folder.path, 'node_modules/asbackup'));
});
afterAll(async () => {
  await cluster.stop();
  folder.remove();
});

const at = (name: string): string => join(folder.path, name);

/** The examples of docs/guide/library.md by name. */
function examples(): Map<string, string> {
  const text = readFileSync(join(ROOT, 'docs/guide/library.md'), 'utf8');
  return new Map(
    [...text.matchAll(/<!-- example: (\w+) -->\n\n```ts\n([\s\S]*?)```/g)].map(([, n, code]) => [n!, code!]),
  );
}

function node(file: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    child.stderr.on('data', (text: Buffer) => (output += text.toString()));
    child.on('close', (code) => resolve({ code, output }));
  });
}

describe('the documentation', () => {
  it('has examples that compile against the types of the package, which also refuse what is wrong', async () => {
    expect([...examples().keys()]).toEqual(['backup', 'restore', 'read', 'catalog']);
    const files = [...examples()].map(([name, code]) => [`${name}.mts`, code] as const);
    const wrong = [
      "import { backup, readBackup, restore } from 'asbackup';",
      '// @ts-expect-error a misspelt setting',
      "void backup({ namespace: 'test', directory: 'd', compres: 'zstd' });",
      '// @ts-expect-error no namespace',
      "void backup({ directory: 'd' });",
      '// @ts-expect-error a number is needed',
      "void restore({ directory: 'd', parallel: '4' });",
      "for await (const entry of readBackup('d')) {",
      '  // @ts-expect-error only records have bins',
      '  void entry.bins;',
      "  if (entry.kind === 'record') for (const bin of entry.bins) if (bin.type === 'integer') bin.value satisfies bigint;",
      '}',
    ];
    for (const [name, code] of [...files, ['wrong.mts', wrong.join('\n')] as const]) writeFileSync(at(name), code);
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const flags =
      '--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2023 --types node --typeRoots';
    const args = [tsc, ...flags.split(' '), join(ROOT, 'node_modules/@types')];
    const names = [...files.map(([name]) => name), 'wrong.mts'];
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, [...args, ...names], { cwd: folder.path }, (_error, stdout) => resolve(stdout));
    });
    expect(output).toBe('');
  });

  it('has examples that run, and whose processes end by themselves', async () => {
    const [host, port] = hosts.split(':');
    const ran: string[] = [];
    for (const [name, code] of examples()) {
      const adapted = code
        .replaceAll('localhost:3000', hosts)
        .replace("host: 'localhost', port: 3000", `host: '${host!}', port: ${port!}`);
      writeFileSync(at(`${name}.mjs`), adapted);
      const { code: exit, output } = await node(at(`${name}.mjs`));
      expect(exit, output).toBe(0);
      ran.push(output);
    }
    expect(ran[0]).toMatch(/^(?:\d+ %, \d+\/s\n)*100 %, \d+\/s\n300 records, \d+ bytes in \d file\(s\)\n$/);
    expect(ran[1]).toBe('300 written, 0 were there already\n');
    expect(ran[2]).toBe('the integers add up to 0\n');
    const whole = `test: ${RECORDS}, restored: ${RECORDS}`;
    // How much was changed in the last ten seconds depends on the speed of the machine.
    expect(ran[3]).toMatch(
      new RegExp(`^full COMPLETED ${whole}\nincremental COMPLETED test: \\d+, restored: \\d+\nsound\n$`),
    );
    expect(cluster.store('restored').objects).toBe(RECORDS);
  });

  it('is true about CommonJS', async () => {
    writeFileSync(
      at('caller.cjs'),
      "import('asbackup').then((library) => console.log(Object.keys(library).sort().join()));",
    );
    const { output } = await node(at('caller.cjs'));
    const errors = ['BackupError', 'CatalogError', 'FormatError', 'OptionError', 'RestoreError', 'ToolError'];
    const functions = [
      ...['backup', 'createBackup', 'diffBackups', 'diffWithCluster', 'exportBackup', 'listBackups', 'mergeBackups'],
      ...[
        'readBackup',
        'restore',
        'restoreBackup',
        'serveBackup',
        'showBackup',
        'verifyAgainstCluster',
        'verifyBackup',
      ],
    ];
    expect(output.trim().split(',')).toEqual([...errors, ...functions]);
  });
});

describe('a backup', () => {
  it('goes to a stream, compressed and encrypted, and comes back from one', async () => {
    const encrypt = { mode: 'aes256', keyPem: readFileSync(join(GOLDEN, 'key.pem'), 'utf8') } as const;
    const stream = new PassThrough();
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const result = await backup({ hosts, namespace: 'test', stream, compress: 'zstd', encrypt, parallel: 2 });
    expect(result).toMatchObject({ records: RECORDS, files: [] });
    const stored = Buffer.concat(chunks);
    expect(stored.length).toBe(result.bytes);
    expect(result.textBytes).toBeGreaterThan(result.bytes * 2);
    const pieces = Array.from({ length: Math.ceil(stored.length / 999) }, (_, i) =>
      stored.subarray(i * 999, i * 999 + 999),
    );
    const restored = await restore({
      hosts,
      namespace: { from: 'test', to: 'restored' },
      stream: Readable.from(pieces),
      compress: 'zstd',
      encrypt,
      noGeneration: true,
    });
    expect(restored.inserted).toBe(RECORDS);
    let seen = 0;
    for await (const entry of readBackup({ stream: Readable.from(pieces), compress: 'zstd', encrypt })) {
      if (entry.kind === 'record') seen++;
    }
    expect(seen).toBe(RECORDS);
  });

  it('tells what it does, with numbers, and how far it is', async () => {
    const entries: LogEntry[] = [];
    const progress: ProgressEvent[] = [];
    await backup({
      hosts,
      namespace: 'test',
      file: at('told.asb'),
      log: (entry) => entries.push(entry),
      onProgress: (event) => progress.push(event),
    });
    expect(progress.at(-1)).toMatchObject({ percent: 100, records: RECORDS });
    const summary = entries.find(({ event }) => event === 'backup.summary');
    expect(summary).toMatchObject({ level: 'info', fields: { records: RECORDS, sindexes: 0, udfs: 0 } });
    expect(entries.some(({ level, event }) => level === 'debug' && event === 'worker.done')).toBe(true);
  });

  it('stops when its signal says so, and resumes', async () => {
    const stop = new AbortController();
    const running = backup({
      hosts,
      namespace: 'test',
      directory: at('stopped'),
      recordsPerSecond: 50,
      signal: stop.signal,
      log: ({ event }) => event === 'job.start' && stop.abort(),
    });
    const error: unknown = await running.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BackupError);
    expect(error).toMatchObject({ code: 'STOPPED' });
    const continueFrom = at('stopped/test.asb.state');
    const result = await backup({ hosts, namespace: 'test', directory: at('stopped'), continueFrom });
    expect(result.records).toBe(RECORDS);
    const files = readdirSync(at('stopped')).filter((name) => name.endsWith('.asb'));
    expect(result.files.toSorted()).toEqual(files.map((name) => at(`stopped/${name}`)).sort());
    await expect(backup({ hosts, namespace: 'test', file: at('x'), signal: stop.signal })).rejects.toBe(
      stop.signal.reason,
    );
  });

  it('rejects with what a function of its caller has thrown', async () => {
    const thrown = new Error('the caller is broken');
    const log = (): never => {
      throw thrown;
    };
    await expect(backup({ hosts, namespace: 'test', file: at('thrown.asb'), log })).rejects.toBe(thrown);
  });

  it('does not wait for a stream that nobody reads once it is to stop', async () => {
    const stop = new AbortController();
    const stream = new PassThrough({ highWaterMark: 1 });
    // The first of them comes after a second, with everything read that the queues hold.
    const onProgress = (): void => stop.abort();
    const running = backup({ hosts, namespace: 'test', stream, signal: stop.signal, onProgress });
    await expect(running).rejects.toMatchObject({ code: 'STOPPED' });
    expect(stream.destroyed).toBe(true);
  });

  it('rejects when its stream breaks', async () => {
    const stream = new PassThrough();
    stream.destroy(new Error('the other side hung up'));
    const running = backup({ hosts, namespace: 'test', stream });
    await expect(running).rejects.toThrow(/Cannot write to \[stream\]: the other side hung up/);
  });
});

describe('settings', () => {
  const base = { namespace: 'test', hosts: '127.0.0.1:1' };
  it.each([
    [{ ...base }, 'No output specified. Use directory, file or stream'],
    [{ ...base, directory: 'd', file: 'f' }, 'Only one of directory and file can be given'],
    [{ ...base, directory: 'd', compres: 'zstd' }, 'There is no setting "compres"; did you mean "compress"?'],
    [
      { ...base, directory: 'd', parallel: 101 },
      'Invalid value 101 for parallel: expected a whole number from 1 to 100',
    ],
    [
      { ...base, directory: 'd', parallel: '4' },
      'Invalid value "4" for parallel: expected a whole number from 1 to 100',
    ],
    [{ ...base, directory: 'd', compressionLevel: 3 }, 'compressionLevel needs compress'],
    [{ ...base, directory: 'd', encrypt: { mode: 'aes128' } }, /encrypt\.mode.*encrypt\.keyFile/],
    [
      { ...base, directory: 'd', partitions: '0-10', afterDigest: Buffer.alloc(20) },
      'partitions and afterDigest exclude each other',
    ],
    [{ ...base, directory: 'd', auth: { user: 'u' } }, 'There is no password: give auth.password with auth.user'],
    [{ ...base, directory: 'd', tls: {} }, /^tls needs certificates to trust: give tls\.caFile or tls\.caPath/],
    [{ ...base, directory: 'd', modifiedAfter: new Date(NaN) }, /modifiedAfter: expected a date/],
  ])('%o', async (settings, message) => {
    const error: unknown = await backup(settings as Parameters<typeof backup>[0]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OptionError);
    if (typeof message === 'string') expect((error as Error).message).toBe(message);
    else expect((error as Error).message).toMatch(message);
  });

  it('that a restore cannot follow', async () => {
    await expect(restore({ hosts })).rejects.toThrow('No input specified. Use directory, directories, file or stream');
    await expect(restore({ hosts, file: 'f', unique: true, replace: true })).rejects.toThrow(
      'unique and replace exclude each other',
    );
  });

  it('take a password for what it is, whatever it begins with', async () => {
    const secured = await InMemoryCluster.start({
      security: new UserDirectory({ users: [{ name: 'u', credential: await hashPassword('env:HOME') }] }),
    });
    const { host, port } = secured.nodes[0]!;
    try {
      const run = (password: string) =>
        backup({
          hosts: [{ host, port }],
          namespace: 'test',
          stream: new PassThrough().resume(),
          auth: { user: 'u', password },
        });
      expect(await run('env:HOME')).toMatchObject({ records: 0 });
      await expect(run('other')).rejects.toMatchObject({ code: 'LOGIN_REFUSED' });
    } finally {
      await secured.stop();
    }
  });
});

/** What a value is in the file, made of what the library shows of it. */
function readBytes(value: BackupValue): [number, string] {
  const hex = (bytes: Buffer): string => bytes.toString('hex');
  switch (value.type) {
    case 'null':
      return [Particle.NULL, ''];
    case 'bool':
      return [Particle.BOOL, value.value ? '01' : '00'];
    case 'integer': {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(value.value);
      return [Particle.INTEGER, hex(bytes)];
    }
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value.value);
      expect(Number.isNaN(value.value) || bytes.equals(value.bytes)).toBe(true);
      return [Particle.FLOAT, hex(value.bytes)];
    }
    default: {
      const name = value.type.toUpperCase() as keyof typeof Particle;
      return [Particle[name], hex(value.bytes)];
    }
  }
}

async function all(entries: AsyncIterable<BackupEntry>): Promise<BackupEntry[]> {
  const found: BackupEntry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

describe('readBackup', () => {
  it('gives every byte of every value, and indexes and UDF modules', async () => {
    const path = join(GOLDEN, 'corpus.asb');
    const entries = await all(readBackup(path));
    const expected = records(decode(readFileSync(path)));
    const shown = entries.filter((entry) => entry.kind === 'record');
    expect(shown).toHaveLength(expected.length);
    for (const [i, record] of shown.entries()) {
      const plain = expected[i]!;
      expect(record.digest).toEqual(plain.digest);
      expect(record.set ?? '').toBe(plain.set.toString());
      expect([record.generation, record.voidTime]).toEqual([plain.generation, plain.voidTime]);
      expect(record.expiresAt === undefined).toBe(plain.voidTime === 0);
      expect(record.bins.map((bin) => [bin.name, ...readBytes(bin)])).toEqual(
        plain.bins.map(({ name, particle, value }) => [name.toString(), particle, value.toString('hex')]),
      );
      if (plain.keyType === 0) expect(record.key).toBeUndefined();
      else expect(readBytes(record.key!)).toEqual([plain.keyType, plain.key.toString('hex')]);
    }
    const kinds = new Set(shown.flatMap(({ bins }) => bins.map(({ type }) => type)));
    for (const kind of ['integer', 'double', 'string', 'geojson', 'list', 'map', 'blob', 'bool'] as const) {
      expect(kinds).toContain(kind);
    }
    expect(entries.filter(({ kind }) => kind === 'index').length).toBeGreaterThan(0);
    expect(entries.filter(({ kind }) => kind === 'udf').length).toBeGreaterThan(0);
  });

  it.each([
    ['parallel4', {}],
    ['zstd-aes256', { compress: 'zstd', encrypt: { mode: 'aes256', keyFile: join(GOLDEN, 'key.pem') } }],
    ['compact', { bins: ['id'] }],
  ] as const)('reads the directory %s', async (name, settings) => {
    const entries = await all(readBackup({ directory: join(GOLDEN, name), ...settings }));
    expect(entries.filter(({ kind }) => kind === 'record')).toHaveLength(200);
    if ('bins' in settings) {
      for (const entry of entries) if (entry.kind === 'record') expect(entry.bins.length).toBeLessThan(2);
    }
  });

  it('tells the place of a fault, after everything in front of it, and what is missing', async () => {
    const text = readFileSync(join(GOLDEN, 'file.asb'));
    writeFileSync(at('cut.asb'), text.subarray(0, -9));
    let seen = 0;
    const reading = async (): Promise<void> => {
      for await (const entry of readBackup(at('cut.asb'))) seen += entry.file === at('cut.asb') ? 1 : 0;
    };
    await expect(reading()).rejects.toBeInstanceOf(FormatError);
    expect(seen).toBeGreaterThan(200);
    mkdirSync(at('part'));
    writeFileSync(at('part/test_00001.asb'), readFileSync(join(GOLDEN, 'parallel4/test_00001.asb')));
    const told: LogEntry[] = [];
    await all(readBackup({ path: at('part'), log: (entry) => told.push(entry) }));
    expect(told.some(({ level, event }) => level === 'warn' && event === 'input.missing')).toBe(true);
    await expect(all(readBackup(at('nowhere')))).rejects.toMatchObject({ code: 'IO_ENOENT' });
    await expect(all(readBackup({ path: at('cut.asb'), compress: 'zstd' }))).rejects.toThrow(/not compressed/);
  });

  it('can be left early, and stopped', async () => {
    const stream = createReadStream(join(GOLDEN, 'file.asb'), { highWaterMark: 1000 });
    for await (const entry of readBackup({ stream })) if (entry.kind === 'record') break;
    expect(stream.destroyed).toBe(true);
    const stop = new AbortController();
    const reading = async (): Promise<void> => {
      for await (const entry of readBackup({ path: join(GOLDEN, 'file.asb'), signal: stop.signal })) {
        if (entry.kind === 'record') stop.abort();
      }
    };
    await reading().catch((error: unknown) => expect(error).toBe(stop.signal.reason));
  });
});

describe('a restore', () => {
  it('holds its counters when it fails', async () => {
    writeFileSync(at('bad.asb'), readFileSync(join(GOLDEN, 'file.asb')).subarray(0, 5000));
    const error: unknown = await restore({ hosts, file: at('bad.asb') }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RestoreError);
    expect((error as RestoreError).failures[0]).toBeInstanceOf(FormatError);
    expect((error as RestoreError).message).toMatch(/ The first fault: .*bad\.asb:\d+:\d+ /);
  });

  it('rejects when its stream breaks', async () => {
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('Version 3.1\n# namespace test\n');
      await Promise.resolve();
      throw new Error('the other side hung up');
    };
    await expect(restore({ hosts, stream: broken() })).rejects.toThrow(
      /Cannot read \[stream\]: the other side hung up\./,
    );
  });
});
