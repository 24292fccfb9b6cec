import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalStorage } from '../../../src/storage/local/storage.js';
import { describeStorage } from '../conformance.js';

describeStorage('the local file system', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'storage-'));
  return {
    open: () => new LocalStorage(),
    directory,
    minDurableBytes: 1,
    overwrite: (path, bytes) => writeFile(path, bytes),
    close: () => rm(directory, { recursive: true }),
  };
});
