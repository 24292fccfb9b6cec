/** What of S3 can be told without a server. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { proxyOf } from '../../../src/config/storage-config.js';
import { StorageError } from '../../../src/storage/errors.js';
import { canonicalPath, joinPath } from '../../../src/storage/paths.js';
import type { Caller, CallName, Calls } from '../../../src/storage/s3/api.js';
import { endpointUrl } from '../../../src/storage/s3/client.js';
import { explainFault, isTransient } from '../../../src/storage/s3/errors.js';
import { Semaphore } from '../../../src/core/semaphore.js';
import { concurrentUploads } from '../../../src/storage/limits.js';
import {
  basePartBytes,
  leastPartBytes,
  MAX_OBJECT_BYTES,
  MAX_PART_BYTES,
  MAX_PARTS,
  MIB,
  partBytes,
} from '../../../src/storage/object-store/part-size.js';
import { directoryPrefix, parseObjectPath, parseS3Path } from '../../../src/storage/s3/path.js';
import { proxyFor } from '../../../src/storage/s3/proxy.js';
import { withRetry } from '../../../src/core/retry.js';
import { S3Storage } from '../../../src/storage/s3/storage.js';
import { S3Source } from '../../../src/storage/s3/reader.js';
import { viewsOf } from '../../../src/storage/s3/part-buffer.js';

describe('paths', () => {
  it.each([
    ['s3://b/k', 'b', 'k'],
    ['S3://b/k//x/', 'b', 'k//x/'],
    ['s3://b/', 'b', ''],
    ['s3://b', 'b', ''],
    ['s3://b/ä b.asb', 'b', 'ä b.asb'],
  ])('%s', (path, bucket, key) => {
    expect(parseS3Path(path)).toEqual({ bucket, key });
  });

  it.each(['s3://', 's3:///k', 's3:/b/k'])('%s has no bucket', (path) => {
    expect(() => parseS3Path(path)).toThrow('s3://BUCKET/KEY');
  });

  it.each(['s3://b/', 's3://b/dir/'])('%s names no object', (path) => {
    expect(() => parseObjectPath(path)).toThrow('names no object');
  });

  it('of a directory end in one slash, whatever was typed', () => {
    expect(
      ['s3://b/d', 's3://b/d/', 's3://b/d//', 's3://b/', 's3://b'].map((path) => directoryPrefix(path).prefix),
    ).toEqual(['d/', 'd/', 'd/', '', '']);
    expect(joinPath('s3://b/d/', 'x.asb')).toBe('s3://b/d/x.asb');
    expect(joinPath('s3://b/', 'x.asb')).toBe('s3://b/x.asb');
    expect(joinPath('d/', 'x.asb')).toBe('d/x.asb');
    expect(canonicalPath('S3://b/d/')).toBe(canonicalPath('s3://b/d'));
  });
});

describe('the size of parts', () => {
  it.each([5, 7, 64, 5120])('from %i MiB on reaches 5 TiB within 10 000 parts, none larger than 5 GiB', (mib) => {
    let total = 0;
    for (let number = 1; number <= MAX_PARTS; number++) {
      const bytes = partBytes(number, mib * MIB);
      expect(bytes).toBeLessThanOrEqual(MAX_PART_BYTES);
      total += bytes;
    }
    expect(total).toBeGreaterThanOrEqual(MAX_OBJECT_BYTES);
  });

  it('reaches it also if a checkpoint cuts every part as short as it may', () => {
    let total = 0;
    for (let number = 1; number <= MAX_PARTS; number++) total += leastPartBytes(number);
    expect(total).toBeGreaterThanOrEqual(MAX_OBJECT_BYTES);
    expect(leastPartBytes(1)).toBe(5 * MIB);
  });

  it('begins with a ten-thousandth of what is expected, at least 5 MiB, or as told', () => {
    expect(basePartBytes('s3://b/k', 0)).toBe(5 * MIB);
    expect(basePartBytes('s3://b/k', (100 * 1024 * 1024 * MIB) / 1024)).toBe(11 * MIB);
    expect(basePartBytes('s3://b/k', 0, 8 * MIB)).toBe(8 * MIB);
    expect(() => basePartBytes('s3://b/k', MAX_OBJECT_BYTES + 1)).toThrow('give --directory');
  });
});

/** A store in memory that takes what a real one takes. */
class FakeStore implements Caller {
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, { key: string; parts: Map<number, Buffer> }>();
  readonly calls: CallName[] = [];
  private count = 0;

  async call<N extends CallName>(name: N, input: Calls[N]['in'], started?: () => void): Promise<Calls[N]['out']> {
    await Promise.resolve();
    this.calls.push(name);
    started?.();
    return (await this.answer(name, input as never)) as Calls[N]['out'];
  }

  private answer(name: CallName, input: Record<string, never>): unknown {
    const { key, uploadId, number, part, first, length, parts } = input as unknown as {
      key: string;
      uploadId: string;
      number: number;
      part: Calls['put']['in']['part'];
      first: number;
      length: number;
      parts: { number: number }[];
    };
    const upload = this.uploads.get(uploadId);
    switch (name) {
      case 'put':
        this.objects.set(key, Buffer.concat(viewsOf(part.blocks, part.length)));
        return { blocks: part.blocks };
      case 'createUpload': {
        const id = `u${this.count++}`;
        this.uploads.set(id, { key, parts: new Map() });
        return id;
      }
      case 'uploadPart':
        upload!.parts.set(number, Buffer.concat(viewsOf(part.blocks, part.length)));
        return { etag: `"${part.hash.slice(0, 8)}"`, blocks: part.blocks };
      case 'copyPart':
        upload!.parts.set(number, this.objects.get(key)!.subarray(first, first + length));
        return `"copy${number}"`;
      case 'listParts':
        return upload === undefined
          ? undefined
          : [...upload.parts].map(([n, bytes]) => ({
              number: n,
              etag: this.etagOf(bytes, n),
              sizeBytes: bytes.length,
            }));
      case 'complete':
        this.objects.set(key, Buffer.concat(parts.map((entry) => upload!.parts.get(entry.number)!)));
        this.uploads.delete(uploadId);
        return undefined;
      case 'abort':
        this.uploads.delete(uploadId);
        return undefined;
      case 'list':
        return [...this.objects].map(([found, bytes]) => ({ key: found, sizeBytes: bytes.length }));
      case 'listUploads':
        return [...this.uploads].map(([id, found]) => ({ key: found.key, uploadId: id }));
      case 'get': {
        const bytes = this.objects.get(key)!;
        const range = bytes.subarray(first, first + length);
        const memory = new ArrayBuffer(length);
        Buffer.from(memory).set(range);
        return { memory, length: range.length, totalBytes: bytes.length, etag: '"e"' };
      }
      default:
        throw new Error(name);
    }
  }

  private etagOf(bytes: Buffer, number: number): string {
    return this.copied.has(number) ? `"copy${number}"` : `"${hashOf(bytes)}"`;
  }

  readonly copied = new Set<number>();
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 8);

describe('writing', () => {
  const bytes = Buffer.alloc(23 * MIB + 17, 'some text that is not all the same, ');
  bytes.forEach((_, i) => {
    if (i % 4096 === 0) bytes.writeUInt32LE(i, i > bytes.length - 4 ? 0 : i);
  });
  const storage = (store: Caller): S3Storage => new S3Storage(store, {}, () => undefined);

  it('sends a small file as one request, and a large one in parts whose sum it is', async () => {
    const store = new FakeStore();
    for (const [key, end] of [
      ['small', 100],
      ['large', bytes.length],
    ] as const) {
      const sink = await storage(store).create(`s3://b/${key}`, 0);
      for (let at = 0; at < end; at += 700_001) await sink.write(bytes.subarray(at, Math.min(end, at + 700_001)));
      await sink.close();
      expect(store.objects.get(key)?.equals(bytes.subarray(0, end))).toBe(true);
    }
    expect(store.calls.filter((name) => name === 'put')).toHaveLength(1);
    expect(store.calls.filter((name) => name === 'uploadPart').length).toBeGreaterThan(3);
    expect(store.uploads.size).toBe(0);
  });

  it('says what is durable: nothing before there is a part, then everything', async () => {
    const store = new FakeStore();
    const sink = await storage(store).create('s3://b/k', 0);
    await sink.write(bytes.subarray(0, 4 * MIB));
    expect([await sink.sync(), sink.token]).toEqual([0, undefined]);
    await sink.write(bytes.subarray(4 * MIB, 7 * MIB + 3));
    expect(await sink.sync()).toBe(7 * MIB + 3);
    await sink.write(bytes.subarray(0, MIB));
    // Too little for a part of its own: what was durable before still is.
    expect(await sink.sync()).toBe(7 * MIB + 3);
    expect(sink.token).toBeDefined();
  });

  it('goes on where it was durable, whatever was uploaded after that', async () => {
    const store = new FakeStore();
    const sink = await storage(store).create('s3://b/k', 0);
    await sink.write(bytes.subarray(0, 6 * MIB + 5));
    const mark = { bytes: await sink.sync(), token: sink.token! };
    await sink.write(Buffer.alloc(12 * MIB, 'lost'));
    // The run dies; another begins.
    const next = storage(store);
    expect(await next.checkResumable('s3://b/k', mark)).toBeUndefined();
    const kept = await next.truncateTo('s3://b/k', mark);
    expect(kept).toEqual(mark);
    expect(await next.readHead('s3://b/k', mark)).toEqual(bytes.subarray(0, 16));
    const resumed = await next.resume('s3://b/k', mark);
    await resumed.write(bytes.subarray(mark.bytes));
    await resumed.close();
    expect(store.objects.get('k')?.equals(bytes)).toBe(true);
  });

  it('goes on also if the object was completed before that could be saved', async () => {
    const store = new FakeStore();
    const sink = await storage(store).create('s3://b/k', 0);
    await sink.write(bytes.subarray(0, 6 * MIB));
    const mark = { bytes: await sink.sync(), token: sink.token! };
    await sink.write(Buffer.alloc(MIB, 'again'));
    await sink.close();
    const next = storage(store);
    expect(await next.checkResumable('s3://b/k', mark)).toBeUndefined();
    store.copied.add(1);
    const kept = await next.truncateTo('s3://b/k', mark);
    const resumed = await next.resume('s3://b/k', kept!);
    await resumed.write(bytes.subarray(mark.bytes));
    await resumed.close();
    expect(store.objects.get('k')?.equals(bytes)).toBe(true);
  });

  it('does not go on with an upload that is gone or is another', async () => {
    const store = new FakeStore();
    const sink = await storage(store).create('s3://b/k', 0);
    await sink.write(bytes.subarray(0, 6 * MIB));
    const mark = { bytes: await sink.sync(), token: sink.token! };
    const other = { ...mark, token: mark.token.replace(/"etags":"../, '"etags":"zz') };
    expect(await storage(store).checkResumable('s3://b/k', other)).toContain('not those that were saved');
    store.uploads.clear();
    expect(await storage(store).checkResumable('s3://b/k', mark)).toContain('is gone');
    await expect(storage(store).checkResumable('s3://b/k', { bytes: 1, token: '{' })).rejects.toThrow('damaged');
  });

  it('aborts the upload of a file that cannot be continued, and keeps that of one that can', async () => {
    const store = new FakeStore();
    for (const isKept of [false, true]) {
      const sink = await storage(store).create(`s3://b/${isKept}`, 0);
      await sink.write(bytes);
      if (isKept) await sink.sync();
      await sink.abort();
    }
    expect([...store.uploads.values()].map(({ key }) => key)).toEqual(['true']);
  });
});

describe('reading', () => {
  it.each([0, 1, 5 * MIB, 5 * MIB + 1, 12 * MIB + 3])('%i bytes arrive in order', async (length) => {
    const store = new FakeStore();
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i += 1000) bytes[i] = i % 251;
    store.objects.set('k', bytes);
    const source = new S3Source('s3://b/k', store, { bucket: 'b', key: 'k' }, 3);
    const chunks: Buffer[] = [];
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read())
      chunks.push(Buffer.from(chunk));
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    await source.close();
    expect(await source.read()).toBeUndefined();
  });
});

describe('errors', () => {
  const place = { doing: 'write', path: 's3://b/k', host: 'h:1', region: 'eu-west-1' };
  const answer = (name: string, status: number, more = {}): unknown =>
    Object.assign(new Error('It says so.'), { name, $metadata: { httpStatusCode: status, requestId: 'r1' }, ...more });

  it.each<[unknown, string, RegExp]>([
    [answer('SignatureDoesNotMatch', 403), 'S3_WRONG_SECRET', /secret key does not belong/],
    [answer('InvalidAccessKeyId', 403), 'S3_CREDENTIALS', /does not know these credentials/],
    [answer('NoSuchBucket', 404), 'S3_NO_BUCKET', /there is no bucket b;/],
    [answer('AccessDenied', 403), 'S3_DENIED', /do not permit it/],
    [answer('NoSuchKey', 404), 'S3_NO_OBJECT', /no such object/],
    [answer('PreconditionFailed', 412), 'S3_CHANGED', /replaced while/],
    [answer('PermanentRedirect', 301), 'S3_REGION', /not in region eu-west-1/],
    [answer('AuthorizationHeaderMalformed', 400, { Region: 'us-east-2' }), 'S3_REGION', /--s3-region us-east-2/],
    [
      answer('NewFangledError', 418),
      'S3_FAILED',
      /h:1 answered NewFangledError \(status 418, request r1\): It says so$/,
    ],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'S3_UNREACHABLE', /h:1 cannot be reached/],
    [Object.assign(new Error('x'), { name: 'TimeoutError' }), 'S3_UNREACHABLE', /took too long/],
    [
      Object.assign(new Error('Could not load credentials from any providers'), { name: 'CredentialsProviderError' }),
      'S3_NO_CREDENTIALS',
      /AWS_ACCESS_KEY_ID/,
    ],
  ])('%s', (error, code, text) => {
    const fault = explainFault(error, place);
    expect(fault).toBeInstanceOf(StorageError);
    expect(fault.code).toBe(code);
    expect(fault.message).toMatch(text);
    expect(fault.message).toMatch(/^Cannot write s3:\/\/b\/k: [^\n]*[^.\n]$/);
  });

  it('are tried again only if that can help', () => {
    const passing = [answer('SlowDown', 503), answer('X', 500), answer('X', 429), { code: 'ECONNRESET' }];
    expect(passing.map(isTransient)).toEqual([true, true, true, true]);
    const lasting = [answer('AccessDenied', 403), answer('NoSuchKey', 404), answer('PreconditionFailed', 412)];
    expect(lasting.map(isTransient)).toEqual([false, false, false]);
  });

  it('are tried again until the budget is used up, anew after progress', async () => {
    let tries = 0;
    const rules = { isTransient: () => true, onRetry: () => undefined };
    const failing = (): Promise<never> => {
      tries++;
      return Promise.reject(new Error('no'));
    };
    await expect(withRetry({ ...rules, budgetMs: () => 200 }, failing)).rejects.toThrow('no');
    expect(tries).toBeGreaterThan(1);
    tries = 0;
    const advancing = (): boolean => tries < 4;
    await expect(withRetry({ ...rules, budgetMs: () => 99 }, failing, advancing)).rejects.toThrow('no');
    expect(tries).toBeGreaterThanOrEqual(4);
  });
});

describe('limits', () => {
  it('hold, and let the next one in when one is done, also after a failure', async () => {
    const limit = new Semaphore(() => 2);
    let running = 0;
    let most = 0;
    const work = async (i: number): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (i % 3 === 0) throw new Error('no');
    };
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => limit.run(() => work(i))));
    expect(most).toBe(2);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(7);
  });

  it('leave room for what threads gather, and always for one', () => {
    expect([
      concurrentUploads(16, 0),
      concurrentUploads(16, 2),
      concurrentUploads(16, 100),
      concurrentUploads(1, 4),
    ]).toEqual([16, 12, 8, 1]);
  });
});

describe('the way to the store', () => {
  it.each([
    ['h:1', 'http://h:1/'],
    ['https://h', 'https://h/'],
    ['HTTPS://h:4', 'https://h:4/'],
    ['ftp://h', 'http://h/'],
  ])('endpoint %s', (text, url) => {
    expect(endpointUrl(text).href).toBe(url);
  });
  it.each(['', 'h:x', 'http://user:secret@h'])('no endpoint: %s', (text) => {
    expect(() => endpointUrl(text)).toThrow(/^The value of --s3-endpoint-override is not an address/);
  });

  it('goes through the proxy of the environment but for the exceptions', () => {
    const proxy = proxyOf({ http_proxy: 'p:3', HTTPS_PROXY: 'http://q:4', NO_PROXY: 'a.b, .c.d,e:9' });
    const via = (text: string): string | undefined => {
      const { protocol, hostname, port } = new URL(text);
      return proxyFor(proxy, { protocol, hostname, port: Number(port || 80) })?.host;
    };
    expect(['http://x', 'https://x'].map(via)).toEqual(['p:3', 'q:4']);
    expect(['http://a.b', 'http://x.a.b', 'http://x.c.d', 'http://e:9'].map(via)).toEqual(Array(4).fill(undefined));
    expect(['http://aa.b', 'http://e:8'].map(via)).toEqual(['p:3', 'p:3']);
    const odd = { http: 'socks5://user:hidden@p', exceptions: [] };
    const ask = (): unknown => proxyFor(odd, { protocol: 'http:', hostname: 'x', port: 80 });
    expect(ask).toThrow(/http:\/\/HOST:PORT/);
    expect(ask).not.toThrow(/hidden/);
  });
});
