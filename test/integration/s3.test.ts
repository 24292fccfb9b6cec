/** Backups in an object store: a real one, over real sockets. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  CreateMultipartUploadCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  killS3Server,
  restartS3Server,
  s3Environment,
  s3Server,
  skipReason,
  startS3Server,
  stopS3Server,
  type S3Credentials,
  type S3Server,
} from '../support/s3.js';
import { differences, openTarget, readRecords, REAL_HOST, scratch, type Target } from '../support/target.js';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const KEY = fileURLToPath(new URL('../fixtures/backups/key.pem', import.meta.url));
const CRYPT = ['-z', 'zstd', '-y', 'aes256', '--encryption-key-file', KEY];
const MB = 1e6;
const RECORDS = 9400;
const BUCKET = `backups-${Date.now()}`;

const server = s3Server();

interface Child {
  code: number | null;
  stderr: string;
  /** The largest resident set, in bytes; 0 where the system does not tell. */
  peakBytes: number;
}

/** Runs a command against a store; `during` may do something to it, or to the store. */
async function run(
  tool: 'asbackup' | 'asrestore',
  args: string[],
  {
    at = server!,
    user,
    during,
  }: { at?: S3Server; user?: S3Credentials; during?: (kill: () => void, readLog: () => string) => Promise<void> } = {},
): Promise<Child> {
  const child = spawn(process.execPath, [join(BIN, tool), ...args, '--s3-endpoint-override', at.endpoint], {
    env: s3Environment(at, user),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let peakBytes = 0;
  const look = setInterval(() => {
    try {
      const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'));
      peakBytes = Math.max(peakBytes, Number(match?.[1] ?? 0) * 1024);
    } catch {
      // It has ended, or there is no such file on this system.
    }
  }, 20);
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  await during?.(
    () => child.kill('SIGKILL'),
    () => stderr,
  );
  const code = await exited;
  clearInterval(look);
  return { code, stderr, peakBytes };
}

async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > until) throw new Error(`never: ${what}`);
    await sleep(20);
  }
}

function createClient(at: S3Server): S3Client {
  return new S3Client({
    endpoint: at.endpoint,
    region: at.region,
    forcePathStyle: true,
    credentials: at,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

describe.skipIf(server === undefined)(
  `backups in S3${server === undefined ? ` (${skipReason})` : ''}`,
  { timeout: 180_000 },
  () => {
    let client: S3Client;
    let target: Target;
    const folder = scratch();
    /** Records in a quarter of the partitions. */
    let quarter = 0;
    const s3 = (key: string): string => `s3://${BUCKET}/${key}`;
    const backup = (...args: string[]): string[] => [...target.args, '-n', 'test', ...args];

    async function keys(prefix: string): Promise<{ key: string; bytes: number }[]> {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }));
      return Contents.map(({ Key = '', Size = 0 }) => ({ key: Key, bytes: Size }));
    }
    async function uploads(prefix: string, of = client): Promise<string[]> {
      const { Uploads = [] } = await of.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: prefix }));
      return Uploads.map(({ Key = '' }) => Key);
    }
    async function read(key: string, of = client): Promise<Buffer> {
      const { Body } = await of.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
      const chunks: Buffer[] = [];
      for await (const chunk of Body as Readable) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    }
    const put = (key: string, text = 'x'): Promise<unknown> =>
      client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: text }));

    /** Everything, once: counted by an empty namespace. */
    async function checkRestore(
      args: string[],
      options: Parameters<typeof run>[2] = {},
      count = RECORDS,
    ): Promise<Child> {
      await target.client.infoAll('truncate-namespace:namespace=restored');
      await sleep(5);
      const restored = await run('asrestore', [...target.args, '-n', 'test,restored', ...args], options);
      expect(restored.code, restored.stderr).toBe(0);
      expect(restored.stderr).toContain(`inserted ${count}: failed 0 (existed 0 , fresher 0)`);
      return restored;
    }

    beforeAll(async () => {
      client = createClient(server!);
      await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
      target = await openTarget();
      await target.empty();
      const lines = ['Version 3.1\n# namespace test\n# first-file\n* i test big idx N 1 n N\n'];
      for (let i = 0; i < RECORDS; i++) {
        const digest = createHash('sha1').update(String(i)).digest('base64');
        const text = randomBytes(24_000).toString('base64');
        lines.push(`+ n test\n+ d ${digest}\n+ s big\n+ g 1\n+ t 0\n+ b 2\n- I n ${i}\n- S s ${text.length} ${text}\n`);
      }
      const input = join(folder.path, 'input.asb');
      writeFileSync(input, lines.join(''));
      const restored = await run('asrestore', [...target.args, '-i', input]);
      expect(restored.code, restored.stderr).toBe(0);
      const counted = await run('asbackup', backup('-o', join(folder.path, 'quarter.asb'), '-X', '0-1024'));
      quarter = Number(/Backed up (\d+) record/.exec(counted.stderr)?.[1]);
      expect(quarter).toBeGreaterThan(RECORDS / 5);
    });
    afterAll(async () => {
      client.destroy();
      await target.close();
      folder.remove();
    });

    it('a directory of 300 MB: many parts and files, several workers, little memory', async () => {
      const written = await run('asbackup', backup('-d', s3('dir/'), '-w', '3', '-F', '50'));
      expect(written.code, written.stderr).toBe(0);
      const files = await keys('dir');
      expect(files.length).toBeGreaterThan(5);
      expect(files.every(({ key }) => /^dir\/test_\d{5}\.asb$/.test(key))).toBe(true);
      expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(300 * MB);
      expect(await uploads('dir')).toEqual([]);
      // Sixteen uploads of 5 MiB.
      expect(written.peakBytes).toBeLessThan(250 * MB + 16 * 5 * 1024 * 1024);
      const restored = await checkRestore(['-d', s3('dir'), '--s3-max-async-downloads', '8']);
      // Eight ranges of 5 MiB on their way, and as many with their readers.
      expect(restored.peakBytes).toBeLessThan(250 * MB + 2 * 8 * 5 * 1024 * 1024);
    });

    it('one file of 300 MB, and one that is compressed and encrypted', async () => {
      const plain = await run('asbackup', backup('-o', s3('one.asb'), '-w', '2'));
      expect(plain.code, plain.stderr).toBe(0);
      expect((await keys('one.asb'))[0]!.bytes).toBeGreaterThan(300 * MB);
      await checkRestore(['-i', s3('one.asb')]);
      const packed = await run('asbackup', backup('-o', s3('packed.asb'), '-w', '2', '-X', '0-1024', ...CRYPT));
      expect(packed.code, packed.stderr).toBe(0);
      const validated = await run('asrestore', [
        '-i',
        s3('packed.asb'),
        '--validate',
        ...CRYPT.slice(0, 2),
        ...CRYPT.slice(2),
      ]);
      expect(validated.code, validated.stderr).toBe(0);
      expect(validated.stderr).toContain(`${quarter} record(s)`);
    });

    it('the bytes of a local backup, also where a file is one request', async () => {
      for (const [range, most] of [
        ['0-2', 1 * MB],
        ['0-300', 40 * MB],
      ] as const) {
        const local = join(folder.path, `local-${range}.asb`);
        const stored = await run('asbackup', backup('-o', s3(`${range}.asb`), '-X', range));
        expect(stored.code, stored.stderr).toBe(0);
        expect((await run('asbackup', backup('-o', local, '-X', range))).code).toBe(0);
        const bytes = await read(`${range}.asb`);
        expect(bytes.length).toBeLessThan(most);
        const expected = readFileSync(local);
        expect(bytes.length).toBe(expected.length);
        expect(differences(readRecords([expected]), readRecords([bytes]))).toEqual([]);
        // A real server sends several partitions at a time, each time in another order.
        if (REAL_HOST === undefined) expect(bytes.equals(expected)).toBe(true);
      }
    });

    for (const [kind, flags] of [
      ['directory', []],
      ['file', []],
      ['directory', CRYPT],
      ['file', CRYPT],
    ] as const) {
      it(`${kind}${flags.length > 0 ? ', compressed and encrypted' : ''}: killed without warning, then continued with its state on S3`, async () => {
        const name = `killed-${kind}-${flags.length}`;
        const path = kind === 'directory' ? s3(name) : s3(`${name}.asb`);
        const state = `${name}.state`;
        const args = backup(kind === 'directory' ? '-d' : '-o', path, ...flags, '-w', '2', '-X', '0-1024');
        args.push('--checkpoint-interval', '1', '--state-file-dst', s3(state));
        // Slow enough to be hit behind a checkpoint that has made something durable.
        const slow = ['--nice', '12'];
        const killed = await run('asbackup', [...args, ...slow], {
          during: async (kill) => {
            await eventually('a checkpoint with parts', async () =>
              (await read(state).catch(() => Buffer.alloc(0))).includes('"token"'),
            );
            kill();
          },
        });
        expect(killed.code).toBe(null);
        expect(await uploads(name)).not.toEqual([]);
        const saved = JSON.parse((await read(state)).toString()) as { counters: { records: number } };
        expect(saved.counters.records).toBeGreaterThan(0);

        const continued = await run('asbackup', [...args, '--continue', s3(state)]);
        expect(continued.code, continued.stderr).toBe(0);
        expect(continued.stderr).toContain(`Continuing the backup of ${saved.counters.records} record(s) so far`);
        expect(continued.stderr).toContain(`Backed up ${quarter} record(s), 1 secondary index(es)`);
        expect(await uploads(name)).toEqual([]);
        expect(await keys(state)).toEqual([]);
        await checkRestore([kind === 'directory' ? '-d' : '-i', path, ...flags], {}, quarter);
      });
    }

    it('a run that is stopped before anything is durable leaves nothing behind but how to begin again', async () => {
      const args = backup('-o', s3('early.asb'), '--state-file-dst', s3('early.state'), '--nice', '1');
      const child = spawn(
        process.execPath,
        [join(BIN, 'asbackup'), ...args, '--s3-endpoint-override', server!.endpoint],
        {
          env: s3Environment(server!),
          stdio: 'ignore',
        },
      );
      const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
      await eventually('the state', async () => (await keys('early.state')).length > 0);
      await sleep(500);
      child.kill('SIGTERM');
      expect(await exited).toBe(1);
      expect(await uploads('early')).toEqual([]);
      expect((await keys('early')).map(({ key }) => key)).toEqual(['early.state']);
    });

    it('more objects than a page of a list has are listed, and only those of the directory deleted', async () => {
      // The server gives a hundred at a time (scripts/s3-server.py).
      const names = Array.from({ length: 205 }, (_, i) => `many/old_${String(i).padStart(5, '0')}.asb`);
      for (let i = 0; i < names.length; i += 20) await Promise.all(names.slice(i, i + 20).map((name) => put(name)));
      for (const key of ['many2/old_00000.asb', 'many/sub/old_00000.asb', 'many/note.txt']) await put(key);
      await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: 'many/old_99999.asb' }));
      await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: 'many2/old_99999.asb' }));
      const looked = await run('asrestore', ['-d', s3('many'), '--validate']);
      expect(looked.stderr).toContain(`Found ${names.length} backup file(s) in ${s3('many')}`);
      expect(looked.stderr).toContain('its upload was left unfinished');
      const refused = await run('asbackup', backup('-d', s3('many')));
      expect(refused.stderr).toContain('already holds backup files');
      const removed = await run('asbackup', ['--remove-artifacts', '-d', s3('many')]);
      expect(removed.code, removed.stderr).toBe(0);
      expect((await keys('many')).map(({ key }) => key)).toEqual([
        'many/note.txt',
        'many/sub/old_00000.asb',
        'many2/old_00000.asb',
      ]);
      expect(await uploads('many')).toEqual(['many2/old_99999.asb']);
    });

    it('an object that is replaced while it is read is noticed', async () => {
      await put('changing.asb', (await read('0-300.asb')).toString('latin1'));
      const restored = await run(
        'asrestore',
        [
          ...target.args,
          '-n',
          'test,restored',
          '-i',
          s3('changing.asb'),
          '--nice',
          '3,999999999',
          '--s3-max-async-downloads',
          '1',
        ],
        {
          during: async (_kill, readLog) => {
            await eventually('a record', () => / [1-9][0-9]* record\(s\)/.test(readLog()));
            await put('changing.asb', 'y'.repeat(20 * MB));
          },
        },
      );
      expect(restored.code).toBe(1);
      expect(restored.stderr).toContain('the object was replaced while it was being read');
    });

    describe('a wrong setting is one error line without a secret', () => {
      const free = 'http://127.0.0.1:1';
      const elsewhere = (): S3Server => ({ ...server!, endpoint: free });
      it.each<[string, string[], Parameters<typeof run>[2], RegExp]>([
        [
          'a wrong secret',
          [],
          { user: { accessKeyId: server?.accessKeyId ?? '', secretAccessKey: 'wrong-Secret' } },
          /the secret key does not belong to the access key/,
        ],
        [
          'no permission',
          [],
          server === undefined ? {} : { user: server.other },
          /the credentials do not permit it \(AccessDenied\)/,
        ],
        ['a wrong region', ['--s3-region', 'eu-north-7'], {}, /the bucket is in region .* --s3-region/],
        ['an unreachable endpoint', [], { at: elsewhere() }, /127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/],
        ['no such profile', ['--s3-profile', 'nobody'], {}, /the profile nobody gives no credentials.* --s3-profile/],
      ])('%s', async (_, args, options, message) => {
        const { code, stderr } = await run('asbackup', backup('-d', s3('wrong'), ...args), options);
        expect(code).toBe(1);
        expect(stderr).toMatch(message);
        expect(stderr.match(/\[ERR\]/g)).toHaveLength(1);
        expect(stderr).not.toContain('wrong-Secret');
        expect(stderr).not.toContain(
          server!.secretAccessKey === 'testing' ? 'secret testing' : server!.secretAccessKey,
        );
      });

      it('a missing bucket, and a missing object', async () => {
        const bucket = await run('asbackup', backup('-d', `s3://${BUCKET}-none/x`));
        expect(bucket.stderr).toContain(`there is no bucket ${BUCKET}-none`);
        const object = await run('asrestore', ['-i', s3('none.asb'), '--validate']);
        expect(object.stderr).toContain(`Cannot read ${s3('none.asb')}: there is no such object`);
        expect([bucket.code, object.code]).toEqual([1, 1]);
      });
    });

    describe('a store that is killed and comes back', () => {
      let own: S3Server;
      beforeAll(async () => {
        own = await startS3Server();
        const ownClient = createClient(own);
        await ownClient.send(new CreateBucketCommand({ Bucket: BUCKET }));
        ownClient.destroy();
      });
      afterAll(() => stopS3Server(own));

      it('in the middle of uploads and of downloads: neither notices but for the time', async () => {
        const outage = async (_kill: () => void, readLog: () => string): Promise<void> => {
          await eventually('records', () => /Starting backup for|Restoring records/.test(readLog()));
          await killS3Server(own);
          await restartS3Server(own);
        };
        const written = await run(
          'asbackup',
          backup('-d', s3('outage'), '-w', '2', '--nice', '60', '--s3-log-level', 'Warn'),
          {
            at: own,
            during: outage,
          },
        );
        expect(written.code, written.stderr).toBe(0);
        expect(written.stderr).toMatch(/; trying again \(\d+\)/);
        await checkRestore(['-d', s3('outage'), '--nice', '60,999999999'], { at: own, during: outage });
      });
    });

    it('the state lies in the working directory unless told otherwise, and is gone in the end', async () => {
      const { code, stderr } = await run('asbackup', backup('-d', s3('plain'), '-X', '0-2', '-q', 'state-place'));
      expect(code, stderr).toBe(0);
      expect(existsSync('state-place.asb.state')).toBe(false);
    });
  },
);
