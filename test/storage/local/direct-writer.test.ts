import type { FileHandle } from 'node:fs/promises';
import { mkdtemp, open, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DirectFile, type FileSystem, nodeFileSystem } from '../../../src/storage/local/file-system.js';
import { LocalStorage } from '../../../src/storage/local/storage.js';
import { CrashFileSystem } from '../../support/crash-fs.js';

const MIB = 1024 * 1024;
/** From here on. */
const DIRECT_FROM = 4 * MIB;
const ALIGNMENT = 4096;

/** Bytes that differ from place to place. */
const CONTENTS = Buffer.allocUnsafe(12 * MIB);
for (let at = 0; at < CONTENTS.length; at += 4) CONTENTS.writeUInt32LE((Math.imul(at, 2654435761) ^ at) >>> 0, at);

describe('a large local file', () => {
  let folder: string;
  let path: string;
  /** The blocks that went past the page cache: start and length. */
  let blocks: [number, number][];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'direct-'));
    path = join(folder, 'test_00000.asb');
    blocks = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** With the rules of a disk, on any file system. `failure`: how the `after`-th write fails, and those behind it. */
  function createFileSystem(failure?: string, after = 0): FileSystem {
    let writes = 0;
    const openDirect = (handle: FileHandle): Promise<DirectFile> => {
      const write: DirectFile['write'] = async (buffer, offset, length, position) => {
        expect([buffer.byteOffset % ALIGNMENT, offset % ALIGNMENT, length % ALIGNMENT]).toEqual([0, 0, 0]);
        expect(position % ALIGNMENT).toBe(0);
        if (failure !== undefined && writes++ >= after) throw Object.assign(new Error(failure), { code: failure });
        blocks.push([position, length]);
        return handle.write(buffer, offset, length, position);
      };
      const readStats = (): { size: number; nlink: number } => ({ size: size(), nlink: 1 });
      return Promise.resolve({ write, readStats, close: () => Promise.resolve() });
    };
    return { ...nodeFileSystem, openDirect };
  }
  let size = (): number => Infinity;

  it('is the same past the page cache, however it is cut and where it is made durable', async () => {
    const pieces = fc.array(fc.record({ bytes: fc.nat(700_000), isSynced: fc.boolean() }), { minLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.nat(2 * ALIGNMENT), pieces, async (extra, cuts) => {
        blocks = [];
        const storage = new LocalStorage({}, undefined, createFileSystem());
        const sink = await storage.create(path);
        await sink.write(CONTENTS.subarray(0, DIRECT_FROM + extra));
        let end = DIRECT_FROM + extra;
        for (const { bytes, isSynced } of cuts) {
          const start = end;
          end = Math.min(CONTENTS.length, start + bytes);
          // The memory is the caller's again.
          const chunk = Buffer.from(CONTENTS.subarray(start, end));
          await sink.write(chunk);
          chunk.fill(0);
          if (!isSynced) continue;
          expect(await sink.sync()).toBe(end);
          expect((await readFile(path)).equals(CONTENTS.subarray(0, end))).toBe(true);
        }
        await sink.close();
        expect((await readFile(path)).equals(CONTENTS.subarray(0, end))).toBe(true);
        expect(blocks.length > 0).toBe(end - (DIRECT_FROM + extra - (extra % ALIGNMENT)) >= MIB);
        await rm(path);
      }),
      { numRuns: 15 },
    );
  });

  it('goes on where it was interrupted', async () => {
    const at = DIRECT_FROM + 12_345;
    const storage = new LocalStorage({}, undefined, createFileSystem());
    const first = await storage.create(path);
    await first.write(CONTENTS.subarray(0, at + 2 * MIB));
    await first.sync();
    await first.abort();
    const second = await storage.resume(path, { bytes: at });
    for (let start = at; start < CONTENTS.length; start += 100_000)
      await second.write(CONTENTS.subarray(start, start + 100_000));
    await second.close();
    expect((await readFile(path)).equals(CONTENTS)).toBe(true);
    expect(blocks.length).toBeGreaterThan(0);
  });

  it('is written as ever if the file system refuses the blocks', async () => {
    const sink = await new LocalStorage({}, undefined, createFileSystem('EINVAL', 2)).create(path);
    for (let start = 0; start < CONTENTS.length; start += MIB) await sink.write(CONTENTS.subarray(start, start + MIB));
    await sink.close();
    expect((await readFile(path)).equals(CONTENTS)).toBe(true);
    expect(blocks).toHaveLength(2);
  });

  it.each(['ENOSPC', 'EIO'])('is not complete if a block fails with %s, and stays so', async (code) => {
    const sink = await new LocalStorage({}, undefined, createFileSystem(code, 1)).create(path);
    await sink.write(CONTENTS.subarray(0, DIRECT_FROM));
    await sink.write(CONTENTS.subarray(DIRECT_FROM, DIRECT_FROM + 2 * MIB)).catch(() => undefined);
    await expect(sink.sync()).rejects.toMatchObject({ code: `IO_${code}` });
    await expect(sink.write(CONTENTS.subarray(0, 2 * MIB))).rejects.toMatchObject({ code: `IO_${code}` });
    await expect(sink.close()).rejects.toMatchObject({ code: `IO_${code}` });
    await sink.abort();
  });

  it('shares no buffer with another one, also if its end has failed after everything was written', async () => {
    const files = createFileSystem();
    const failing: FileSystem = {
      ...files,
      open: async (...call) => {
        const handle = await files.open(...call);
        // The identity is the last thing that is read; the check before each write asks for no bigint.
        const stat = handle.stat.bind(handle) as (...options: unknown[]) => Promise<never>;
        handle.stat = ((...options: unknown[]) =>
          options.length > 0 ? Promise.reject(new Error('stat failed')) : stat()) as typeof handle.stat;
        return handle;
      },
    };
    const failed = await new LocalStorage({}, undefined, failing).create(path);
    await failed.write(CONTENTS.subarray(0, DIRECT_FROM + MIB));
    await failed.write(CONTENTS.subarray(0, MIB));
    await expect(failed.close()).rejects.toThrow('stat failed');
    await failed.abort();
    const storage = new LocalStorage({}, undefined, files);
    const sinks = await Promise.all(['a', 'b', 'c'].map((name) => storage.create(join(folder, name))));
    for (let start = 0; start < CONTENTS.length; start += MIB) {
      for (const [i, sink] of sinks.entries()) {
        const chunk = Buffer.from(CONTENTS.subarray(start, start + MIB));
        chunk[0] = i;
        await sink.write(chunk);
      }
    }
    for (const [i, sink] of sinks.entries()) {
      await sink.close();
      const written = await readFile(sink.name);
      for (let start = 0; start < CONTENTS.length; start += MIB) {
        expect(written[start]).toBe(i);
        expect(written.subarray(start + 1, start + MIB).equals(CONTENTS.subarray(start + 1, start + MIB))).toBe(true);
      }
    }
  });

  it('is not filled with zeros when another program cuts it', async () => {
    const sink = await new LocalStorage({}, undefined, createFileSystem()).create(path);
    await sink.write(CONTENTS.subarray(0, DIRECT_FROM));
    await sink.write(CONTENTS.subarray(DIRECT_FROM, DIRECT_FROM + 1));
    await truncate(path, 5);
    size = () => 5;
    await expect(sink.write(Buffer.alloc(1))).rejects.toMatchObject({ code: 'IO_CHANGED' });
    await sink.abort();
  });

  it('goes by way of the page cache if the setting says so', async () => {
    const sink = await new LocalStorage({ directWrites: false }, undefined, createFileSystem()).create(path);
    await sink.write(CONTENTS);
    await sink.write(CONTENTS);
    await sink.close();
    expect(blocks).toEqual([]);
  });

  it('holds what was made durable after a power cut, whatever else it holds', async () => {
    const disk = new CrashFileSystem();
    const sink = await new LocalStorage({}, undefined, disk.fileSystem).create('/backup/a.asb');
    await sink.write(CONTENTS.subarray(0, DIRECT_FROM + 10));
    await sink.write(CONTENTS.subarray(DIRECT_FROM + 10, DIRECT_FROM + 2 * MIB));
    const durable = await sink.sync();
    const changes = disk.changes.length;
    await sink.write(CONTENTS.subarray(durable, durable + 3 * MIB));
    await sink.close();
    for (let cut = changes; cut <= disk.changes.length; cut++) {
      for (const random of [0, 0.3, 0.7, 0.99]) {
        const found = disk.cutAfter(cut, () => random).get('/backup/a.asb')!;
        expect(found.subarray(0, durable).equals(CONTENTS.subarray(0, durable))).toBe(true);
      }
    }
    expect(
      disk
        .current()
        .get('/backup/a.asb')!
        .equals(CONTENTS.subarray(0, durable + 3 * MIB)),
    ).toBe(true);
  });
});

describe('writes past the page cache', () => {
  it('reach the file that is open where the file system is one of those chosen', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'direct-'));
    const handle = await open(join(folder, 'a'), 'wx');
    try {
      const direct = await nodeFileSystem.openDirect!(handle);
      const { type } = await nodeFileSystem.statfs(folder);
      expect(direct !== undefined).toBe([0xef53, 0x58465342].includes(type));
      expect(direct?.readStats() ?? { size: 0, nlink: 1 }).toMatchObject({ size: 0, nlink: 1 });
      await direct?.close();
    } finally {
      await handle.close();
      await rm(folder, { recursive: true });
    }
  });
});
