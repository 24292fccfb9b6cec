/** Readiness that really asks: a directory, and the in-memory node. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServiceDocument } from '../../../src/service/document/schema/service-document.js';
import { createProbes } from '../../../src/service/http/probes.js';
import { createServices } from './fakes.js';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'service-probes-'));
  writeFileSync(join(dir, 'file'), '');
});

afterAll(() => {
  chmodSync(dir, 0o700);
  rmSync(dir, { recursive: true, force: true });
});

const probe = (document: ServiceDocument) => createProbes({ document }, createServices().log);

it('a storage that has a directory, or will make one, is ready', async () => {
  const { storage } = probe({
    storage: { s1: { 'local-storage': { path: dir } }, s2: { 'local-storage': { path: join(dir, 'none') } } },
  });
  await storage('s1');
  await storage('s2');
});

it('a storage below a file is not ready', async () => {
  const { storage } = probe({ storage: { s1: { 'local-storage': { path: join(dir, 'file', 'below') } } } });
  await expect(storage('s1')).rejects.toThrow();
});

it('a cluster that nobody listens for is not ready, and the reason names it', async () => {
  const { cluster } = probe({
    'aerospike-clusters': { c1: { 'seed-nodes': [{ 'host-name': '127.0.0.1', port: 1 }] } },
  });
  await expect(cluster('c1')).rejects.toThrow(/127\.0\.0\.1:1/);
});

it('what was removed meanwhile is not asked', async () => {
  const { storage, cluster } = probe({});
  await storage('s1');
  await cluster('c1');
});
