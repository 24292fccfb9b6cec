import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageRegistry } from '../../../src/storage/registry.js';
import type { Storage } from '../../../src/storage/storage.js';

const SIZE = 3_000_000;

const directory = mkdtempSync(join(tmpdir(), 'asbackup-reader-'));
let storage: Storage;
let count = 0;

beforeAll(async () => {
  storage = await new StorageRegistry().forPath(directory);
});
afterAll(() => rmSync(directory, { recursive: true }));

function writeFile(fill: number): string {
  const path = join(directory, `file${count++}`);
  writeFileSync(path, Buffer.alloc(SIZE, fill));
  return path;
}

describe('a part of a local file', () => {
  it('has the bytes from its start to before its end', async () => {
    const path = writeFile(1);
    appendFileSync(path, 'the end');
    const { version } = await storage.stat(path);
    const read = async (start: number, end: number): Promise<number> => {
      const source = await storage.open(path, { range: { start, end, version: version! } });
      let bytes = 0;
      for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) bytes += chunk.length;
      await source.close();
      return bytes;
    };
    expect([await read(0, 10), await read(10, 2_000_000), await read(SIZE, Infinity)]).toEqual([10, 1_999_990, 7]);
  });

  it.each([
    ['replaced', (path: string) => renameSync(writeFile(2), path)],
    ['cut', (path: string) => truncateSync(path, SIZE - 1)],
    ['continued', (path: string) => appendFileSync(path, 'more')],
  ])('of a file that was %s since its parts were found, is refused', async (_what, change) => {
    const path = writeFile(1);
    const { version } = await storage.stat(path);
    change(path);
    const opening = storage.open(path, { range: { start: 0, end: 10, version: version! } });
    await expect(opening).rejects.toThrow(`Cannot read ${path}: it was changed or replaced while it was read`);
  });

  it('that is cut while it is read, ends with an error and not early', async () => {
    const path = writeFile(1);
    const source = await storage.open(path, { range: { start: 0, end: SIZE } });
    await source.read();
    truncateSync(path, 1_200_000);
    const readRest = async (): Promise<void> => {
      while ((await source.read()) !== undefined);
    };
    await expect(readRest()).rejects.toMatchObject({ code: 'IO_CHANGED' });
    await source.close();
  });
});
