/** Executes the commands of the README as they are, against the in-memory node, and compares the restored records. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import Aerospike, { type Client } from 'aerospike';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PlainRecord } from '../support/asb.js';
import { s3Environment, s3Server, skipReason } from '../support/s3.js';
import { differences, readBackup, readRecords, run, scratch, startServer } from '../support/target.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const RECORDS = 300;
/** So that a backup with --nice 1 takes some seconds. */
const PAYLOAD_BYTES = 10_000;

interface Recipe {
  title: string;
  language: string;
  code: string;
}

/** Blocks of code below a heading, each with the last heading before it. */
function blocks(heading: string): Recipe[] {
  const from = README.indexOf(`\n## ${heading}\n`);
  expect(from, heading).toBeGreaterThan(0);
  const section = README.slice(from, README.indexOf('\n## ', from + 4));
  const found: Recipe[] = [];
  let title = heading;
  for (const [, sub, language, code] of section.matchAll(/^### ([^\n]*)$|^```(\w+)\n(.*?)^```$/gms)) {
    if (sub !== undefined) title = sub;
    else found.push({ title, language: language!, code: code! });
  }
  return found;
}

const recipes = blocks('Ten recipes');
const readCode = (title: RegExp): string => recipes.find((recipe) => title.test(recipe.title))!.code;

const s3 = s3Server();
const folder = scratch();
const home = join(folder.path, 'home');
const tools = join(folder.path, 'tools');
let server: Awaited<ReturnType<typeof startServer>>;
let client: Client;
let env: NodeJS.ProcessEnv;

function source(): string {
  const text = ['Version 3.1', '# namespace test', '# first-file'];
  for (let i = 0; i < RECORDS; i++) {
    const key = Buffer.alloc(9);
    key[0] = 1;
    key.writeBigInt64BE(BigInt(i), 1);
    const digest = createHash('ripemd160').update('users').update(key).digest('base64');
    text.push(`+ k I ${i}`, '+ n test', `+ d ${digest}`, '+ s users', '+ g 1', '+ t 0', '+ b 3');
    const email = `user${i}@example.com`;
    text.push(`- S name ${`user ${i}`.length} user ${i}`, `- S email ${email.length} ${email}`);
    text.push(`- S notes ${PAYLOAD_BYTES} ${'n'.repeat(PAYLOAD_BYTES)}`);
  }
  return `${text.join('\n')}\n`;
}

beforeAll(async () => {
  server = await startServer([]);
  mkdirSync(join(home, '.aerospike'), { recursive: true });
  // The recipes name no server, as the README says: the configuration file does.
  const config = [`[cluster]`, `host = "${server.host}:${server.port}"`];
  for (const tool of s3 === undefined ? [] : ['asbackup', 'asrestore']) {
    config.push(`[${tool}]`, `s3-endpoint-override = "${s3!.endpoint}"`);
  }
  writeFileSync(join(home, '.aerospike', 'astools.conf'), `${config.join('\n')}\n`);
  mkdirSync(tools);
  // As if the other machine were this one.
  writeFileSync(join(tools, 'ssh'), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
  const path = [tools, join(ROOT, 'bin'), join(ROOT, 'examples'), process.env.PATH].join(delimiter);
  env = { ...(s3 === undefined ? process.env : s3Environment(s3)), HOME: home, PATH: path };
  writeFileSync(join(folder.path, 'source.asb'), source());
  client = await Aerospike.connect({
    hosts: [{ addr: server.host, port: server.port }],
    log: { level: Aerospike.log.OFF },
  });
});

beforeEach(async () => {
  await empty('test');
  await type('asrestore -i source.asb');
});

afterAll(async () => {
  client.close();
  await server.stop();
  folder.remove();
});

/** Executes it in a shell and returns its standard error. Every line must succeed. */
async function type(code: string, shell: readonly [string, ...string[]] = ['bash', '-e', '-c']): Promise<string> {
  const [command, ...args] = shell;
  const child = spawn(command, [...args, code], { cwd: folder.path, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (exitCode) => resolve(exitCode));
  });
  expect(status, `${code}\n${stderr}`).toBe(0);
  return stderr;
}

/** The commands of a recipe up to its first restore, and the others. `set` lines are part of both. */
function split(code: string): [backup: string, restore: string] {
  const lines = code.trim().split('\n');
  const settings = lines.filter((line) => line.startsWith('set '));
  const first = lines.findIndex((line) => /(^|\| )asrestore /.test(line));
  return [lines.slice(0, first).join('\n'), [...settings, ...lines.slice(first)].join('\n')];
}

/** The backup of a recipe, a namespace that has lost everything, and the restore of the recipe. */
async function loseAndRestore(code: string): Promise<string> {
  const [backup, restore] = split(code);
  const log = await type(backup);
  await empty('test');
  return log + (await type(restore));
}

async function empty(namespace: string): Promise<void> {
  await client.infoAll(`truncate-namespace:namespace=${namespace}`);
  expect((await stored(namespace)).size).toBe(0);
}

/** The records of a namespace by digest. */
async function stored(namespace: string): Promise<Map<string, PlainRecord>> {
  const args = ['-h', `${server.host}:${server.port}`, '-n', namespace, '-o', '-', '--no-config-file'];
  const { code, stdout, stderr } = await run('asbackup', args);
  expect(code, stderr).toBe(0);
  return comparable(readRecords([stdout]));
}

/** A restored record begins with generation 1. */
function comparable(found: ReadonlyMap<string, PlainRecord>): Map<string, PlainRecord> {
  return new Map([...found].map(([digest, record]) => [digest, { ...record, namespace: '', generation: 0 }]));
}

const original = (): Map<string, PlainRecord> => comparable(readRecords([Buffer.from(source())]));
const key = (i: number): Aerospike.Key => new Aerospike.Key('test', 'users', i);
const files = (directory: string): string[] => readdirSync(join(folder.path, directory));

describe('the README', () => {
  it('has ten recipes, each with commands', () => {
    const titles = new Set(recipes.map(({ title }) => title));
    expect([...titles].map((title) => Number.parseInt(title, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('the two commands bring a lost namespace back', async () => {
    const block = blocks('The two commands').find(({ language }) => language === 'sh')!;
    await loseAndRestore(block.code);
    expect(differences(original(), await stored('test'))).toEqual([]);
  });

  it('recipe 1, run as cron runs it, leaves a backup that brings a lost namespace back', async () => {
    const line = readCode(/every night/).trim();
    const [, command = ''] = /^(?:\S+\s+){5}(.*)$/.exec(line) ?? [];
    await type(command, ['sh', '-c']);
    const kept = readdirSync(join(home, 'backups')).filter((name) => /^test-\d{4}-/.test(name));
    expect(kept).toHaveLength(1);
    await empty('test');
    await type(`asrestore -d "$HOME/backups/${kept[0]!}" -z zstd`);
    expect(differences(original(), await stored('test'))).toEqual([]);
  });

  it.skipIf(s3 === undefined)(
    `recipe 2 brings a lost namespace back from S3, and its object is encrypted${s3 === undefined ? ` (${skipReason})` : ''}`,
    async () => {
      const { endpoint, region, accessKeyId, secretAccessKey } = s3!;
      const s3Client = new S3Client({
        endpoint,
        region,
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
        requestChecksumCalculation: 'WHEN_REQUIRED',
      });
      await s3Client.send(new CreateBucketCommand({ Bucket: 'nightly' }));
      await loseAndRestore(readCode(/encrypted/));
      expect(differences(original(), await stored('test'))).toEqual([]);
      const { Contents } = await s3Client.send(new ListObjectsV2Command({ Bucket: 'nightly', Prefix: 'test/' }));
      const [object] = Contents!;
      const { Body } = await s3Client.send(new GetObjectCommand({ Bucket: 'nightly', Key: object!.Key! }));
      const file = await buffer(Body as Readable);
      s3Client.destroy();
      expect(file.includes('example.com')).toBe(false);
      expect(file.length).toBeLessThan((RECORDS * PAYLOAD_BYTES) / 10);
    },
  );

  it('recipe 3 brings a lost namespace back through ssh', async () => {
    await loseAndRestore(readCode(/ssh/));
    expect(existsSync(join(folder.path, 'test.asb.zst'))).toBe(true);
    expect(differences(original(), await stored('test'))).toEqual([]);
  });

  it('recipe 4 copies a set to another namespace, record by record', async () => {
    await empty('restored');
    await type(readCode(/another namespace/));
    expect(differences(original(), await stored('restored'))).toEqual([]);
  });

  it('recipe 5 restores records that were changed, created again or lost bins since the full backup', async () => {
    const [full = '', ...rest] = readCode(/since midnight/)
      .trim()
      .split('\n');
    await type(full);
    for (let i = 0; i < 10; i++) await client.remove(key(i));
    for (let i = 10; i < 30; i++) {
      // Its generation is not greater than that of the full backup.
      await client.remove(key(i));
      await client.put(key(i), { name: `created again ${i}` }, {}, policy());
    }
    for (let i = 30; i < 50; i++) await client.put(key(i), { name: `changed ${i}`, email: null });
    for (let i = RECORDS; i < RECORDS + 10; i++) await client.put(key(i), { name: `new ${i}` }, {}, policy());
    const expected = await stored('test');
    // A backup by date cannot know what was deleted.
    for (const [digest, record] of original()) if (!expected.has(digest)) expected.set(digest, record);
    expect(expected.size).toBe(RECORDS + 10);

    const [increment, restore] = split(rest.join('\n'));
    await type(increment);
    expect(files('today')).toContain('test_00000.asb');
    await empty('test');
    await type(restore);
    expect(differences(expected, await stored('test'))).toEqual([]);
  });

  it('recipe 6 backs every record up exactly once on two machines and restores all of them', async () => {
    const log = await loseAndRestore(readCode(/several machines/));
    const counts = [...log.matchAll(/Backed up (\d+) record/g)].map(([, count]) => Number(count));
    expect(counts).toHaveLength(2);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(RECORDS);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(differences(original(), await stored('test'))).toEqual([]);
  });

  it('recipe 7 finishes an interrupted backup, which then has every record once', async () => {
    const child = spawn('asbackup', ['-n', 'test', '-d', 'big', '--nice', '1'], {
      cwd: folder.path,
      env,
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => {
      child.on('close', (code) => resolve(code));
    });
    const state = join(folder.path, 'big', 'test.asb.state');
    while (!existsSync(state)) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    const log = await type(readCode(/interrupted/));
    expect(log).toContain(`Backed up ${RECORDS} record(s)`);
    expect(existsSync(state)).toBe(false);
    expect(differences(original(), comparable(readRecords(readBackup(join(folder.path, 'big')))))).toEqual([]);
  });

  // The following recipes read the backup of recipe 7.
  it('recipe 8 reports the number of records of a valid backup', async () => {
    expect(await type(readCode(/without a server/))).toContain(`${RECORDS} record(s)`);
  });

  it('recipe 9 restores the named bins and no others', async () => {
    await empty('test');
    await type(readCode(/some bins/));
    const expected = original();
    for (const record of expected.values()) {
      record.bins = record.bins.filter(({ name }) => ['name', 'email'].includes(name.toString()));
    }
    expect(differences(expected, await stored('test'))).toEqual([]);
  });

  it('recipe 10 leaves records that exist alone and restores those that do not', async () => {
    for (let i = 0; i < 10; i++) await client.remove(key(i));
    for (let i = 10; i < 20; i++) await client.put(key(i), { name: `newer ${i}` });
    const expected = await stored('test');
    for (const [digest, record] of original()) if (!expected.has(digest)) expected.set(digest, record);
    await type(readCode(/in production/));
    expect(differences(expected, await stored('test'))).toEqual([]);
  });
});

/** Stores the key with the record, as those of the source have it. */
function policy(): Aerospike.WritePolicy {
  return new Aerospike.WritePolicy({ key: Aerospike.policy.key.SEND });
}
