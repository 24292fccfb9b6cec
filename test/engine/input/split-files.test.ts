import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadWasmModule } from '../../../src/asb/wasm-module.js';
import { Codecs } from '../../../src/codecs/codecs.js';
import type { FileJob } from '../../../src/engine/input/input.js';
import { SplitFiles } from '../../../src/engine/input/split-files.js';
import { StorageRegistry } from '../../../src/storage/registry.js';
import { HEAD, records } from '../../support/restore.js';

const directory = mkdtempSync(join(tmpdir(), 'asbackup-split-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('the parts of a file name the version of the file in which they were found', async () => {
  const path = join(directory, 'one.asb');
  writeFileSync(path, HEAD + records(600, 'k', { bins: [`S v 2500 ${'x'.repeat(2500)}`] }));
  const storages = new StorageRegistry();
  const { sizeBytes, version } = await (await storages.forPath(path)).stat(path);
  const sizes = { bytesPerWorker: 64 << 10, rangeBytes: 16 << 10 };
  const options = { codecs: await Codecs.open({}), storages, module: loadWasmModule('restore')!, namespace: undefined };
  const job = { path, sizeBytes, metadataDone: 0 } as FileJob;
  const versions: (string | undefined)[] = [];
  for await (const { range } of new SplitFiles([job], { ...options, sizes }, () => undefined).supplyJobs()) {
    versions.push(range?.version);
  }
  expect(versions.length).toBeGreaterThan(1);
  expect(new Set(versions)).toEqual(new Set([version]));
});
