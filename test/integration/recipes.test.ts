/** What the README tells people to type is typed here as it stands there, against the in-memory server. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Environment, s3Server, skipReason } from '../support/s3.js';
import { run, scratch, startServer } from '../support/target.js';

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
const codeOf = (title: RegExp): string => recipes.find((recipe) => title.test(recipe.title))!.code;

const s3 = s3Server();
const folder = scratch();
const home = join(folder.path, 'home');
const tools = join(folder.path, 'tools');
let server: Awaited<ReturnType<typeof startServer>>;
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
  await type('asrestore -i source.asb');
});

afterAll(async () => {
  await server.stop();
  folder.remove();
});

/** Types it into a shell; what it has said on standard error. Every line must succeed. */
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

async function recordsIn(namespace: string): Promise<number> {
  const args = ['-h', `${server.host}:${server.port}`, '-n', namespace, '-o', '-', '--no-config-file'];
  const { stderr } = await run('asbackup', args);
  return Number(/Backed up (\d+) record/.exec(stderr)?.[1]);
}

const files = (directory: string): string[] => readdirSync(join(folder.path, directory));

describe('the README', () => {
  it('has ten recipes, each with something to type', () => {
    const titles = new Set(recipes.map(({ title }) => title));
    expect([...titles].map((title) => Number.parseInt(title, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('shows the two commands', async () => {
    const block = blocks('The two commands').find(({ language }) => language === 'sh')!;
    expect(await type(block.code)).toContain(`inserted 0: failed ${RECORDS} (existed 0 , fresher ${RECORDS})`);
  });

  it('1: a nightly backup, as cron runs it', async () => {
    const line = codeOf(/Every night/).trim();
    const [, command = ''] = /^(?:\S+\s+){5}(.*)$/.exec(line) ?? [];
    await type(command, ['sh', '-c']);
    expect(readdirSync(join(home, 'backups')).filter((name) => /^test-\d{4}-/.test(name))).toHaveLength(1);
  });

  it.skipIf(s3 === undefined)(
    `2: to S3, compressed and encrypted${s3 === undefined ? ` (${skipReason})` : ''}`,
    async () => {
      const { endpoint, region, accessKeyId, secretAccessKey } = s3!;
      const client = new S3Client({
        endpoint,
        region,
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
        requestChecksumCalculation: 'WHEN_REQUIRED',
      });
      await client.send(new CreateBucketCommand({ Bucket: 'nightly' }));
      await type(codeOf(/encrypted/));
      const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: 'nightly', Prefix: 'test/' }));
      const [object] = Contents!;
      const { Body } = await client.send(new GetObjectCommand({ Bucket: 'nightly', Key: object!.Key! }));
      const file = await buffer(Body as Readable);
      client.destroy();
      expect(file.includes('example.com')).toBe(false);
      expect(file.length).toBeLessThan((RECORDS * PAYLOAD_BYTES) / 10);
    },
  );

  it('3: through ssh', async () => {
    await type(codeOf(/ssh/));
    expect(existsSync(join(folder.path, 'test.asb.zst'))).toBe(true);
  });

  it('4: a set into another namespace', async () => {
    expect(await recordsIn('restored')).toBe(0);
    await type(codeOf(/another namespace/));
    expect(await recordsIn('restored')).toBe(RECORDS);
  });

  it('5: what has changed since midnight', async () => {
    await type(codeOf(/since midnight/));
    expect(files('today')).toContain('test_00000.asb');
  });

  it('6: divided among machines, and all of it', async () => {
    const said = await type(codeOf(/several machines/));
    const counts = [...said.matchAll(/Backed up (\d+) record/g)].map(([, count]) => Number(count));
    expect(counts).toHaveLength(2);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(RECORDS);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it('7: an interrupted backup is finished', async () => {
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
    const said = await type(codeOf(/interrupted/));
    expect(said).toContain(`Backed up ${RECORDS} record(s)`);
    expect(existsSync(state)).toBe(false);
  });

  // These read what the one before has written.
  it('8: a check without a server', async () => {
    expect(await type(codeOf(/without a server/))).toContain(`${RECORDS} record(s)`);
  });

  it('9: some bins of one set', async () => {
    expect(await type(codeOf(/some bins/))).toContain(`skipped 0 : err_ignored 0 : inserted 0: failed ${RECORDS}`);
  });

  it('10: into a cluster that is at work', async () => {
    expect(await type(codeOf(/at work/))).toContain(`failed ${RECORDS} (existed ${RECORDS} , fresher 0)`);
  });
});
