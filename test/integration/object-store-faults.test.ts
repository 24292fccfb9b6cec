/** Faults between the tools and every object store: the same proxy in front of each. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StorageRegistry } from '../../src/storage/registry.js';
import type { Storage } from '../../src/storage/storage.js';
import { FaultProxy, type Fault } from '../support/fault-proxy.js';
import { readAll, STORES, type StoreUnderTest } from '../support/object-stores.js';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const MIB = 1024 * 1024;
const BYTES = randomBytes(11 * MIB + 5);

const remote = STORES.filter(({ name }) => name !== 'local files');

describe.each(remote.map((kind) => [kind.name, kind] as const))('faults in front of %s', (_name, kind) => {
  describe.skipIf(kind.skip !== undefined)(kind.skip ?? 'a server', { timeout: 120_000 }, () => {
    let store: StoreUnderTest;
    let proxy: FaultProxy;
    let registry: StorageRegistry;
    let storage: Storage;
    let origin = '';
    let count = 0;
    beforeAll(async () => {
      store = await kind.open();
      proxy = new FaultProxy(new URL(store.origin!));
      origin = await proxy.listen();
      registry = new StorageRegistry({ settings: store.settings(origin) });
      storage = await registry.forPath(`${store.root}/`);
      // The first contact is not what is tested here.
      await storage.list(store.root);
    });
    afterEach(() => {
      proxy.faults = [];
    });
    afterAll(async () => {
      await registry.close();
      await proxy.close();
      await store.close();
    });

    const newPath = (): string => `${store.root}/f${count++}.asb`;
    const write = async (path: string): Promise<void> => {
      const sink = await storage.create(path, 0);
      for (let at = 0; at < BYTES.length; at += MIB) await sink.write(BYTES.subarray(at, at + MIB));
      await sink.close();
    };
    const isPart: Fault['matches'] = ({ method, url }) => method === 'PUT' && /partNumber=|comp=block(&|$)/i.test(url);
    const isDownload: Fault['matches'] = ({ method, url }) => method === 'GET' && /\.asb(\?|$)/.test(url);

    it.each<[string, Fault['kind']]>([
      ['429', { answer: 429 }],
      ['500', { answer: 500 }],
      ['503', { answer: 503 }],
      ['a connection that breaks in the middle', { cutRequestAt: 3 * MIB }],
      ['a changed bit', { flipBit: true }],
      ['an answer that is lost', { loseAnswer: true }],
    ])('a part meets %s: it is sent again', async (_what, fault) => {
      const path = newPath();
      proxy.faults = [{ matches: isPart, times: 2, kind: fault }];
      await write(path);
      expect(proxy.faults[0]!.times).toBe(0);
      expect((await readAll(await storage.open(path))).equals(BYTES)).toBe(true);
    });

    it('the answer to the completion is lost: the object counts as complete', async () => {
      const path = newPath();
      const isCompletion: Fault['matches'] = ({ method, url }) =>
        (method === 'POST' && url.includes('uploadId=')) || (method === 'PUT' && /comp=blocklist/i.test(url));
      proxy.faults = [{ matches: isCompletion, times: 1, kind: { loseAnswer: true } }];
      await write(path);
      expect((await readAll(await storage.open(path))).equals(BYTES)).toBe(true);
    });

    it.each<[string, Fault['kind']]>([
      ['429', { answer: 429 }],
      ['503', { answer: 503 }],
      ['a connection that breaks', { cutAnswerAt: 2 * MIB }],
    ])('a download meets %s: it goes on', async (_what, fault) => {
      const path = newPath();
      await write(path);
      proxy.faults = [{ matches: isDownload, times: 2, kind: fault }];
      expect((await readAll(await storage.open(path))).equals(BYTES)).toBe(true);
      expect(proxy.faults[0]!.times).toBe(0);
    });

    it('a download that breaks goes on at the last byte', async () => {
      const path = newPath();
      await write(path);
      proxy.seen.length = 0;
      proxy.faults = [{ matches: isDownload, times: 1, kind: { cutAnswerAt: 2 * MIB } }];
      await readAll(await storage.open(path));
      const firsts = proxy.seen.map((line) => Number(/bytes=(\d+)-/.exec(line)?.[1])).filter((first) => first > 0);
      expect(Math.min(...firsts)).toBeGreaterThan(MIB);
      expect(Math.min(...firsts)).toBeLessThanOrEqual(2 * MIB);
    });

    it('an object that is replaced while it is read is an error', async () => {
      const path = newPath();
      await write(path);
      const source = await storage.open(path);
      await source.read();
      await storage.deleteFile(path, 'throw');
      await storage.writeSmall(path, 'another', 'the file');
      const rest = readAll(source);
      await expect(rest).rejects.toThrow(/was replaced while it was being read/);
    });

    async function fail(tool: 'asbackup' | 'asrestore', args: readonly string[], env = {}): Promise<string> {
      const child = spawn(process.execPath, [join(BIN, tool), ...args], {
        env: { ...store.env, ...env },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      expect(await new Promise((resolve) => child.once('close', resolve)), stderr).toBe(1);
      return stderr;
    }

    const removal = (root: string): string[] => ['--remove-artifacts', '-d', `${root}/dir`];

    it('an endpoint where nobody listens: one line names it and the option', async () => {
      const stderr = await fail('asbackup', [...removal(store.root), ...store.args('http://127.0.0.1:1')]);
      expect(stderr.match(/\[ERR\]/g), stderr).toHaveLength(1);
      expect(stderr).toMatch(/127\.0\.0\.1:1.* cannot be reached \(ECONNREFUSED\).*--(s3|gcp|azure)-endpoint/);
    });

    it('a bucket that is missing: one line names it', async () => {
      const stderr = await fail('asbackup', [...removal(`${store.root}-none`), ...store.args()]);
      expect(stderr.match(/\[ERR\]/g), stderr).toHaveLength(1);
      expect(stderr).toMatch(/there is no (bucket|container) \S+-none/);
    });

    it('an object that is missing is named', async () => {
      const stderr = await fail('asrestore', ['--validate', '-i', `${store.root}/none.asb`, ...store.args()]);
      expect(stderr).toMatch(/none\.asb: there is no such (object|blob)/);
    });

    // The fake of Google's store believes every key.
    const { wrongKey } = kind;
    if (wrongKey !== undefined) {
      it('a wrong key: one line names the options, and not the key', async () => {
        const { args, env, message } = wrongKey;
        const child = await fail('asbackup', [...removal(store.root), ...store.args(), ...args], env);
        expect(child.match(/\[ERR\]/g), child).toHaveLength(1);
        expect(child).toMatch(message);
        expect(child).not.toContain('d3Jvbmc');
      });
    }
  });
});
